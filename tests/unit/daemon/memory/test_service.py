"""The memory service over a real store: what it refuses, what it passes on, what it pushes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from selfd_daemon.bus import EventBus
from selfd_daemon.memory import MemoryService
from selfd_daemon.settings import MemorySettings
from selfd_graphql.errors import ServiceError
from selfd_storage import NewAnswer, NewMemory, NotFoundError, Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bus(store: Store, anyio_backend: str) -> AsyncIterator[EventBus]:
    bus = EventBus(store)
    await bus.start()
    yield bus
    bus.close()


@pytest.fixture
def memories(store: Store, bus: EventBus) -> MemoryService:
    return MemoryService(store, bus, MemorySettings(max_text_bytes=100, max_batch=3))


async def test_a_memory_is_kept_as_it_was_told(memories: MemoryService, store: Store) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    told = NewMemory(
        "  Zoë likes\nblue 🫖 ", kind="PREFERENCE", tags=("tea",), source="chat", at=at
    )
    kept = await memories.remember(told)
    assert (kept.text, kept.kind, kept.tags) == ("  Zoë likes\nblue 🫖 ", "PREFERENCE", ("tea",))
    assert (kept.source, kept.created_at) == ("chat", at)
    assert await store.memories.get([kept.id]) == [kept]


@pytest.mark.parametrize(
    ("memory", "code", "words"),
    [
        (NewMemory(""), "INVALID_INPUT", "the text is empty"),
        (NewMemory(" \n\t\u2003"), "INVALID_INPUT", "the text is empty"),
        (NewMemory("é" * 51), "TOO_LARGE", "the text has 102 bytes, at most 100"),
        (NewMemory("a\0b"), "INVALID_INPUT", "the text holds a NUL"),
        (NewMemory("ab\ud800"), "INVALID_INPUT", r"lone surrogate\) at 2"),
        (NewMemory("a", tags=("",)), "INVALID_INPUT", "a tag is empty"),
        (NewMemory("a", tags=("x" * 300,)), "TOO_LARGE", "has 300 bytes, at most 256"),
        (NewMemory("a", tags=tuple(map(str, range(65)))), "TOO_LARGE", "at most 64 tags, got 65"),
        (NewMemory("a", source="s" * 3000), "TOO_LARGE", "the source has 3000 bytes"),
        (NewMemory("a", at=datetime(2026, 1, 1)), "INVALID_INPUT", "the time needs an offset"),
    ],
)
async def test_what_cannot_be_remembered_is_refused_with_the_reason(
    memories: MemoryService, store: Store, memory: NewMemory, code: str, words: str
) -> None:
    with pytest.raises(ServiceError, match=words) as caught:
        await memories.remember(memory)
    assert caught.value.code == code
    assert await store.memories.count() == 0


async def test_one_bad_memory_refuses_the_batch_and_is_named(
    memories: MemoryService, store: Store
) -> None:
    with pytest.raises(ServiceError, match="memory 2: the text is empty"):
        await memories.remember_many([NewMemory("good"), NewMemory(" ")])
    with pytest.raises(ServiceError, match="at most 3 memories at a time, got 4"):
        await memories.remember_many([NewMemory(f"number {n}") for n in range(4)])
    assert await store.memories.count() == 0
    kept = await memories.remember_many([NewMemory(f"number {n}") for n in range(3)])
    assert [memory.text for memory in kept] == ["number 0", "number 1", "number 2"]


async def test_an_update_is_checked_like_a_memory(memories: MemoryService) -> None:
    kept = await memories.remember(NewMemory("the key is under the pot", tags=("key",)))
    changed = await memories.update(kept.id, text="the key hangs inside", tags=None)
    assert (changed.text, changed.tags) == ("the key hangs inside", ("key",))
    with pytest.raises(ServiceError, match="the text is empty"):
        await memories.update(kept.id, text=" ", tags=None)
    with pytest.raises(ServiceError, match="a tag is empty"):
        await memories.update(kept.id, text=None, tags=[""])
    with pytest.raises(NotFoundError, match="no memory with id 'memory:999'"):
        await memories.update("memory:999", text="new", tags=None)


async def test_every_change_is_pushed_and_forgotten_text_is_not(memories: MemoryService) -> None:
    changes = memories.changes()
    kept = await memories.remember(NewMemory("the spare key is under the pot"))
    await memories.update(kept.id, text=None, tags=["key"])
    async with asyncio.timeout(20):
        added, updated = await anext(changes), await anext(changes)
        assert await memories.forget(kept.id)
        forgotten = await anext(changes)
    assert [added.kind, updated.kind, forgotten.kind] == ["ADDED", "UPDATED", "FORGOTTEN"]
    assert updated.memory is not None
    assert updated.memory.tags == ("key",)
    assert (forgotten.id, forgotten.memory) == (kept.id, None)


async def test_surprise_is_measured_as_text_comes_in(store: Store, bus: EventBus) -> None:
    memories = MemoryService(store, bus, MemorySettings(), surprise=lambda text: len(text) / 8)
    assert (await memories.remember(NewMemory("four"))).surprise == pytest.approx(0.5)
    given = await memories.remember(NewMemory("given by the caller", surprise=3.0))
    assert given.surprise == pytest.approx(3.0)


async def test_what_selfd_itself_said_is_not_remembered(
    memories: MemoryService, store: Store
) -> None:
    text = "It is under the blue flower pot, as you told me in March."
    answer = NewAnswer("Where is the key?", text, 0.9, False, (), "builtin", "fact", 0.1)
    await store.conversations.record_turn(None, answer)
    with pytest.raises(ServiceError, match=r"what selfd said itself, see answer:1") as caught:
        await memories.remember(NewMemory(text))
    assert (caught.value.code, caught.value.facts) == ("OWN_WORDS", {"id": "answer:1"})
    with pytest.raises(ServiceError, match="memory 2: this is what selfd said itself"):
        await memories.remember_many([NewMemory("news"), NewMemory(text)])
    assert await store.memories.count() == 0
