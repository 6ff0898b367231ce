"""Surprise is filled in after a memory was told, and nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from selfd_daemon.background import in_background
from selfd_daemon.memory import Surprises
from selfd_daemon.memory.surprise import MEASURED_BYTES
from selfd_graphql.errors import ServiceError
from selfd_storage import NewMemory, Store

pytestmark = pytest.mark.anyio


class Scores:
    """Scores a text by its length, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def __call__(self, text: str) -> float:
        self.given.append(text)
        return len(text) / 8


def _surprises(store: Store, scores: Scores) -> Surprises:
    return Surprises(store, scores, quiet=0.0, rest=0.0)


async def _told(store: Store, *texts: str) -> list[str]:
    return [memory.id for memory in await store.memories.add_many([*map(NewMemory, texts)])]


async def _surprise(store: Store, id: str) -> float | None:
    (memory,) = await store.memories.get([id])
    assert memory is not None
    return memory.surprise


async def test_memories_from_before_and_after_are_measured(store: Store) -> None:
    (before,) = await _told(store, "four")
    scores = Scores()
    surprises = _surprises(store, scores)
    async with in_background(surprises.run(), "surprise"):
        (after,) = await _told(store, "and eight")
        async with asyncio.timeout(10):
            while await _surprise(store, after) is None:
                pass  # each look takes a turn on the store's thread
    assert await _surprise(store, before) == pytest.approx(0.5)
    assert await _surprise(store, after) == pytest.approx(9 / 8)


async def test_each_memory_is_measured_once(store: Store) -> None:
    await _told(store, *(f"number {number}" for number in range(40)))
    scores = Scores()
    surprises = _surprises(store, scores)
    await surprises.catch_up()
    await surprises.catch_up()
    await _surprises(store, scores).catch_up()
    assert scores.given == [f"number {number}" for number in range(40)]


async def test_what_a_caller_measured_is_kept(store: Store) -> None:
    given = await store.memories.add(NewMemory("given", surprise=3.0))
    scores = Scores()
    await _surprises(store, scores).catch_up()
    assert scores.given == []
    assert await _surprise(store, given.id) == pytest.approx(3.0)


async def test_only_the_start_of_a_long_memory_is_read(store: Store) -> None:
    await _told(store, "é" * MEASURED_BYTES)
    scores = Scores()
    await _surprises(store, scores).catch_up()
    assert scores.given == ["é" * (MEASURED_BYTES // 2)]


async def test_a_memory_forgotten_meanwhile_is_passed_over(store: Store) -> None:
    first, second = await _told(store, "first", "second")
    scores = Scores()

    class Forgetful(Scores):
        async def __call__(self, text: str) -> float:
            await store.memories.forget(second)
            return await scores(text)

    await _surprises(store, Forgetful()).catch_up()
    assert scores.given == ["first"]
    assert await _surprise(store, first) == pytest.approx(5 / 8)


async def test_without_a_model_it_ends(store: Store) -> None:
    await _told(store, "a text")

    async def refuse(text: str) -> float:
        raise ServiceError("MODEL_UNAVAILABLE", "no model")

    async with asyncio.timeout(10):
        await Surprises(store, refuse, quiet=0.0, rest=0.0).run()
