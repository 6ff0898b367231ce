"""The daemon about itself: status, storage, backups, and items by id."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.paths import DataFolder
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import MindPort, StatusInfo
from selfd_storage import AnswerRecord, BackupRecord, Item, StorageReportRecord, Store


class SystemService:
    """Implements `selfd_graphql.ports.SystemPort`."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        minds: MindPort,
        folder: DataFolder,
        *,
        version: str,
        backend: str,
        now: Now,
        monotonic: Monotonic,
        problems: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._minds = minds
        self._folder = folder
        self._version = version
        self._backend = backend
        self._now = now
        self._monotonic = monotonic
        self._started = monotonic()
        self._problems = problems
        self._process = psutil.Process()

    async def status(self) -> StatusInfo:
        """Return the daemon's state at this moment."""
        minds = await self._minds.minds()
        return StatusInfo(
            version=self._version,
            uptime=self._monotonic() - self._started,
            backend=self._backend,
            mind=next((mind for mind in minds if mind.is_default), None),
            memory_count=await self._store.memories.count(),
            article_count=await self._store.articles.count(),
            running_jobs=self._jobs.running,
            resident_memory=self._process.memory_info().rss,
            ready=True,
            problems=[*self._store.problems(), *self._problems()],
        )

    async def storage(self) -> StorageReportRecord:
        """Return what everything takes on disk, measured."""
        return await self._store.report()

    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        """Return memories, articles and chunks by id, None where there is none."""
        return await self._store.items(ids)

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]:
        """Return answers by id, None where there is none."""
        return await self._store.conversations.answers(ids)

    async def backup(self, path: str) -> BackupRecord:
        """Write a verified copy of everything that cannot be made again to a new file."""
        return await self._store.backup(_backup_target(path))

    async def run_backup_job(self, job: JobContext) -> Mapping[str, Any]:
        """Write a backup as a job: to the option `path`, else into backups/ in the data folder."""
        wanted = job.options.get("path")
        if wanted is None:
            self._folder.backups.mkdir(mode=0o700, exist_ok=True)
            wanted = str(self._folder.backups / _backup_name(self._now()))
        await job.report(0.0, f"copying to {wanted}")
        written = await self.backup(str(wanted))
        return {
            "path": written.path,
            "bytes": written.bytes,
            "seconds": written.seconds,
            "verified": written.verified,
        }


def _backup_name(at: datetime) -> str:
    return f"selfd-{at:%Y%m%d-%H%M%S}.db"


def _backup_target(path: str) -> Path:
    """Return where a backup may go: a new file in a folder that is there."""
    target = Path(path).expanduser()
    if not target.is_absolute():
        raise ServiceError("INVALID_INPUT", f"the backup's path must be absolute, got {path!r}")
    if not target.parent.is_dir():
        raise ServiceError(
            "INVALID_INPUT", f"there is no folder {str(target.parent)!r}: make it first"
        )
    if not os.access(target.parent, os.W_OK):
        raise ServiceError("INVALID_INPUT", f"selfd cannot write to {str(target.parent)!r}")
    if target.exists() or target.is_symlink():
        raise ServiceError("INVALID_INPUT", f"{str(target)!r} is there already: choose a new name")
    return target
