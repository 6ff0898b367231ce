"""Turns are kept whole, with what they rely on; what is forgotten is forgotten there too."""

from __future__ import annotations

import pytest

from selfd_storage import (
    CitationRecord,
    InvalidInputError,
    NewAnswer,
    NewMemory,
    NotFoundError,
    Store,
)
from selfd_storage.talking.conversations import TITLE_LENGTH, title_of
from support.storage import Clock, scrubbed

pytestmark = pytest.mark.anyio


def answer(question: str = "Where?", text: str = "There.", *cited: tuple[str, str]) -> NewAnswer:
    citations = tuple(CitationRecord(id, quote, 0.5) for id, quote in cited)
    return NewAnswer(question, text, 0.75, False, citations, "builtin", "fact", 0.01)


async def test_a_turn_comes_back_whole(store: Store, clock: Clock) -> None:
    given = await store.conversations.record_turn(
        None, answer("Where is it?", "Here.", ("memory:1", "Here."), ("chunk:2", "re"))
    )
    assert (given.question, given.text, given.created_at) == ("Where is it?", "Here.", clock())
    assert given.citations == (
        CitationRecord("memory:1", "Here.", 0.5), CitationRecord("chunk:2", "re", 0.5)
    )  # fmt: skip
    assert await store.conversations.answers(["answer:9", given.id]) == [None, given]
    conversation = await store.conversations.get(given.conversation_id)
    assert conversation is not None
    assert (conversation.title, conversation.created_at) == ("Where is it?", clock())


async def test_a_conversation_goes_on(store: Store, clock: Clock) -> None:
    first = await store.conversations.record_turn(None, answer("One?", "1."))
    clock.advance(minutes=1)
    second = await store.conversations.record_turn(first.conversation_id, answer("Two?", "2."))
    messages = await store.conversations.messages(first.conversation_id)
    assert [(each.role, each.text, each.answer) for each in messages] == [
        ("user", "One?", None), ("assistant", "1.", first),
        ("user", "Two?", None), ("assistant", "2.", second),
    ]  # fmt: skip
    assert (await store.conversations.page()).total == 1


async def test_a_turn_in_no_conversation_is_refused(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no conversation with id 'conversation:4'"):
        await store.conversations.record_turn("conversation:4", answer())
    assert await store.conversations.get("conversation:4") is None
    assert await store.conversations.messages("conversation:4") == []


async def test_a_turn_that_cites_nothing_real_is_refused_as_a_whole(store: Store) -> None:
    with pytest.raises(InvalidInputError, match="names no item: 'nonsense'"):
        await store.conversations.record_turn(None, answer("?", "!", ("nonsense", "q")))
    assert (await store.conversations.page()).total == 0


async def test_conversations_are_paged_newest_first(store: Store, clock: Clock) -> None:
    for number in range(5):
        clock.advance(minutes=1)
        await store.conversations.record_turn(None, answer(f"Question {number}?"))
    page = await store.conversations.page(first=3)
    assert [each.title for each in page.items] == ["Question 4?", "Question 3?", "Question 2?"]
    rest = await store.conversations.page(first=3, after=page.cursors[-1])
    assert [each.title for each in rest.items] == ["Question 1?", "Question 0?"]
    assert (page.total, page.has_next, rest.has_next) == (5, True, False)


@pytest.mark.parametrize(
    ("question", "title"),
    [("Short?", "Short?"), ("two\n  lines?", "two lines?"), ("word " * 40, "word " * 15 + "word…"),
     ("x" * 200, "x" * (TITLE_LENGTH - 1) + "…")],
)  # fmt: skip
def test_a_title_is_the_question_cut_at_a_word(question: str, title: str) -> None:
    assert title_of(question) == title
    assert len(title) <= TITLE_LENGTH


async def test_what_is_forgotten_goes_from_the_answers_that_quoted_it(store: Store) -> None:
    memory = await store.memories.add(NewMemory("The key is under the xylophone."))
    quote = "The key is under the xylophone."
    told = answer("Where?", f"You said: {quote} Good luck.", (memory.id, quote))
    given = await store.conversations.record_turn(None, told)
    await store.memories.forget(memory.id)
    (now,) = await store.conversations.answers([given.id])
    assert now is not None
    assert now.text == "You said: [forgotten] Good luck."
    assert now.citations == (CitationRecord(memory.id, "[forgotten]", 0.5),)
    assert await store.verify() == []
    await scrubbed(store)
    for path in store.folder.glob("selfd.db*"):
        assert b"xylophone" not in path.read_bytes(), path


async def test_an_answer_that_says_it_in_other_words_goes_whole(store: Store) -> None:
    key, tea = await store.memories.add_many(
        [NewMemory("The key is under the xylophone."), NewMemory("Tea is in the tin.")]
    )
    told = answer(
        "Where?", "A xylophone hides the key. [1]", (key.id, key.text), (tea.id, tea.text)
    )
    given = await store.conversations.record_turn(None, told)
    await store.memories.forget(key.id)
    (now,) = await store.conversations.answers([given.id])
    assert now is not None
    assert (now.text, now.citations[1].quote) == ("[forgotten]", tea.text)
    await store.memories.forget(tea.id)
    (now,) = await store.conversations.answers([given.id])
    assert now is not None
    assert [each.quote for each in now.citations] == ["[forgotten]", "[forgotten]"]


async def test_feedback_is_kept_and_checked(store: Store) -> None:
    given = await store.conversations.record_turn(None, answer())
    assert await store.conversations.add_feedback(given.id, rating=-1, correction="Elsewhere.")
    assert not await store.conversations.add_feedback("answer:9", rating=1)
    with pytest.raises(InvalidInputError, match="a rating is -1, 0 or 1, got 2"):
        await store.conversations.add_feedback(given.id, rating=2)
    rows = await store.database.read(
        lambda db: db.execute("SELECT answer_id, rating, correction FROM feedback").fetchall()
    )
    assert rows == [(1, -1, "Elsewhere.")]
    last = (await store.events.page(0))[-1]
    assert (last.kind, last.subject, last.payload) == ("feedback.given", given.id, {"rating": -1})


async def test_a_turn_can_be_asked_anew_and_what_followed_goes(store: Store) -> None:
    first = await store.conversations.record_turn(None, answer("One?", "1."))
    for text in ("Two?", "Three?"):
        last = await store.conversations.record_turn(first.conversation_id, answer(text))
        await store.conversations.add_feedback(last.id, rating=1)
    said = await store.conversations.messages(first.conversation_id)
    second = said[3].answer
    assert second is not None
    anew = await store.conversations.record_turn(
        first.conversation_id, answer("Two, really?", "2."), instead_of=second.id
    )
    said = await store.conversations.messages(first.conversation_id)
    assert [each.text for each in said] == ["One?", "1.", "Two, really?", "2."]
    assert await store.conversations.answers([second.id, anew.id]) == [None, anew]
    assert await store.judgements.feedback() == []


async def test_an_answer_of_another_conversation_is_not_replaced(store: Store) -> None:
    other = await store.conversations.record_turn(None, answer("One?"))
    here = await store.conversations.record_turn(None, answer("Two?"))
    with pytest.raises(NotFoundError, match="no answer with id 'answer:1'"):
        await store.conversations.record_turn(
            here.conversation_id, answer("Three?"), instead_of=other.id
        )
    assert len(await store.conversations.messages(here.conversation_id)) == 2


async def test_a_conversation_is_renamed_and_removed_whole(store: Store) -> None:
    given = await store.conversations.record_turn(None, answer("One?", "1.", ("memory:1", "1")))
    renamed = await store.conversations.rename(given.conversation_id, " The \n first ")
    assert renamed.title == "The first"
    assert await store.conversations.get(given.conversation_id) == renamed
    with pytest.raises(NotFoundError, match="conversation:9"):
        await store.conversations.rename("conversation:9", "x")
    with pytest.raises(InvalidInputError, match="the title is empty"):
        await store.conversations.rename(given.conversation_id, "  ")
    assert await store.conversations.remove(given.conversation_id)
    assert not await store.conversations.remove(given.conversation_id)
    assert await store.conversations.get(given.conversation_id) is None
    assert await store.conversations.answers([given.id]) == [None]


async def test_messages_are_found_by_all_their_words_newest_first(store: Store) -> None:
    for question, text in (("Where is the key?", "Under the pot."), ("Whose pot?", "Ada's keys.")):
        await store.conversations.record_turn(None, answer(question, text))
    found = await store.conversations.search("the pots")
    assert [(each.message.role, each.message.text) for each in found] == [
        ("user", "Whose pot?"), ("assistant", "Under the pot."),
    ]  # fmt: skip
    assert found[0].conversation.title == "Whose pot?"
    assert await store.conversations.search("pot key") == []
    assert len(await store.conversations.search("pot", first=1)) == 1
    assert await store.conversations.search("...") == []


async def test_an_outcome_is_kept_beside_the_confidence_that_predicted_it(store: Store) -> None:
    signals = {"told.coverage": 0.5, "told.bias": 1.0}
    new = NewAnswer("Q?", "A.", 0.75, False, (), "builtin", "memory", 0.01, signals)
    given = await store.conversations.record_turn(None, new)
    assert (given.signals, given.outcome, given.judge) == (signals, None, None)
    assert await store.judgements.judge(given.id, 0.5, by="verification")
    assert not await store.judgements.judge("answer:9", 1.0, by="verification")
    with pytest.raises(InvalidInputError, match="between 0 and 1, got 2"):
        await store.judgements.judge(given.id, 2, by="verification")
    (judged,) = await store.judgements.judged()
    assert (judged.outcome, judged.judge) == (0.5, "verification")


async def test_nobody_overrules_the_owner_about_an_answer(store: Store) -> None:
    given = await store.conversations.record_turn(None, answer())
    await store.conversations.add_feedback(
        given.id, rating=-1, correction="No.", memory_id="memory:7"
    )
    assert not await store.judgements.judge(given.id, 1.0, by="verification")
    await store.conversations.add_feedback(given.id, rating=0)
    (judged,) = await store.judgements.judged()
    assert (judged.outcome, judged.judge) == (0.0, "feedback")
    first, second = await store.judgements.feedback()
    assert (first.question, first.answer, first.correction, first.memory_id) == (
        "Where?", "There.", "No.", "memory:7",
    )  # fmt: skip
    assert await store.judgements.feedback(after=first.id) == [second]
