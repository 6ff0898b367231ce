"""Building engrams as jobs, and telling which there are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

from selfd_daemon.clock import Now
from selfd_daemon.documents.reach import reachable
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.paths import DataFolder
from selfd_graphql.errors import ServiceError
from selfd_storage import EngramRecord, JobRecord, NewEngram, Store

SUFFIX = ".engram"
LONGEST_NAME = 100


class BuildStoppedError(Exception):
    """The job was cancelled while its thread was building."""


class EngramService:
    """Implements `selfd_graphql.ports.EngramPort`; its jobs are of the kind BUILD_ENGRAM."""

    def __init__(self, store: Store, jobs: JobRunner, folder: DataFolder, *, now: Now) -> None:
        self._store = store
        self._jobs = jobs
        self._folder = folder
        self._now = now
        jobs.register("BUILD_ENGRAM", self.run)

    async def build(self, path: str, name: str) -> JobRecord:
        """Queue the building of an engram of a folder; what cannot be done is refused at once."""
        source = await asyncio.to_thread(self._checked_source, path)
        target = self._folder.engrams / f"{_checked_name(name)}{SUFFIX}"
        if target.exists():
            raise ServiceError(
                "DUPLICATE",
                f"there is an engram {name!r} already: choose another name, "
                "or bring it up to date with selfd engram update",
            )
        return await self._jobs.start("BUILD_ENGRAM", {"path": str(source), "name": name})

    async def all(self) -> Sequence[EngramRecord]:
        """Return the engrams that were built here and are still there, newest first."""
        known = await self._store.engrams.all()
        return await asyncio.to_thread(lambda: [each for each in known if Path(each.path).exists()])

    async def get(self, id: str) -> EngramRecord | None:
        """Return an engram, None where there is none."""
        return await self._store.engrams.get(id)

    async def run(self, job: JobContext) -> Mapping[str, Any]:
        """Do one job. A cancelled one stops after the file it is at and leaves nothing."""
        name = _checked_name(str(job.options["name"]))
        source = await asyncio.to_thread(self._checked_source, str(job.options["path"]))
        self._folder.engrams.mkdir(mode=0o700, exist_ok=True)
        target = self._folder.engrams / f"{name}{SUFFIX}"
        loop, stopped = asyncio.get_running_loop(), Event()

        def progress(done: int, files: int, path: str) -> None:
            if stopped.is_set():
                raise BuildStoppedError
            said = job.report(done / files, f"{done} of {files}: {path}")
            asyncio.run_coroutine_threadsafe(said, loop)

        def build() -> NewEngram:
            from selfd_storage.engram import Engram, build

            if target.exists():  # built before an interruption that came before it was noted
                with Engram.open(target) as engram:
                    info = engram.info()
            else:
                info = build(source, target, name=name, now=self._now, progress=progress)
            return NewEngram(
                name=info.name,
                path=str(target),
                files=info.files,
                raw_bytes=info.raw_bytes,
                stored_bytes=info.stored_bytes,
                created_at=info.created_at,
            )

        try:
            record = await self._store.engrams.put(await asyncio.to_thread(build))
        finally:
            stopped.set()
        await job.report(1.0, f"written: {target}")
        facts = asdict(record)
        return {**facts, "created_at": record.created_at.isoformat()}

    def _checked_source(self, path: str) -> Path:
        source = reachable(path, private=self._folder.root)
        if not source.is_dir():
            raise ServiceError("INVALID_INPUT", f"{path!r} is no folder")
        if self._folder.root.resolve().is_relative_to(source):
            raise ServiceError(
                "FORBIDDEN", f"{path!r} holds selfd's own data, which goes into no engram"
            )
        return source


def _checked_name(name: str) -> str:
    """Return a name that can be a file's."""
    plain = name.strip()
    if not plain or plain.startswith(".") or any(each in plain for each in "/\\\0\n"):
        raise ServiceError(
            "INVALID_INPUT", f"an engram's name is that of a file, without slashes, got {name!r}"
        )
    if len(plain.encode("utf-8", "replace")) > LONGEST_NAME:
        raise ServiceError("TOO_LARGE", f"an engram's name has at most {LONGEST_NAME} bytes")
    return plain
