"""A question of what holds is answered by what holds, and told what held before."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.specialists.changed import Changed
from selfd_daemon.facts.service import FactService
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import NewMemory, Store
from selfd_storage.times import utc_now
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

OLD, NEW = "Maya lives in Oslo.", "Maya resides in Porto now."


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as opened:
        yield opened


def answering(store: Store, facts: FactService) -> AnsweringService:
    settings = AnsweringSettings()
    changed = Changed(store, facts, now=utc_now, threshold=settings.threshold)
    return AnsweringService(store, settings, monotonic=time.monotonic, first=[changed])


async def asked(store: Store, text: str) -> str:
    facts = FactService(store)
    await facts.catch_up()
    return (await answering(store, facts).ask(Question(text))).text


async def tell(store: Store, *texts: str) -> None:
    for month, text in enumerate(texts, 1):
        await store.memories.add(NewMemory(text, at=datetime(2026, month, 1, tzinfo=UTC)))


async def test_what_holds_now_comes_before_what_held(store: Store) -> None:
    await tell(store, OLD, NEW)
    assert await asked(store, "Where does Maya live?") == f"{NEW} [1]\nBefore that: {OLD} [2]"


async def test_the_owner_is_meant_by_i(store: Store) -> None:
    await tell(store, "I live in Oslo.", "I moved to Porto, it rains less.")
    answer = await asked(store, "Where do I live?")
    assert answer.startswith("I moved to Porto, it rains less. [1]\nBefore that: I live in Oslo.")


@pytest.mark.parametrize("question", ["Where did Maya live before?", "Where was Maya living?"])
async def test_the_past_is_answered_by_the_past(store: Store, question: str) -> None:
    await tell(store, OLD, NEW)
    assert "Before that" not in await asked(store, question)


async def test_without_a_change_the_answer_is_a_quote(store: Store) -> None:
    await tell(store, OLD, "Maya likes tea.")
    assert await asked(store, "Where does Maya live?") == f"{OLD} [1]"


async def test_forgetting_the_change_makes_the_former_hold_again(store: Store) -> None:
    await tell(store, OLD, NEW)
    assert "Porto" in await asked(store, "Where does Maya live?")
    await store.memories.forget("memory:2")
    assert await asked(store, "Where does Maya live?") == f"{OLD} [1]"


async def test_an_answer_that_was_kept_is_not_given_again_once_it_is_over(store: Store) -> None:
    await tell(store, OLD)
    facts = FactService(store)
    await facts.catch_up()
    service = answering(store, facts)
    first = await service.ask(Question("Where does Maya live?"))
    await store.memories.add(NewMemory(NEW))
    await facts.catch_up()
    second = await service.ask(Question("Where does Maya live?"))
    assert (first.text, second.text) == (f"{OLD} [1]", f"{NEW} [1]\nBefore that: {OLD} [2]")
