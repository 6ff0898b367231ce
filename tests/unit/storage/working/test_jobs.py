"""Jobs keep where they stand, and their changes of state are in the log."""

from __future__ import annotations

import pytest

from selfd_storage import NotFoundError, Store
from support.storage import Clock

pytestmark = pytest.mark.anyio


async def test_a_job_is_queued_and_then_changes_only_in_what_is_given(
    store: Store, clock: Clock
) -> None:
    job = await store.jobs.create("INGEST", {"path": "/a", "deep": {"x": [1]}})
    assert (job.state, job.progress, job.message, job.metrics) == ("QUEUED", 0.0, "", {})
    assert (job.options, job.created_at) == ({"path": "/a", "deep": {"x": [1]}}, clock())
    started = clock.advance(seconds=1)
    running = await store.jobs.save(job.id, state="RUNNING", started_at=started, message="go")
    await store.jobs.save(job.id, progress=0.5)
    failed = await store.jobs.save(
        job.id, state="FAILED", error="broken", metrics={"files": 2}, finished_at=clock()
    )
    assert (running.started_at, running.message) == (started, "go")
    assert (failed.progress, failed.message, failed.error) == (0.5, "go", "broken")
    assert (failed.metrics, failed.finished_at, failed.options) == (
        {"files": 2}, clock(), job.options
    )  # fmt: skip
    assert await store.jobs.get(["job:7", job.id]) == [None, failed]
    events = [(event.kind, event.payload) for event in await store.events.page(0)]
    assert events == [
        (f"job.{state}", {"kind": "INGEST"}) for state in ("queued", "running", "failed")
    ]


async def test_progress_is_no_event_and_need_not_reach_the_disk(store: Store) -> None:
    job = await store.jobs.create("BACKUP", {})
    await store.jobs.save(job.id, progress=0.25, message="a file called \udcff")
    assert await store.events.latest() == 1
    (now,) = await store.jobs.get([job.id])
    assert now is not None
    assert now.message == "a file called \\udcff"


async def test_an_unknown_job_is_named(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no job with id 'job:3'"):
        await store.jobs.save("job:3", progress=0.1)


async def test_unfinished_jobs_are_found_after_a_restart(store: Store) -> None:
    jobs = [await store.jobs.create("INGEST", {"n": n}) for n in range(5)]
    states = ("RUNNING", "SUCCEEDED", "WAITING", "CANCELLED")
    for job, state in zip(jobs, states, strict=False):
        await store.jobs.save(job.id, state=state)  # type: ignore[arg-type]
    assert [job.options["n"] for job in await store.jobs.unfinished()] == [0, 2, 4]


async def test_jobs_are_paged_by_state_newest_first(store: Store, clock: Clock) -> None:
    for number in range(6):
        clock.advance(seconds=1)
        job = await store.jobs.create("INGEST", {"n": number})
        if number % 2:
            await store.jobs.save(job.id, state="SUCCEEDED")
    page = await store.jobs.page(first=2, state="SUCCEEDED")
    assert [job.options["n"] for job in page.items] == [5, 3]
    rest = await store.jobs.page(first=2, after=page.cursors[-1], state="SUCCEEDED")
    assert [job.options["n"] for job in rest.items] == [1]
    assert (page.total, (await store.jobs.page()).total) == (3, 6)


async def test_values_are_kept_by_name(store: Store) -> None:
    assert await store.values.get("name") is None
    await store.values.set("name", {"a": [1, None, "é"]})
    await store.values.set("name", {"a": 2})
    assert await store.values.get("name") == {"a": 2}
