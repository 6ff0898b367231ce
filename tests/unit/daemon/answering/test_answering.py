"""Questions to a real store: quotes, sources, doubt, conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Finished, Question, TextPiece
from selfd_storage import (
    AnswerRecord,
    NewArticle,
    NewChunk,
    NewDocument,
    NewMemory,
    NotFoundError,
    PollOutcome,
    Store,
)

pytestmark = pytest.mark.anyio
AT = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)
TOLD = (
    "Ada keeps the spare key under the blue pot.",
    "The boiler was serviced by Mr. Okafor in June.",
    "Joe has three cats. They are called Pip, Squeak and Wilfred.",
    "Marta moved to Lisbon last spring. Her sister stayed in Porto.",
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    await opened.memories.add_many([NewMemory(text, at=AT) for text in TOLD])
    yield opened
    await opened.close()


@pytest.fixture
def answering(store: Store) -> AnsweringService:
    return AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)


async def assert_verbatim(store: Store, answer: AnswerRecord) -> None:
    for citation in answer.citations:
        [item] = await store.items([citation.item_id])
        assert item is not None
        assert citation.quote in item.text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Where is the spare key?", "under the blue pot"),
        ("Who serviced the boiler?", "Mr. Okafor"),
        ("How many cats does Joe have?", "three cats"),
        ("What are Joe's cats called?", "Pip, Squeak and Wilfred"),
    ],
)
async def test_the_answer_is_a_quote_with_its_source(
    store: Store, answering: AnsweringService, question: str, words: str
) -> None:
    answer = await answering.ask(Question(question))
    assert not answer.abstained
    assert words in answer.text
    assert answer.text.splitlines()[0].endswith("[1]")
    assert words in answer.citations[0].quote
    await assert_verbatim(store, answer)


@pytest.mark.parametrize(
    "question", ["What is the capital of Mongolia?", "Who painted the ceiling of the chapel?"]
)
async def test_what_nothing_supports_is_not_answered(
    store: Store, answering: AnsweringService, question: str
) -> None:
    answer = await answering.ask(Question(question))
    assert answer.abstained
    assert answer.confidence < AnsweringSettings().threshold
    await assert_verbatim(store, answer)


async def test_an_empty_store_says_that_it_knows_nothing(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "empty")
    answering = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
    answer = await answering.ask(Question("Where is the key?"))
    assert (answer.abstained, answer.confidence, answer.citations) == (True, 0.0, ())
    assert answer.text == "I know nothing about that."
    await store.close()


async def test_a_question_for_a_time_tells_when_it_was_told(answering: AnsweringService) -> None:
    answer = await answering.ask(Question("When did Marta move to Lisbon?"))
    assert "last spring." in answer.text
    assert "(told 7 May 2026) [1]" in answer.text


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Eva: I sold the boat yesterday!", "told 7 May 2026, of 6 May 2026"),
        ("Eva: I sold the boat last month.", "of 1 April 2026 to 30 April 2026"),
        ("Eva: I sold the boat two weeks ago.", "of 20 April 2026 to 26 April 2026"),
        ("Eva: I will have sold the boat by Friday.", "(told 7 May 2026)"),
    ],
)
async def test_yesterday_is_told_as_the_day_it_was(
    store: Store, answering: AnsweringService, said: str, meant: str
) -> None:
    await store.memories.add(NewMemory(said, at=AT, source="chat"))
    answer = await answering.ask(Question("When did Eva sell the boat?"))
    assert f"{said} (" in answer.text
    assert meant in answer.text


TALK = (
    "Eva: Which instrument do you play?",
    "Max: The cello, since I was nine.",
    "Max: I won the chess cup in Graz.",
    "Eva: Your cup looks splendid!",
    "Eva: I bake bread on Sundays.",
)


@pytest.fixture
async def dialogue(store: Store) -> None:
    """Let two people talk."""
    await store.memories.add_many([NewMemory(turn, at=AT, source="chat") for turn in TALK])


@pytest.mark.usefixtures("dialogue")
@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Which instrument does Max play?", TALK[1]),
        ("Where did Max win the chess cup?", TALK[2]),
        ("What does Eva bake on Sundays?", TALK[4]),
    ],
)
async def test_what_a_speaker_says_of_himself_answers(
    answering: AnsweringService, question: str, quote: str
) -> None:
    answer = await answering.ask(Question(question))
    assert not answer.abstained
    assert quote in [each.quote for each in answer.citations]


@pytest.mark.usefixtures("dialogue")
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Where did Max win the chess cup?", "Where did Eva win the chess cup?"),
        ("What does Eva bake on Sundays?", "What does Max bake on Sundays?"),
    ],
)
async def test_what_one_says_of_himself_is_no_answer_about_another(
    answering: AnsweringService, right: str, wrong: str
) -> None:
    sure, unsure = await answering.ask(Question(right)), await answering.ask(Question(wrong))
    assert unsure.abstained
    assert unsure.confidence < sure.confidence / 2
    assert unsure.text.startswith("I am not sure enough")


async def test_an_article_is_answered_with_its_source_and_date(
    store: Store, answering: AnsweringService
) -> None:
    feed = await store.feeds.add(url="https://example.org/feed", title="The Example")
    article = NewArticle(
        guid="1",
        title="Bridge opens",
        url="https://example.org/bridge",
        summary="",
        text="The new bridge over the Nidda opened to cyclists on Tuesday.",
        published_at=AT,
    )
    await store.feeds.record_poll(feed.id, PollOutcome(at=AT, next_poll_at=AT), [article])
    answer = await answering.ask(Question("When did the bridge over the Nidda open?"))
    assert "(The Example, 7 May 2026) [1]" in answer.text
    assert answer.citations[0].item_id.startswith("article:")
    await assert_verbatim(store, answer)


MAYORS = {
    "Who is the mayor of Larvik?": "Lee Wong",
    "Who was the mayor of Larvik in January 2026?": "Dana Fox",
}


@pytest.mark.parametrize(("question", "mayor"), MAYORS.items())
async def test_the_newer_of_two_articles_answers_unless_a_time_is_asked_for(
    store: Store, answering: AnsweringService, question: str, mayor: str
) -> None:
    feed = await store.feeds.add(url="https://example.org/feed", title="The Example")
    january = datetime(2026, 1, 12, tzinfo=UTC)
    for at, name in ((AT, "Lee Wong"), (january, "Dana Fox")):  # the older one comes in later
        text = f"The mayor of Larvik is {name}, who opened the new market hall."
        article = NewArticle(name, f"Market hall {at:%B}", None, "", text, at)
        await store.feeds.record_poll(feed.id, PollOutcome(at=AT, next_poll_at=AT), [article])
    answer = await answering.ask(Question(question))
    assert mayor in answer.citations[0].quote


async def test_scope_limits_where_answers_come_from(
    store: Store, answering: AnsweringService
) -> None:
    chunk = NewChunk("The spare key hangs in the shed.", 3, 3)
    await store.documents.put(
        NewDocument("/notes/keys.md", "text/markdown", 32, b"\1" * 16, AT, [chunk])
    )
    answer = await answering.ask(Question("Where is the spare key?", scope=["DOCUMENT"]))
    assert "in the shed" in answer.text


async def test_a_follow_up_is_understood_within_its_conversation(
    answering: AnsweringService,
) -> None:
    first = await answering.ask(Question("Where did Marta move?"))
    then = await answering.ask(Question("And her sister?", conversation_id=first.conversation_id))
    assert "Porto" in then.text
    said = await answering.messages(first.conversation_id)
    assert [(each.role, each.text) for each in said] == [
        ("user", "Where did Marta move?"),
        ("assistant", first.text),
        ("user", "And her sister?"),
        ("assistant", then.text),
    ]


@pytest.mark.parametrize("size", [1, 10, 40, 60, 100])
async def test_an_answer_keeps_to_the_bytes_it_may_have(
    store: Store, answering: AnsweringService, size: int
) -> None:
    for text in ("Where is the spare key?", "What is the capital of Mongolia?"):
        answer = await answering.ask(Question(text, max_bytes=size))
        assert len(answer.text.encode()) <= size
        await assert_verbatim(store, answer)


async def test_streamed_pieces_are_the_kept_answer(answering: AnsweringService) -> None:
    events = [each async for each in answering.generate(Question("Where is the spare key?"))]
    *pieces, end = events
    assert isinstance(end, Finished)
    assert end.answer is not None
    assert "".join(p.text for p in pieces if isinstance(p, TextPiece)) == end.answer.text


async def test_an_ended_stream_keeps_nothing(store: Store, answering: AnsweringService) -> None:
    stream = answering.generate(Question("Where is the spare key?"))
    assert isinstance(await anext(stream), TextPiece)
    await stream.aclose()
    page = await answering.conversations(first=5, after=None)
    assert page.total == 0


async def test_a_stream_that_is_cancelled_at_any_moment_keeps_nothing(
    store: Store, answering: AnsweringService
) -> None:
    long = " ".join(f"The spare key number {n} is in drawer {n}." for n in range(3000))
    await store.memories.add(NewMemory(long))
    for steps in range(12):
        stream = answering.generate(Question("Where is the spare key?"))
        first = asyncio.ensure_future(anext(stream))
        for _ in range(steps):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await stream.aclose()
    assert (await answering.conversations(first=5, after=None)).total == 0


async def test_the_threshold_decides_what_is_answered(store: Store) -> None:
    bold, shy = (
        AnsweringService(store, AnsweringSettings(threshold=t), monotonic=time.monotonic)
        for t in (0.0, 1.0)
    )
    question = Question("Where is the spare key?")
    assert not (await bold.ask(question)).abstained
    doubtful = await shy.ask(question)
    assert doubtful.abstained
    assert "under the blue pot" in doubtful.text


async def test_feedback_is_kept_and_checked(answering: AnsweringService) -> None:
    answer = await answering.ask(Question("Where is the spare key?"))
    assert await answering.give_feedback(answer.id, rating=1, correction=None)
    with pytest.raises(ServiceError, match="-1, 0 or 1, got 5"):
        await answering.give_feedback(answer.id, rating=5, correction=None)
    with pytest.raises(NotFoundError, match="answer:999"):
        await answering.give_feedback("answer:999", rating=1, correction=None)


@pytest.mark.parametrize(
    ("question", "error", "message"),
    [
        (Question("  "), ServiceError, "empty"),
        (Question("x" * 20_000), ServiceError, "may have 16384 bytes, got 20000"),
        (Question("Why?", max_bytes=0), ServiceError, "at least 1, got 0"),
        (Question("Why?", mind_id="mind:gone"), NotFoundError, "mind:gone"),
        (Question("Why?", conversation_id="conversation:99"), NotFoundError, "conversation:99"),
    ],
)
async def test_what_cannot_be_asked_is_told_in_words(
    answering: AnsweringService, question: Question, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await answering.ask(question)
