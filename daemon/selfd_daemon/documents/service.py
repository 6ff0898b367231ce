"""Ingest: a folder's files into the document store, touching only what changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from selfd_daemon.child import Child
from selfd_daemon.clock import Monotonic
from selfd_daemon.documents.reach import reachable
from selfd_daemon.documents.reading import read_file
from selfd_daemon.documents.walk import Entry, Walk
from selfd_daemon.errors import ChildError
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.settings import DocumentSettings
from selfd_graphql.errors import ServiceError
from selfd_storage import DocumentRecord, JobRecord, NewChunk, NewDocument, Store

_BATCH = 500  # entries walked in one hop to a thread
_LISTED = 200  # skipped files named in the job; the rest is only counted
_CHILD_BYTES = 1 << 30


@dataclass(slots=True)
class _Tally:
    """What a run did, in the words of the job's metrics."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    bytes: int = 0
    skipped: int = 0
    skipped_files: list[dict[str, str]] = field(default_factory=list)

    def skip(self, path: str, reason: str) -> None:
        self.skipped += 1
        if len(self.skipped_files) < _LISTED:
            self.skipped_files.append({"path": path, "reason": reason})


class DocumentService:
    """Implements `selfd_graphql.ports.DocumentPort`; its jobs are of the kind INGEST.

    A run reads each file in a child process, stores what is new and removes what is gone, so doing
    it again, or after an interruption, does only what is left. A file that can no longer be read
    keeps what was last read of it.
    """

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        settings: DocumentSettings,
        *,
        data_folder: Path,
        monotonic: Monotonic,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._data_folder = data_folder
        self._monotonic = monotonic
        self._child = Child(
            "document reader", seconds=settings.timeout_seconds, memory_bytes=_CHILD_BYTES
        )
        jobs.register("INGEST", self.run)

    async def ingest(self, path: str) -> JobRecord:
        """Queue the reading of a file or folder; a path that cannot be read is refused at once."""
        root = await asyncio.to_thread(reachable, path, private=self._data_folder)
        return await self._jobs.start("INGEST", {"path": str(root)})

    async def close(self) -> None:
        """End the child process."""
        await self._child.close()

    async def run(self, job: JobContext) -> Mapping[str, Any]:
        """Do one job; the path is checked again, since it may be long since it was queued."""
        started = self._monotonic()
        path = str(job.options["path"])
        root = await asyncio.to_thread(reachable, path, private=self._data_folder)
        tally = _Tally()
        walk = Walk(root, excluded=[self._data_folder])
        paths = [entry.path async for entry in self._files(walk, tally, job)]
        stored = {record.path: record for record in await self._store.documents.under(str(root))}
        for number, file in enumerate(paths):
            shown = os.path.relpath(file, root) if file != str(root) else root.name
            await job.report(number / len(paths), f"{number + 1} of {len(paths)}: {shown}")
            await self._read(file, stored.pop(file, None), tally)
        for gone in _gone(stored, walk.unlisted):
            tally.removed += await self._store.documents.remove(gone)
        if root.is_file() and tally.skipped_files:
            reason = tally.skipped_files[0]["reason"]
            raise ServiceError("INVALID_INPUT", f"cannot read {path!r}: {reason}")
        await job.report(1.0, _summary(tally))
        return _metrics(
            tally, files=len(paths), ignored=walk.ignored, seconds=self._monotonic() - started
        )

    async def _files(self, walk: Walk, tally: _Tally, job: JobContext) -> AsyncIterator[Entry]:
        """Walk in a thread, a batch at a time, so that a cancelled job stops walking."""
        entries = iter(walk)
        found = 0
        while batch := await asyncio.to_thread(_take, entries):
            for entry in batch:
                if entry.reason is None:
                    found += 1
                    yield entry
                else:
                    tally.skip(entry.path, entry.reason)
            await job.report(0.0, f"looking: {found} files so far")

    async def _read(self, path: str, stored: DocumentRecord | None, tally: _Tally) -> None:
        try:
            found = await self._child.call(
                read_file,
                b"",
                path=path,
                known=stored.content_hash.hex() if stored else None,
                max_file_bytes=self._settings.max_file_bytes,
                max_text_bytes=self._settings.max_text_bytes,
            )
        except ChildError as error:
            tally.skip(path, str(error))
            return
        if "reason" in found:
            tally.skip(path, found["reason"])
        elif "chunks" not in found:
            tally.unchanged += 1
        else:
            record = await self._store.documents.put(_document(path, found))
            tally.added += stored is None
            tally.changed += stored is not None
            tally.chunks += record.chunk_count
            tally.bytes += record.size


def _take(entries: Iterator[Entry]) -> list[Entry]:
    return list(islice(entries, _BATCH))


def _document(path: str, found: Mapping[str, Any]) -> NewDocument:
    return NewDocument(
        path=path,
        media_type=found["media_type"],
        size=found["size"],
        content_hash=bytes.fromhex(found["hash"]),
        modified_at=datetime.fromtimestamp(found["modified"], UTC),
        chunks=[NewChunk(**chunk) for chunk in found["chunks"]],
    )


def _gone(stored: Mapping[str, DocumentRecord], unlisted: list[str]) -> Iterator[str]:
    """Yield the paths whose files are gone, passing over folders that could not be looked into."""
    for path in stored:
        if not any(path.startswith(f"{folder}{os.sep}") for folder in unlisted):
            yield path


def _summary(tally: _Tally) -> str:
    parts = {
        "new": tally.added,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
        "removed": tally.removed,
        "skipped": tally.skipped,
    }
    return (
        ", ".join(f"{count} {word}" for word, count in parts.items() if count) or "nothing to read"
    )


def _metrics(tally: _Tally, *, files: int, ignored: int, seconds: float) -> dict[str, Any]:
    return {"files": files, "ignored": ignored, "seconds": round(seconds, 3), **asdict(tally)}
