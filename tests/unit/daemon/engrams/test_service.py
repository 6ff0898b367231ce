"""Engrams built by jobs over a real store and a real folder."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.engrams import EngramService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.paths import DataFolder
from selfd_graphql.errors import ServiceError
from selfd_storage import JobRecord, Store
from selfd_storage.engram import Engram

pytestmark = pytest.mark.anyio


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    yield runner
    await runner.stop()


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    """A store beside the folder, not around it."""
    opened = await Store.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture
def engrams(store: Store, jobs: JobRunner) -> EngramService:
    return EngramService(store, jobs, DataFolder(store.folder), now=utc_now)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "tea").mkdir(parents=True)
    (folder / "tea" / "green.md").write_text("Steep it for three minutes.\n")
    (folder / "keys.md").write_text("The spare key is under the pot.\n")
    return folder


async def ended(jobs: JobRunner, job: JobRecord) -> JobRecord:
    return [record async for record in jobs.progress(job.id)][-1]


async def test_a_folder_becomes_an_engram_that_is_listed_and_can_be_searched(
    engrams: EngramService, jobs: JobRunner, notes: Path
) -> None:
    done = await ended(jobs, await engrams.build(str(notes), "my notes"))
    assert done.error is None
    [engram] = await engrams.all()
    assert (engram.name, engram.files) == ("my notes", 2)
    assert await engrams.get(engram.id) == engram
    assert Path(engram.path).stat().st_size == engram.stored_bytes == done.metrics["stored_bytes"]
    with Engram.open(Path(engram.path)) as opened:
        assert opened.search("spare key")[0].path == "keys.md"
    Path(engram.path).unlink()
    assert await engrams.all() == [], "one whose file is gone is not offered"


async def test_what_cannot_be_built_is_refused_before_anything_is_queued(
    engrams: EngramService, jobs: JobRunner, store: Store, notes: Path, tmp_path: Path
) -> None:
    await ended(jobs, await engrams.build(str(notes), "taken"))
    for path, name, words in (
        (str(notes), "taken", "there is an engram 'taken' already"),
        (str(notes), "../escape", "without slashes"),
        (str(notes), ".hidden", "that of a file"),
        (str(notes), "n" * 200, "at most 100 bytes"),
        (str(notes / "keys.md"), "new", "is no folder"),
        (str(tmp_path / "nowhere"), "new", "no such file or folder"),
        ("notes", "new", "must be absolute"),
        (str(store.folder), "new", "selfd's own data"),
        (str(tmp_path), "new", "holds selfd's own data"),
    ):
        with pytest.raises(ServiceError, match=words):
            await engrams.build(path, name)
    assert len((await jobs.page(first=10, after=None, state=None)).items) == 1


async def test_one_built_just_before_an_interruption_is_noted_by_the_next_try(
    engrams: EngramService, jobs: JobRunner, store: Store, notes: Path
) -> None:
    await ended(jobs, await engrams.build(str(notes), "notes"))
    await store.database.write(lambda tx: tx.execute("DELETE FROM engrams").close())
    again = await jobs.start("BUILD_ENGRAM", {"path": str(notes), "name": "notes"})
    assert (await ended(jobs, again)).error is None
    assert [engram.name for engram in await engrams.all()] == ["notes"]
