"""Ingest over a real store and job runner: only what changed, nothing lost, everything said."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.documents.service import DocumentService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.settings import DocumentSettings
from selfd_graphql.errors import ServiceError
from selfd_storage import ChunkRecord, JobRecord, Store
from support.files import epub, pdf

pytestmark = pytest.mark.anyio


class Desk:
    """A document service with its jobs, and a folder to read."""

    def __init__(self, store: Store, jobs: JobRunner, folder: Path, data: Path) -> None:
        self.store = store
        self.jobs = jobs
        self.folder = folder
        self.data = data
        self.documents = self.service()

    def service(self, **settings: Any) -> DocumentService:
        return DocumentService(
            self.store,
            self.jobs,
            DocumentSettings(**settings),
            data_folder=self.data,
            monotonic=time.monotonic,
        )

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    async def ingest(self, path: Path | None = None) -> JobRecord:
        """Run one job to its end."""
        job = await self.documents.ingest(str(path or self.folder))
        *_, last = [state async for state in self.jobs.progress(job.id)]
        return last

    async def stored(self) -> dict[str, int]:
        """Return the stored files by name, with how many chunks each has."""
        records = await self.store.documents.under(str(self.folder))
        return {os.path.relpath(record.path, self.folder): record.chunk_count for record in records}


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    jobs = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    folder = tmp_path / "shelf"
    folder.mkdir()
    data = tmp_path / "data"
    data.mkdir()
    desk = Desk(store, jobs, folder.resolve(), data)
    yield desk
    await jobs.stop()
    await desk.documents.close()


async def test_a_folder_is_read_whatever_its_files_are(desk: Desk) -> None:
    desk.write("notes.txt", "plain words")
    desk.write("guide/tea.md", "# Tea\n\nBoil the water.")
    desk.write("code/run.py", "def run():\n    return 1\n")
    desk.write("page.html", "<h1>Title</h1><p>words")
    desk.write("paper.pdf", pdf([["first page"], ["second page"]]))
    desk.write("book.epub", epub({"one": "<h1>One</h1><p>words"}))
    desk.write("photo.png", b"\x89PNG\r\n\x1a\n\0\0")
    job = await desk.ingest()
    assert job.state == "SUCCEEDED"
    assert await desk.stored() == {
        "book.epub": 1,
        "code/run.py": 1,
        "guide/tea.md": 1,
        "notes.txt": 1,
        "page.html": 1,
        "paper.pdf": 2,
    }
    assert job.metrics["added"] == 6
    assert job.metrics["skipped_files"] == [
        {"path": str(desk.folder / "photo.png"), "reason": "binary (image/png)"}
    ]


async def test_what_was_read_is_found_with_its_lines(desk: Desk) -> None:
    path = desk.write("tea.md", "# Tea\n\nBoil the water.\n\nThe pot is porcelain.\n")
    await desk.ingest()
    [hit] = await desk.store.search("porcelain pot", scope=["DOCUMENT"], first=5, as_of=None)
    assert isinstance(hit.item, ChunkRecord)
    assert (hit.item.path, hit.item.start_line, hit.item.end_line) == (str(path), 1, 5)


async def test_a_second_run_touches_only_what_changed(desk: Desk) -> None:
    desk.write("same.md", "the same words")
    desk.write("changes.md", "old words")
    desk.write("goes.md", "gone soon")
    await desk.ingest()
    before = {d.path: d for d in await desk.store.documents.under(str(desk.folder))}
    desk.write("changes.md", "new words")
    desk.write("comes.md", "fresh words")
    (desk.folder / "goes.md").unlink()
    job = await desk.ingest()
    counts = {name: job.metrics[name] for name in ("added", "changed", "unchanged", "removed")}
    assert counts == {"added": 1, "changed": 1, "unchanged": 1, "removed": 1}
    after = {d.path: d for d in await desk.store.documents.under(str(desk.folder))}
    same = str(desk.folder / "same.md")
    assert after[same] == before[same]
    assert sorted(await desk.stored()) == ["changes.md", "comes.md", "same.md"]


async def test_a_file_that_is_ignored_now_is_removed(desk: Desk) -> None:
    desk.write("draft.md", "words")
    await desk.ingest()
    desk.write(".gitignore", "draft.md\n")
    assert (await desk.ingest()).metrics["removed"] == 1


async def test_a_file_that_cannot_be_read_now_keeps_what_was_read(desk: Desk) -> None:
    desk.write("paper.pdf", pdf([["words"]]))
    await desk.ingest()
    desk.write("paper.pdf", b"%PDF-1.4\nhalf written")
    job = await desk.ingest()
    assert job.metrics["skipped"] == 1
    assert await desk.stored() == {"paper.pdf": 1}


async def test_one_file_leaves_its_neighbours_alone(desk: Desk) -> None:
    desk.write("a.md", "words")
    desk.write("b.md", "words")
    await desk.ingest()
    (desk.folder / "b.md").unlink()
    job = await desk.ingest(desk.folder / "a.md")
    assert job.metrics["removed"] == 0
    assert sorted(await desk.stored()) == ["a.md", "b.md"]


async def test_one_file_that_cannot_be_read_fails_the_job_with_the_reason(desk: Desk) -> None:
    photo = desk.write("photo.png", b"\x89PNG\r\n\x1a\n\0\0")
    job = await desk.ingest(photo)
    assert job.state == "FAILED"
    assert job.error == f"cannot read {str(photo)!r}: binary (image/png)"


async def test_an_empty_folder_is_no_fault(desk: Desk) -> None:
    job = await desk.ingest()
    assert (job.state, job.metrics["files"]) == ("SUCCEEDED", 0)


async def test_a_file_that_takes_too_long_is_skipped_and_the_rest_is_read(desk: Desk) -> None:
    await desk.documents.close()
    desk.documents = desk.service(timeout_seconds=1.5)
    desk.write("a.html", "<div>" * 300_000)  # the parser is quadratic in depth
    desk.write("b.md", "words")
    job = await desk.ingest()
    assert await desk.stored() == {"b.md": 1}
    assert "longer than 1.5 s" in job.metrics["skipped_files"][0]["reason"]


async def test_a_cancelled_job_stops_and_a_new_one_does_the_rest(desk: Desk) -> None:
    for number in range(300):
        desk.write(f"{number:03}.md", f"words number {number}")
    job = await desk.documents.ingest(str(desk.folder))
    async for state in desk.jobs.progress(job.id):
        if state.progress > 0.05:
            break
    cancelled = await desk.jobs.cancel(job.id)
    assert cancelled.state == "CANCELLED"
    done = len(await desk.stored())
    assert 0 < done < 300
    again = await desk.ingest()
    assert again.metrics["unchanged"] == done
    assert len(await desk.stored()) == 300


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("", "INVALID_INPUT", "the path is empty"),
        ("/a\0b", "INVALID_INPUT", "the path is empty"),
        ("docs/x.md", "INVALID_INPUT", "must be absolute, got 'docs/x.md'"),
        ("/no/such/thing", "NOT_FOUND", "'/no/such/thing': no such file or folder"),
        ("/dev/null", "INVALID_INPUT", "neither a file nor a folder"),
        ("/dev/null/x", "NOT_FOUND", "a part of it is no folder"),
        ("/" + "x" * 5000, "INVALID_INPUT", "the name is too long"),
        ("~nobody-has-this-name/x", "NOT_FOUND", "no such user"),
    ],
)
async def test_a_path_out_of_reach_is_refused_with_the_reason(
    desk: Desk, path: str, code: str, message: str
) -> None:
    with pytest.raises(ServiceError, match=message) as refused:
        await desk.documents.ingest(path)
    assert refused.value.code == code


async def test_a_link_in_a_circle_is_refused(desk: Desk) -> None:
    (desk.folder / "loop").symlink_to("loop")
    with pytest.raises(ServiceError, match="lead in a circle"):
        await desk.documents.ingest(str(desk.folder / "loop"))


async def test_the_data_folder_is_never_read(desk: Desk) -> None:
    (desk.data / "token").write_text("secret words")
    with pytest.raises(ServiceError, match="selfd's own data"):
        await desk.documents.ingest(str(desk.data / "token"))
    desk.write("words.md", "words")
    await desk.ingest(desk.data.parent)
    records = await desk.store.documents.under(str(desk.data.parent))
    assert [record.path for record in records] == [str(desk.folder / "words.md")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_path_without_permission_is_refused(desk: Desk) -> None:
    secret = desk.write("secret.md", "words")
    secret.chmod(0)
    with pytest.raises(ServiceError, match="permission denied") as refused:
        await desk.documents.ingest(str(secret))
    assert refused.value.code == "FORBIDDEN"
