"""Upkeep over a real store: packed and checked each night, unlearned when something is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from selfd_daemon.background import in_background
from selfd_daemon.clock import utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.settings import UpkeepSettings
from selfd_daemon.upkeep import UpkeepService
from selfd_storage import JobKind, JobRecord, NewMemory, Store

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, 12).astimezone().astimezone(UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    yield runner
    await runner.stop()


async def promptly(_seconds: float) -> None:
    await asyncio.sleep(0)


async def finished(jobs: JobRunner, kind: JobKind) -> JobRecord:
    started = await jobs.start(kind, {})
    return [record async for record in jobs.progress(started.id)][-1]


async def told(store: Store, count: int = 400) -> None:
    """Remember turns that have much in common."""
    await store.memories.add_many(
        [NewMemory(f"Nova walked {n * 7 % 97} miles to the old harbour on day {n}.")
         for n in range(count)]
    )  # fmt: skip


async def test_a_compress_job_packs_everything_and_tells_what_it_came_to(
    store: Store, jobs: JobRunner
) -> None:
    UpkeepService(store, jobs, UpkeepSettings(), now=utc_now)
    await told(store)
    job = await finished(jobs, "COMPRESS")
    assert job.state == "SUCCEEDED", job.error
    assert job.progress == 1.0
    assert job.metrics["rows"] == 400
    assert job.message.startswith("rows packed anew: 400; bytes saved: ")
    assert job.metrics["bytes_after"] < 0.6 * job.metrics["bytes_before"]
    assert job.metrics["learned"] == ["memory"]
    assert {tier.name for tier in (await store.report()).tiers} == {"cold"}
    again = await finished(jobs, "COMPRESS")
    assert (again.metrics["rows"], again.metrics["learned"]) == (0, [])


async def test_a_verify_job_unpacks_every_row_and_names_the_damaged_ones(
    store: Store, jobs: JobRunner
) -> None:
    UpkeepService(store, jobs, UpkeepSettings(), now=utc_now)
    await told(store)
    await finished(jobs, "COMPRESS")
    sound = await finished(jobs, "VERIFY")
    assert sound.metrics == {"rows": 400, "damaged": [], "structure": []}
    await store.database.write(
        lambda tx: tx.execute(
            "UPDATE memories SET body = substr(body, 1, length(body) - 1) WHERE id = 7"
        ).close()
    )
    damaged = await finished(jobs, "VERIFY")
    assert damaged.metrics["damaged"] == ["memory:7"]
    assert any("memory:7 is damaged" in problem for problem in store.problems())


async def test_a_night_packs_and_checks_once(store: Store, jobs: JobRunner) -> None:
    clock = Clock()
    upkeep = UpkeepService(store, jobs, UpkeepSettings(hour=2), now=clock)
    await told(store, 9)
    assert await upkeep.tend_if_due() == 14 * 3600.0, "from noon to two at night"
    clock.moment += timedelta(hours=15)
    assert await upkeep.tend_if_due() == 0.0
    assert await upkeep.tend_if_due() == 23 * 3600.0
    done = [job.kind for job in (await store.jobs.page()).items]
    assert done == ["VERIFY", "COMPRESS"]


async def test_what_was_done_that_evening_is_not_done_again(store: Store, jobs: JobRunner) -> None:
    clock = Clock()
    clock.moment = utc_now() - timedelta(days=1)
    upkeep = UpkeepService(store, jobs, UpkeepSettings(hour=2), now=clock)
    await upkeep.tend_if_due()
    await finished(jobs, "COMPRESS")
    clock.moment += timedelta(days=1)
    assert await upkeep.tend_if_due() == 0.0
    done = [job.kind for job in (await store.jobs.page()).items]
    assert done == ["VERIFY", "COMPRESS"]


async def test_a_missed_night_is_made_up_for(store: Store, jobs: JobRunner) -> None:
    clock = Clock()
    upkeep = UpkeepService(store, jobs, UpkeepSettings(hour=2), now=clock)
    await upkeep.tend_if_due()
    clock.moment += timedelta(days=9)
    assert await upkeep.tend_if_due() == 0.0


async def test_what_was_forgotten_is_unlearned_without_waiting_for_the_night(
    store: Store, jobs: JobRunner
) -> None:
    upkeep = UpkeepService(store, jobs, UpkeepSettings(), now=utc_now, sleep=promptly)
    await told(store)
    await finished(jobs, "COMPRESS")
    async with in_background(upkeep.unlearn(), "unlearning"):
        await store.memories.forget("memory:2")
        async with asyncio.timeout(20):
            while await dictionaries(store) != [2]:  # noqa: ASYNC110 - a job of another task
                await asyncio.sleep(0.01)
    assert await store.verify() == []


async def dictionaries(store: Store) -> list[int]:
    rows = await store.database.read(
        lambda db: db.execute("SELECT id FROM dictionaries").fetchall()
    )
    return [number for (number,) in rows]
