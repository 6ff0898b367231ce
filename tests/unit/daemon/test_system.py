"""The daemon about itself, over a real store."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from selfd_daemon.backups import BackupService
from selfd_daemon.clock import utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import BUILTIN_MIND, MindService
from selfd_daemon.paths import DataFolder
from selfd_daemon.settings import BackupSettings, Settings
from selfd_daemon.settings.file import SettingsFile
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
        MindService(store),
        BackupService(store, jobs, DataFolder(store.folder), BackupSettings(), now=lambda: AT),
        SettingsFile(Settings.load({"data_dir": store.folder})),
        version="1.2.3",
        backend="numpy",
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


async def test_a_setting_is_changed_for_the_next_start(store: Store, jobs: JobRunner) -> None:
    system = _system(store, jobs)
    changed = await system.change_setting("feeds.keep_days", 30)
    assert (changed.value, changed.next_value, changed.origin) == (90, 30, "default")
    table = {each.name: each for each in await system.settings()}
    assert table["feeds.keep_days"] == changed
    assert table["port"].value == table["port"].next_value


async def test_what_a_setting_does_not_take_is_refused(store: Store, jobs: JobRunner) -> None:
    with pytest.raises(ServiceError, match=r"port must be .*; got 99999") as refused:
        await _system(store, jobs).change_setting("port", 99_999)
    assert refused.value.code == "INVALID_INPUT"
