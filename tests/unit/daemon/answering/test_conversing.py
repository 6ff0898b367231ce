"""Conversations are edited, searched and written out; corrections are kept and remembered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Question
from selfd_storage import NewMemory, NotFoundError, Store

pytestmark = pytest.mark.anyio
AT = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path, now=lambda: AT)
    await opened.memories.add_many(
        [
            NewMemory("Marta moved to Lisbon last spring. Her sister stayed in Porto.", at=AT),
            NewMemory("Ada keeps the spare key under the blue pot.", at=AT),
        ]
    )
    yield opened
    await opened.close()


@pytest.fixture
def answering(store: Store) -> AnsweringService:
    return AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)


async def test_a_question_is_put_differently_and_what_followed_goes(
    answering: AnsweringService,
) -> None:
    first = await answering.ask(Question("Where did Marta move?"))
    id = first.conversation_id
    second = await answering.ask(Question("Who serviced the boiler?", conversation_id=id))
    await answering.ask(Question("And when?", conversation_id=id))
    instead = Question("And her sister?", conversation_id=id, instead_of=second.id)
    answer = await answering.ask(instead)
    assert "Porto" in answer.text
    said = await answering.messages(id)
    asked = [each.text for each in said if each.role == "user"]
    assert asked == ["Where did Marta move?", "And her sister?"]


async def test_only_an_answer_of_the_conversation_can_be_replaced(
    answering: AnsweringService,
) -> None:
    first = await answering.ask(Question("Where did Marta move?"))
    other = await answering.ask(Question("Where is the spare key?"))
    with pytest.raises(NotFoundError, match=other.id):
        await answering.ask(
            Question("?!", conversation_id=first.conversation_id, instead_of=other.id)
        )
    with pytest.raises(ServiceError, match="give conversationId"):
        await answering.ask(Question("Where?", instead_of=other.id))


async def test_a_correction_is_kept_for_training_and_remembered_if_confirmed(
    store: Store, answering: AnsweringService
) -> None:
    asked = Question("Where does Bob keep the ladder?")
    answer = await answering.ask(asked)
    assert "attic" not in answer.text
    await answering.give_feedback(answer.id, rating=-1, correction="In the attic.", remember=True)
    (kept,) = await store.judgements.feedback()
    assert (kept.question, kept.correction) == (asked.text, "In the attic.")
    assert kept.memory_id is not None
    (memory,) = await store.items([kept.memory_id])
    assert memory is not None
    assert memory.text == "Where does Bob keep the ladder? In the attic."
    assert "In the attic." in (await answering.ask(asked)).text
    (judged,) = await store.judgements.judged()
    assert (judged.id, judged.outcome, judged.judge) == (answer.id, 0.0, "feedback")
    assert judged.signals


async def test_a_correction_alone_is_no_memory(store: Store, answering: AnsweringService) -> None:
    answer = await answering.ask(Question("Where does Bob keep the ladder?"))
    await answering.give_feedback(answer.id, rating=-1, correction="In the attic.")
    assert await store.memories.count() == 2
    with pytest.raises(ServiceError, match="no correction to remember"):
        await answering.give_feedback(answer.id, rating=-1, correction=" ", remember=True)
    with pytest.raises(NotFoundError, match="answer:9"):
        await answering.give_feedback("answer:9", rating=1, correction="x", remember=True)
    assert await store.memories.count() == 2


async def test_a_conversation_is_written_out_as_markdown(answering: AnsweringService) -> None:
    answer = await answering.ask(Question("Where is the\nspare key?"))
    text = await answering.export_conversation(answer.conversation_id)
    assert text.startswith(
        "# Where is the spare key?\n\n2026-05-07 09:30 UTC\n\n**Where is the spare"
    )
    assert "> [1] Ada keeps the spare key under the blue pot. (memory:2)" in text
    assert f"*{answer.confidence:.0%} sure*" in text
    with pytest.raises(NotFoundError, match="conversation:9"):
        await answering.export_conversation("conversation:9")


async def test_conversations_are_searched_renamed_and_removed(answering: AnsweringService) -> None:
    answer = await answering.ask(Question("Where is the spare key?"))
    id = answer.conversation_id
    assert (await answering.rename_conversation(id, "Keys")).title == "Keys"
    found = await answering.search_conversations("blue pots", first=5)
    assert [each.conversation.title for each in found] == ["Keys"]
    assert await answering.remove_conversation(id)
    assert await answering.search_conversations("blue pots", first=5) == []
