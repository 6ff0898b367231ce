"""Backups over a real store: where they may go, when they are written, what is told of them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_daemon.backups import BackupService
from selfd_daemon.clock import utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.paths import DataFolder
from selfd_daemon.settings import BackupSettings
from selfd_graphql.errors import ServiceError
from selfd_storage import JobRecord, NewMemory, PassphraseError, Store, restore_backup

pytestmark = pytest.mark.anyio

WORDS = "correct horse battery staple"


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, 12).astimezone().astimezone(UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    yield runner
    await runner.stop()


def service(store: Store, jobs: JobRunner, clock: Clock, **settings: object) -> BackupService:
    chosen = BackupSettings(**settings)  # type: ignore[arg-type]  # checked by pydantic
    return BackupService(store, jobs, DataFolder(store.folder), chosen, now=clock)


async def finished(jobs: JobRunner, **options: object) -> JobRecord:
    started = await jobs.start("BACKUP", options)
    return [record async for record in jobs.progress(started.id)][-1]


async def test_a_backup_never_replaces_a_file_and_needs_a_place(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    backups = service(store, jobs, clock)
    (tmp_path / "there.db").write_bytes(b"mine")
    (tmp_path / "dangling.db").symlink_to(tmp_path / "nowhere")
    for path, words in (
        ("copy.db", "must be absolute, got 'copy.db'"),
        (str(tmp_path / "no" / "copy.db"), "there is no folder"),
        (str(tmp_path / "there.db"), "is there already"),
        (str(tmp_path / "dangling.db"), "is there already"),
    ):
        with pytest.raises(ServiceError, match=words) as caught:
            await backups.write(path)
        assert caught.value.code == "INVALID_INPUT"
    assert (tmp_path / "there.db").read_bytes() == b"mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_a_backup_into_a_folder_of_others_is_refused(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(ServiceError, match="cannot write to"):
        await service(store, jobs, clock).write(str(closed / "copy.db"))


async def test_the_job_chooses_a_name_by_the_time(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    service(store, jobs, clock)
    await store.memories.add(NewMemory("the spare key is under the pot"))
    ended = await finished(jobs)
    assert ended.error is None
    written = store.folder / "backups" / f"selfd-{clock.moment:%Y%m%d-%H%M%S}.selfd"
    assert ended.metrics["path"] == str(written)
    assert ended.metrics["bytes"] == written.stat().st_size
    assert ended.metrics["verified"] is True
    assert ended.message == f"written and read back: {written}"
    assert restore_backup(written, tmp_path / "new").rows["memories"] == 1


async def test_a_job_may_name_the_file(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    service(store, jobs, clock)
    ended = await finished(jobs, path=str(tmp_path / "mine.selfd"))
    assert ended.metrics["path"] == str(tmp_path / "mine.selfd")
    assert (await finished(jobs, path="relative")).error is not None


async def test_nothing_is_due_on_the_first_day_and_then_once_a_night(
    store: Store, jobs: JobRunner, clock: Clock
) -> None:
    backups = service(store, jobs, clock)
    folder = store.folder / "backups"
    assert await backups.back_up_if_due() == timedelta(hours=15).total_seconds()
    assert not folder.exists()
    clock.moment += timedelta(hours=15)
    assert await backups.back_up_if_due() == 0
    assert len(list(folder.iterdir())) == 1
    assert await backups.back_up_if_due() > timedelta(hours=22).total_seconds()
    assert len(list(folder.iterdir())) == 1


async def test_a_missed_night_is_made_up_for_and_old_ones_go(
    store: Store, jobs: JobRunner, clock: Clock
) -> None:
    backups = service(store, jobs, clock, keep_daily=2, keep_weekly=0)
    await backups.back_up_if_due()
    (store.folder / "backups").mkdir()
    (store.folder / "backups" / "mine.selfd").write_bytes(b"not a nightly one")
    for _ in range(4):
        clock.moment += timedelta(hours=30)
        assert await backups.back_up_if_due() == 0
    names = sorted(path.name for path in (store.folder / "backups").iterdir())
    assert len(names) == 3
    assert names[0] == "mine.selfd"


async def test_nightly_backups_are_encrypted_with_the_owners_file(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(f"{WORDS}\n")
    file.chmod(0o644)
    service(store, jobs, clock, passphrase_file=str(file))
    assert "run chmod 600" in str((await finished(jobs, nightly=True)).error)
    file.chmod(0o600)
    ended = await finished(jobs, nightly=True)
    assert ended.metrics["encrypted"] is True
    assert WORDS not in str(ended)
    with pytest.raises(PassphraseError):
        restore_backup(Path(ended.metrics["path"]), tmp_path / "new")
    restore_backup(Path(ended.metrics["path"]), tmp_path / "new", ask_passphrase=lambda: WORDS)


async def test_a_failed_night_is_a_problem_until_one_succeeds(
    store: Store, jobs: JobRunner, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "disk"
    backups = service(store, jobs, clock, folder=str(elsewhere))
    await backups.back_up_if_due()
    clock.moment += timedelta(days=1)
    assert await backups.back_up_if_due() == 3600
    [problem] = backups.problems()
    assert "the last nightly backup is not good: there is no folder" in problem
    elsewhere.mkdir()
    clock.moment += timedelta(days=1)
    await backups.back_up_if_due()
    assert backups.problems() == []
    assert len(list(elsewhere.iterdir())) == 1


async def test_a_night_that_found_damage_is_a_problem_and_removes_no_older_backup(
    store: Store, jobs: JobRunner, clock: Clock
) -> None:
    backups = service(store, jobs, clock, keep_daily=1, keep_weekly=0)
    await store.memories.add(NewMemory("sound"))
    await backups.back_up_if_due()
    clock.moment += timedelta(days=1)
    await backups.back_up_if_due()
    statement = "UPDATE memories SET body = CAST('dab' AS BLOB)"
    await store.database.write(lambda tx: tx.execute(statement).close())
    clock.moment += timedelta(days=1)
    await backups.back_up_if_due()
    assert "damaged rows" in backups.problems()[0]
    assert len(list((store.folder / "backups").iterdir())) == 2
