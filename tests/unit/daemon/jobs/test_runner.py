"""The job runner over a real store: states, progress, cancelling, resuming, and faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.errors import DaemonError
from selfd_daemon.jobs import JobContext, JobRunner, NothingToDoError
from selfd_daemon.jobs.runner import MOST_INTERRUPTIONS
from selfd_graphql.errors import ServiceError
from selfd_storage import (
    JobRecord,
    NewMemory,
    NotFoundError,
    RoomLimits,
    Store,
    StoreFullError,
)

pytestmark = pytest.mark.anyio

FULL = RoomLimits(floor=10**18)  # no disk has so much room, so that nothing can be written


def _runner(store: Store) -> JobRunner:
    return JobRunner(store, now=utc_now, monotonic=time.monotonic)


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = _runner(store)
    yield runner
    await runner.stop()


class _Gate:
    """A handler that says when it began and waits until it may end."""

    def __init__(self) -> None:
        self.began = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()
        self.runs: list[str] = []

    async def __call__(self, job: JobContext) -> Mapping[str, Any]:
        self.runs.append(job.id)
        self.began.release()
        await self.may_end.wait()
        return {"runs": len(self.runs)}


async def _finished(jobs: JobRunner, id: str) -> JobRecord:
    async with asyncio.timeout(20):
        last = None
        async for record in jobs.progress(id):
            last = record
    assert last is not None
    return last


async def test_a_job_goes_from_queued_over_running_to_succeeded(
    jobs: JobRunner, store: Store
) -> None:
    async def handler(job: JobContext) -> Mapping[str, Any]:
        await job.report(0.5, f"half of {job.options['path']}")
        return {"files": 3}

    jobs.register("INGEST", handler)
    queued = await jobs.start("INGEST", {"path": "/docs"})
    assert (queued.state, queued.options) == ("QUEUED", {"path": "/docs"})
    done = await _finished(jobs, queued.id)
    assert (done.state, done.progress, done.message) == ("SUCCEEDED", 1.0, "half of /docs")
    assert (done.metrics, done.error) == ({"files": 3}, None)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.created_at <= done.started_at <= done.finished_at
    assert await store.jobs.get([queued.id]) == [done]
    kinds = [event.kind for event in await store.events.page(after=0, kinds=None, limit=10)]
    assert kinds == ["job.queued", "job.running", "job.succeeded"]


async def test_a_kind_has_one_slot_and_the_next_job_waits_for_it(jobs: JobRunner) -> None:
    gate = _Gate()
    jobs.register("INGEST", gate)
    first = await jobs.start("INGEST", {})
    second = await jobs.start("INGEST", {})
    await gate.began.acquire()
    waiting = await jobs.job(second.id)
    assert waiting is not None
    assert (waiting.state, gate.runs, jobs.running) == ("QUEUED", [first.id], 1)
    gate.may_end.set()
    assert (await _finished(jobs, second.id)).state == "SUCCEEDED"
    assert gate.runs == [first.id, second.id]


async def test_other_kinds_and_more_slots_run_side_by_side(jobs: JobRunner) -> None:
    gate = _Gate()
    jobs.register("INGEST", gate)
    jobs.register("POLL_FEEDS", gate, slots=2)
    for kind in ("INGEST", "POLL_FEEDS", "POLL_FEEDS"):
        await jobs.start(kind, {})
    async with asyncio.timeout(20):
        for _ in range(3):
            await gate.began.acquire()
    assert jobs.running == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServiceError("UNREACHABLE", "no host called 'x'"), "no host called 'x'"),
        (NotFoundError("feed", "feed:7"), "no feed with id 'feed:7'"),
        (ZeroDivisionError("division by zero"), r"an unexpected fault; look for \w{8} in the log"),
    ],
)
async def test_a_job_that_fails_says_why_and_the_next_one_runs(
    jobs: JobRunner, error: Exception, words: str
) -> None:
    async def handler(job: JobContext) -> Mapping[str, Any]:
        if job.options.get("fail"):
            raise error
        return {}

    jobs.register("INGEST", handler)
    failed = await _finished(jobs, (await jobs.start("INGEST", {"fail": True})).id)
    assert failed.state == "FAILED"
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(failed.error)
    fine = await _finished(jobs, (await jobs.start("INGEST", {})).id)
    assert fine.state == "SUCCEEDED"


async def test_a_job_with_nothing_to_do_ends_well_and_says_why(
    store: Store, jobs: JobRunner
) -> None:
    async def handler(job: JobContext) -> Mapping[str, Any]:
        raise NothingToDoError("there is no new text")

    jobs.register("FINETUNE", handler)
    ended = await _finished(jobs, (await jobs.start("FINETUNE", {})).id)
    assert (ended.state, ended.progress, ended.error) == ("SUCCEEDED", 1.0, None)
    assert ended.message == "nothing to do: there is no new text"
    assert ended.metrics == {"nothing_to_do": "there is no new text"}
    last = (await store.events.page(0))[-1]
    assert (last.kind, last.payload) == (
        "job.succeeded",
        {"kind": "FINETUNE", "nothing_to_do": True},
    )


async def test_a_job_that_cannot_be_done_here_is_refused_and_not_queued(
    store: Store, jobs: JobRunner
) -> None:
    def cannot() -> None:
        raise DaemonError("it needs the mlx extra")

    jobs.register("FINETUNE", _Gate(), check=cannot)
    with pytest.raises(ServiceError, match="it needs the mlx extra") as refused:
        await jobs.start("FINETUNE", {})
    assert refused.value.code == "NOT_AVAILABLE"
    assert (await store.jobs.page()).total == 0


async def test_cancelling_stops_the_handler_and_lets_it_clean_up(jobs: JobRunner) -> None:
    began, cleaned = asyncio.Event(), False

    async def handler(job: JobContext) -> Mapping[str, Any]:
        nonlocal cleaned
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            cleaned = True
        return {}

    jobs.register("INGEST", handler)
    started = await jobs.start("INGEST", {})
    await began.wait()
    cancelled = await jobs.cancel(started.id)
    assert (cancelled.state, cleaned) == ("CANCELLED", True)
    assert cancelled.finished_at is not None
    assert await jobs.cancel(started.id) == cancelled


async def test_a_waiting_job_can_be_cancelled_before_it_begins(jobs: JobRunner) -> None:
    gate = _Gate()
    jobs.register("INGEST", gate)
    first = await jobs.start("INGEST", {})
    second = await jobs.start("INGEST", {})
    assert (await jobs.cancel(second.id)).state == "CANCELLED"
    gate.may_end.set()
    assert (await _finished(jobs, first.id)).state == "SUCCEEDED"
    assert gate.runs == [first.id]


async def test_unknown_jobs_and_kinds_are_refused(jobs: JobRunner) -> None:
    jobs.register("INGEST", _Gate())
    with pytest.raises(ServiceError, match="no jobs of kind LORA yet; there are INGEST"):
        await jobs.start("LORA", {})
    with pytest.raises(NotFoundError, match="no job with id 'job:999'"):
        await jobs.cancel("job:999")
    with pytest.raises(NotFoundError, match="no job with id 'job:999'"):
        await anext(aiter(jobs.progress("job:999")))
    assert await jobs.job("job:999") is None


async def test_progress_is_seen_at_once_and_saved_a_few_times_a_second(store: Store) -> None:
    clock = 0.0
    jobs = JobRunner(store, now=utc_now, monotonic=lambda: clock)
    saved: list[float] = []

    async def handler(job: JobContext) -> Mapping[str, Any]:
        nonlocal clock
        for step in range(1, 101):
            clock += 0.01
            await job.report(step / 100, f"step {step}")
            live = await jobs.job(job.id)
            assert live is not None
            assert live.progress == pytest.approx(step / 100)
            (stored,) = await store.jobs.get([job.id])
            assert stored is not None
            saved.append(stored.progress)
        return {}

    jobs.register("INGEST", handler)
    done = await _finished(jobs, (await jobs.start("INGEST", {})).id)
    assert done.error is None
    assert len(set(saved)) <= 5
    await jobs.stop()


async def test_a_slow_follower_skips_to_the_newest_state(jobs: JobRunner) -> None:
    reported = asyncio.Event()

    async def handler(job: JobContext) -> Mapping[str, Any]:
        for step in range(1000):
            await job.report(step / 1000, f"step {step}")
        reported.set()
        return {}

    jobs.register("INGEST", handler)
    everything = jobs.progress(None)
    first = asyncio.ensure_future(anext(aiter(everything)))
    await asyncio.sleep(0)
    started = await jobs.start("INGEST", {})
    assert (await first).state == "QUEUED"
    await _finished(jobs, started.id)
    assert (await anext(aiter(everything))).state == "SUCCEEDED"


async def test_a_stop_puts_jobs_back_and_the_next_start_runs_them_again(store: Store) -> None:
    gate = _Gate()
    before = _runner(store)
    before.register("INGEST", gate)
    running = await before.start("INGEST", {"path": "/docs"})
    waiting = await before.start("INGEST", {})
    await gate.began.acquire()
    await before.stop()
    states = [job.state for job in await store.jobs.get([running.id, waiting.id]) if job]
    assert states == ["QUEUED", "QUEUED"]
    with pytest.raises(ServiceError, match="selfd is stopping"):
        await before.start("INGEST", {})

    async def handler(job: JobContext) -> Mapping[str, Any]:
        return {"options": dict(job.options)}

    after = _runner(store)
    after.register("INGEST", handler)
    await after.resume()
    done = await _finished(after, running.id)
    assert (done.state, done.metrics) == ("SUCCEEDED", {"options": {"path": "/docs"}})
    assert (await _finished(after, waiting.id)).state == "SUCCEEDED"
    await after.stop()


async def test_a_job_during_which_the_process_dies_is_given_up_after_some_tries(
    store: Store,
) -> None:
    record = await store.jobs.create("INGEST", {})
    gate = _Gate()
    for time_around in range(1, MOST_INTERRUPTIONS + 1):
        await store.jobs.save(record.id, state="RUNNING")  # as a killed process leaves it
        runner = _runner(store)
        runner.register("INGEST", gate)
        await runner.resume()
        if time_around < MOST_INTERRUPTIONS:
            await gate.began.acquire()
        current = await runner.job(record.id)
        await runner.stop()
    assert len(gate.runs) == MOST_INTERRUPTIONS - 1
    assert current is not None
    assert current.state == "FAILED"
    assert current.error == f"given up: selfd ended {MOST_INTERRUPTIONS} times while this job ran"


async def test_a_job_of_a_kind_that_nobody_does_any_more_fails_at_the_start(store: Store) -> None:
    record = await store.jobs.create("EVOLVE", {})
    runner = _runner(store)
    await runner.resume()
    (stored,) = await store.jobs.get([record.id])
    assert stored is not None
    assert (stored.state, stored.error) == ("FAILED", "this selfd has no jobs of kind EVOLVE")


async def test_closing_the_streams_ends_every_follower(jobs: JobRunner) -> None:
    gate = _Gate()
    jobs.register("INGEST", gate)
    started = await jobs.start("INGEST", {})
    await gate.began.acquire()
    following = asyncio.create_task(_states(jobs, started.id))
    everything = asyncio.create_task(_states(jobs, None))
    await asyncio.sleep(0)
    jobs.close_streams()
    async with asyncio.timeout(20):
        assert "SUCCEEDED" not in await following
        await everything


async def _states(jobs: JobRunner, id: str | None) -> list[str]:
    return [record.state async for record in jobs.progress(id)]


async def test_on_a_full_disk_unfinished_jobs_wait_and_new_ones_are_refused(
    tmp_path: Path,
) -> None:
    roomy = tmp_path / "roomy"
    async with await Store.open(roomy) as store:
        left = await store.jobs.create("INGEST", {})
    async with await Store.open(roomy, limits=FULL) as store:
        runner = _runner(store)
        runner.register("INGEST", _Gate())
        await runner.resume()
        assert await runner.job(left.id) == left
        with pytest.raises(StoreFullError, match="free some space"):
            await runner.start("INGEST", {})
        await runner.stop()


async def test_an_end_that_cannot_be_saved_is_told_all_the_same(tmp_path: Path) -> None:
    limits = RoomLimits(floor=0)
    async with await Store.open(tmp_path, limits=limits) as store:
        runner = _runner(store)

        async def handler(job: JobContext) -> Mapping[str, Any]:
            object.__setattr__(limits, "floor", FULL.floor)  # the disk fills up meanwhile
            await store.memories.add(NewMemory("there is no room for this"))
            return {}

        runner.register("INGEST", handler)
        started = await runner.start("INGEST", {})
        ended = await _finished(runner, started.id)
        assert (ended.state, "free some space" in (ended.error or "")) == ("FAILED", True)
        page = await runner.page(first=10, after=None, state=None)
        assert [job.state for job in page.items] == ["FAILED"]
        assert await _finished(runner, started.id) == ended
        await runner.stop()
