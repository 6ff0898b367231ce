"""The event bus over a real log: replay, then live, with nothing lost in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from selfd_daemon.bus import PAGE, RING, EventBus
from selfd_storage import EventRecord, NewMemory, Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bus(store: Store, anyio_backend: str) -> AsyncIterator[EventBus]:
    bus = EventBus(store)
    await bus.start()
    yield bus
    bus.close()


async def _append(store: Store, count: int, kind: str = "daemon.started") -> None:
    for number in range(count):
        await store.events.append(kind, None, {"number": number})


async def _take(events: AsyncIterator[EventRecord], count: int) -> list[EventRecord]:
    async with asyncio.timeout(20):
        return [await anext(events) for _ in range(count)]


async def test_a_stream_from_now_on_begins_at_the_call_not_at_the_first_read(
    store: Store, bus: EventBus
) -> None:
    await _append(store, 1)
    events = bus.stream()
    await _append(store, 2)
    got = await _take(events, 2)
    assert [event.payload["number"] for event in got] == [0, 1]
    assert got[0].sequence == bus.latest - 1


async def test_what_was_missed_is_replayed_and_goes_over_into_what_happens(
    store: Store, bus: EventBus
) -> None:
    await _append(store, 3)
    events = bus.stream(after=1)
    assert [event.sequence for event in await _take(events, 2)] == [2, 3]
    await _append(store, 2)
    assert [event.sequence for event in await _take(events, 2)] == [4, 5]


async def test_a_new_bus_replays_what_an_older_one_published(store: Store, bus: EventBus) -> None:
    await _append(store, PAGE + 5)
    later = EventBus(store)
    await later.start()
    got = await _take(later.stream(after=0), PAGE + 5)
    assert [event.sequence for event in got] == list(range(1, PAGE + 6))


async def test_what_is_committed_while_the_bus_starts_is_not_lost(store: Store) -> None:
    await _append(store, 3)
    bus = EventBus(store)
    writing = asyncio.create_task(_append(store, 50))
    await bus.start()
    await writing
    for after in (0, 2, 10, 30):
        got = await _take(bus.stream(after=after), 53 - after)
        assert [event.sequence for event in got] == list(range(after + 1, 54))


async def test_only_the_wanted_kinds_come(store: Store, bus: EventBus) -> None:
    live = bus.stream(kinds=["memory.added"])
    await _append(store, 5)
    memory = await store.memories.add(NewMemory("the spare key is under the pot"))
    assert [event.subject for event in await _take(live, 1)] == [memory.id]
    replay = bus.stream(kinds=["memory.added"], after=0)
    assert [event.subject for event in await _take(replay, 1)] == [memory.id]


@pytest.mark.parametrize("after", [10**9, -5])
async def test_a_number_that_never_was_loses_nothing_new(
    store: Store, bus: EventBus, after: int
) -> None:
    """A client may come with a number from before an older backup was restored."""
    events = bus.stream(after=after)
    await _append(store, 1)
    assert [event.sequence for event in await _take(events, 1)] == [1]


async def test_a_reader_that_falls_out_of_the_ring_still_gets_everything(
    store: Store, bus: EventBus
) -> None:
    slow = bus.stream(after=0)
    await _append(store, 1)
    first = await _take(slow, 1)
    await _append(store, RING + PAGE + 10)
    rest = await _take(slow, RING + PAGE + 10)
    assert [event.sequence for event in first + rest] == list(range(1, RING + PAGE + 12))
    await _append(store, 1)
    assert [event.sequence for event in await _take(slow, 1)] == [RING + PAGE + 12]


async def test_a_slow_reader_of_a_rare_kind_is_not_held_up_by_the_others(
    store: Store, bus: EventBus
) -> None:
    slow = bus.stream(kinds=["feedback.given"])
    await _append(store, RING + 10)
    await store.events.append("feedback.given", "answer:1", {})
    assert [event.subject for event in await _take(slow, 1)] == ["answer:1"]


async def test_a_hundred_readers_each_get_every_event(store: Store, bus: EventBus) -> None:
    async def read(events: AsyncIterator[EventRecord]) -> list[int]:
        return [event.sequence for event in await _take(events, 50)]

    readers = [asyncio.create_task(read(bus.stream())) for _ in range(100)]
    await _append(store, 50)
    assert await asyncio.gather(*readers) == [list(range(1, 51))] * 100


async def test_closing_the_bus_ends_the_streams_after_what_there_is(
    store: Store, bus: EventBus
) -> None:
    behind = bus.stream(after=0)
    waiting = asyncio.create_task(anext(bus.stream(), None))
    await _append(store, 2)
    bus.close()
    assert [event.sequence async for event in behind] == [1, 2]
    first = await waiting
    assert first is None or first.sequence == 1
