"""Reflections over a real store: they quote, they cite, they are never told twice, they go."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_daemon.consolidation import ConsolidationService
from selfd_daemon.jobs import JobRunner
from selfd_storage import JobRecord, MemoryRecord, NewMemory, Store
from support.storage import ANY_ROOM, Clock

pytestmark = pytest.mark.anyio

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
TALK = [
    "Maya: Hi Tom! How are you?",
    "Tom: Good, thanks! I started building a greenhouse in the garden last week.",
    "Maya: A greenhouse sounds great. What will you grow?",
    "Tom: Tomatoes and chillies, the greenhouse gets sun all afternoon.",
    "Maya: My sister Ana grows chillies in Porto, she waters them with rain.",
    "Tom: Ana is clever, rain is better for chillies than hard water.",
    "Maya: I will ask Ana for seeds for your greenhouse.",
]


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jobs(store: Store, clock: Clock) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=clock, monotonic=time.monotonic)
    ConsolidationService(store, runner, now=clock)
    yield runner
    await runner.stop()


def talk(number: int) -> list[str]:
    """Return a talk like `TALK` that is not word for word the same."""
    return [text.replace(".", f" number {number}.") for text in TALK]


async def consolidate(jobs: JobRunner) -> JobRecord:
    job = await jobs.start("CONSOLIDATE", {})
    done = [record async for record in jobs.progress(job.id)][-1]
    assert done.state == "SUCCEEDED", done.error
    return done


async def tell(store: Store, texts: Sequence[str], source: str, at: datetime = START) -> list[str]:
    news = [
        NewMemory(text, "EPISODE", source=source, at=at + timedelta(minutes=place))
        for place, text in enumerate(texts)
    ]
    return [memory.id for memory in await store.memories.add_many(news)]


async def reflections(store: Store) -> list[MemoryRecord]:
    return list((await store.memories.page(first=100, kind="REFLECTION")).items)


async def test_an_episode_gets_one_reflection_in_its_own_words(
    store: Store, jobs: JobRunner
) -> None:
    ids = await tell(store, TALK, "chat")
    done = await consolidate(jobs)
    assert done.metrics["reflections"] == 1
    assert done.message == "new reflections: 1, episodes that are over: 1"
    (found,) = await reflections(store)
    assert found.text.startswith("From 7 memories of 2026-02-01, chat:\n- ")
    quotes = await store.reflections.quotes(found.id)
    assert 2 <= len(quotes) <= 6
    texts = dict(zip(ids, TALK, strict=True))
    for each in quotes:
        assert each.quote in texts[each.memory_id]
        assert each.quote in found.text
        assert "?" not in each.quote
    assert found.created_at == START + timedelta(minutes=6)


async def test_nothing_is_deleted_or_changed_by_it(store: Store, jobs: JobRunner) -> None:
    ids = await tell(store, TALK, "chat")
    before = await store.memories.get(ids)
    await consolidate(jobs)
    assert None not in before
    assert await store.memories.get(ids) == before


async def test_a_second_night_adds_nothing(store: Store, jobs: JobRunner, clock: Clock) -> None:
    await tell(store, TALK, "chat")
    await consolidate(jobs)
    (first,) = await reflections(store)
    latest = await store.events.latest()
    for _ in range(3):
        clock.advance(days=1)
        assert (await consolidate(jobs)).metrics["reflections"] == 0
    (same,) = await reflections(store)
    assert (same.id, same.text, same.occurrences) == (first.id, first.text, 1)
    kinds = {event.kind for event in await store.events.page(latest)}
    assert not any(kind.startswith("memory.") for kind in kinds)


async def test_a_reflection_is_no_memory_to_reflect_on(
    store: Store, jobs: JobRunner, clock: Clock
) -> None:
    for number in range(6):
        await tell(store, talk(number), f"chat {number}")
    await consolidate(jobs)
    assert len(await reflections(store)) == 6
    clock.advance(days=1)
    await consolidate(jobs)
    assert len(await reflections(store)) == 6


async def test_forgetting_a_quoted_memory_takes_the_reflection_until_the_next_night(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    await tell(store, TALK, "chat")
    await consolidate(jobs)
    (found,) = await reflections(store)
    quoted = (await store.reflections.quotes(found.id))[0]
    await store.memories.forget(quoted.memory_id)
    assert await reflections(store) == []
    await store.database.checkpoint()
    assert quoted.quote.encode() not in (tmp_path / "selfd.db").read_bytes()
    await consolidate(jobs)
    (again,) = await reflections(store)
    assert quoted.quote not in again.text
    assert quoted.memory_id not in {q.memory_id for q in await store.reflections.quotes(again.id)}


async def test_an_episode_that_goes_on_gets_a_new_reflection_in_place_of_the_old(
    store: Store, jobs: JobRunner
) -> None:
    await tell(store, TALK, "chat")
    await consolidate(jobs)
    (old,) = await reflections(store)
    more = ["Tom: The greenhouse frost alarm for the chillies arrived from Ghent."]
    await tell(store, more, "chat", START + timedelta(minutes=20))
    await consolidate(jobs)
    (new,) = await reflections(store)
    assert new.id != old.id
    assert new.text.startswith("From 8 memories")


async def test_a_reflection_that_its_owner_forgot_does_not_come_back(
    store: Store, jobs: JobRunner
) -> None:
    await tell(store, TALK, "chat")
    await consolidate(jobs)
    (found,) = await reflections(store)
    await store.memories.forget(found.id)
    await consolidate(jobs)
    assert await reflections(store) == []


async def test_an_episode_that_is_not_over_waits(
    store: Store, jobs: JobRunner, clock: Clock
) -> None:
    await tell(store, TALK, "chat", clock() - timedelta(minutes=30))
    assert (await consolidate(jobs)).metrics == {"episodes": 0, "reflections": 0}
    clock.advance(hours=4)
    assert (await consolidate(jobs)).metrics["reflections"] == 1


async def test_a_long_pause_or_another_source_is_another_episode(
    store: Store, jobs: JobRunner
) -> None:
    await tell(store, TALK, "chat")
    await tell(store, talk(2), "mail")
    await tell(store, talk(3), "chat", START + timedelta(hours=8))
    assert (await consolidate(jobs)).metrics == {"episodes": 3, "reflections": 3}


async def test_too_little_is_not_reflected_on(store: Store, jobs: JobRunner) -> None:
    await tell(store, TALK[:3], "chat")
    await tell(store, ["ok", "yes", "no", "fine", "bye"], "mail")
    assert (await consolidate(jobs)).metrics["reflections"] == 0
    assert await reflections(store) == []


async def test_a_damaged_memory_does_not_stop_the_night(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    ids = await tell(store, TALK, "chat")
    await tell(store, talk(2), "mail")

    await store.database.write(
        lambda tx: tx.execute("UPDATE memories SET body = x'00' WHERE id = 2").rowcount
    )
    assert (await consolidate(jobs)).metrics["reflections"] == 2
    quoted = {
        each.memory_id
        for found in await reflections(store)
        for each in await store.reflections.quotes(found.id)
    }
    assert ids[1] not in quoted


async def test_a_stop_in_the_middle_repeats_nothing(store: Store, jobs: JobRunner) -> None:
    for number in range(30):
        await tell(store, talk(number), f"chat {number}", START + timedelta(hours=number))
    job = await jobs.start("CONSOLIDATE", {})
    async for record in jobs.progress(job.id):
        if record.progress > 0.1:
            break
    await jobs.cancel(job.id)
    some = len(await reflections(store))
    assert 0 < some < 30
    await consolidate(jobs)
    found = await reflections(store)
    assert len(found) == 30
    assert all(each.occurrences == 1 for each in found)
