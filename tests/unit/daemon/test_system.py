"""The daemon about itself, over a real store."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import BUILTIN_MIND, MindService
from selfd_daemon.paths import DataFolder
from selfd_daemon.system import SystemService
from selfd_graphql.errors import ServiceError
from selfd_storage import NewMemory, Store

pytestmark = pytest.mark.anyio

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    yield runner
    await runner.stop()


def _system(store: Store, jobs: JobRunner, ticks: list[float] | None = None) -> SystemService:
    clock = iter(ticks) if ticks else None
    return SystemService(
        store,
        jobs,
        MindService(),
        DataFolder(store.folder),
        version="1.2.3",
        backend="numpy",
        now=lambda: AT,
        monotonic=(lambda: next(clock)) if clock else time.monotonic,
        problems=lambda: ["the moon is full"],
    )


async def test_status_counts_what_there_is(store: Store, jobs: JobRunner) -> None:
    system = _system(store, jobs, [100.0, 103.5])
    await store.memories.add(NewMemory("the spare key is under the pot"))
    status = await system.status()
    assert (status.version, status.backend, status.mind) == ("1.2.3", "numpy", BUILTIN_MIND)
    assert (status.uptime, status.memory_count, status.article_count) == (3.5, 1, 0)
    assert (status.running_jobs, status.ready) == (0, True)
    assert status.resident_memory > 1_000_000
    assert list(status.problems) == [*store.problems(), "the moon is full"]


async def test_items_and_answers_come_in_the_order_of_their_ids(
    store: Store, jobs: JobRunner
) -> None:
    system = _system(store, jobs)
    kept = await store.memories.add(NewMemory("the spare key is under the pot"))
    assert await system.items(["memory:99", kept.id, "nonsense"]) == [None, kept, None]
    assert await system.answers(["answer:1"]) == [None]


async def test_a_backup_is_a_store_of_its_own(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    await store.memories.add(NewMemory("the spare key is under the pot"))
    target = tmp_path / "copies" / "selfd.db"
    target.parent.mkdir()
    written = await _system(store, jobs).backup(str(target))
    assert (written.path, written.verified) == (str(target), True)
    assert written.bytes == target.stat().st_size
    async with await Store.open(target.parent) as copy:
        assert await copy.memories.count() == 1


async def test_a_backup_never_replaces_a_file_and_needs_a_place(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    system = _system(store, jobs)
    (tmp_path / "there.db").write_bytes(b"mine")
    (tmp_path / "dangling.db").symlink_to(tmp_path / "nowhere")
    for path, words in (
        ("copy.db", "must be absolute, got 'copy.db'"),
        (str(tmp_path / "no" / "copy.db"), "there is no folder"),
        (str(tmp_path / "there.db"), "is there already"),
        (str(tmp_path / "dangling.db"), "is there already"),
    ):
        with pytest.raises(ServiceError, match=words) as caught:
            await system.backup(path)
        assert caught.value.code == "INVALID_INPUT"
    assert (tmp_path / "there.db").read_bytes() == b"mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_a_backup_into_a_folder_of_others_is_refused(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(ServiceError, match="cannot write to"):
        await _system(store, jobs).backup(str(closed / "copy.db"))


async def test_the_backup_job_chooses_a_name_by_the_time(store: Store, jobs: JobRunner) -> None:
    jobs.register("BACKUP", _system(store, jobs).run_backup_job)
    started = await jobs.start("BACKUP", {})
    states = [record async for record in jobs.progress(started.id)]
    assert states[-1].error is None
    expected = store.folder / "backups" / "selfd-20260102-030405.db"
    assert states[-1].metrics["path"] == str(expected)
    assert states[-1].metrics["bytes"] == expected.stat().st_size
    again = await jobs.start("BACKUP", {})
    failed = [record async for record in jobs.progress(again.id)][-1]
    assert failed.state == "FAILED"
    assert "is there already" in (failed.error or "")
