"""Backups as the daemon makes them: on request, as a job, and every night."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from selfd_daemon.backups.passphrase import read_passphrase
from selfd_daemon.backups.retention import backup_name, nightly_times, surplus
from selfd_daemon.clock import Now, next_night
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.paths import DataFolder
from selfd_daemon.settings import BackupSettings
from selfd_graphql.errors import ServiceError
from selfd_storage import BackupRecord, StorageError, Store

LONGEST_SLEEP = 300.0  # seconds; timers stop while a laptop sleeps, so the clock is looked at
AFTER_FAILURE = 3600.0
_SINCE = "backups.since"

log = structlog.get_logger(__name__)


class BackupService:
    """Writes backups one at a time; `run` sees to the nightly ones until cancelled."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        folder: DataFolder,
        settings: BackupSettings,
        *,
        now: Now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._default = folder.backups
        self._folder = Path(settings.folder).expanduser() if settings.folder else folder.backups
        self._one_at_a_time = asyncio.Lock()
        self._failure: str | None = None
        jobs.register("BACKUP", self.run_job)

    def problems(self) -> Sequence[str]:
        """Return what is wrong with the nightly backups."""
        return [f"the last nightly backup is not good: {self._failure}"] if self._failure else []

    async def write(
        self, path: str, passphrase: str | None = None, job: JobContext | None = None
    ) -> BackupRecord:
        """Write a backup to a new file and read it back; a passphrase encrypts it."""
        target = await asyncio.to_thread(_checked_target, path)
        loop = asyncio.get_running_loop()

        def progress(share: float, what: str) -> None:
            if job is not None:
                asyncio.run_coroutine_threadsafe(job.report(share, f"{what}: {target}"), loop)

        async with self._one_at_a_time:
            return await self._store.backup(target, passphrase=passphrase, progress=progress)

    async def run_job(self, job: JobContext) -> Mapping[str, Any]:
        """Do a BACKUP job: to the option `path`, else into the folder of backups.

        With the option `nightly`, older nightly ones make room afterwards. The passphrase is never
        an option, since options are stored; jobs take it from the file that the settings name.
        """
        nightly = bool(job.options.get("nightly"))
        path = job.options.get("path")
        if path is None:
            if self._folder == self._default:
                self._folder.mkdir(mode=0o700, exist_ok=True)
            path = str(self._folder / backup_name(self._now(), nightly=nightly))
        written = await self.write(str(path), self._passphrase(), job)
        removed = await asyncio.to_thread(self._prune) if nightly and written.verified else []
        await job.report(1.0, f"written and read back: {written.path}")
        return {**asdict(written), "removed": removed}

    async def run(self) -> None:
        """Write a backup each night, or as soon as the machine wakes after one was missed."""
        if not self._settings.nightly:
            await asyncio.Event().wait()
        while True:
            try:
                seconds = await self.back_up_if_due()
            except StorageError as error:
                log.warning("nightly backup not started", error=str(error))
                seconds = AFTER_FAILURE
            await self._sleep(min(seconds, LONGEST_SLEEP))

    async def back_up_if_due(self) -> float:
        """Write the nightly backup if it is time; return after how many seconds to look again."""
        now = self._now()
        due = next_night(await self._last(), self._settings.hour)
        if now < due:
            return (due - now).total_seconds()
        started = await self._jobs.start("BACKUP", {"nightly": True})
        ended = [record async for record in self._jobs.progress(started.id)][-1]
        if ended.state == "SUCCEEDED":
            whole = ended.metrics["verified"]
            self._failure = None if whole else "it holds damaged rows, see selfd doctor"
            return 0.0
        self._failure = ended.error or "it was cancelled"
        await self._store.values.set(_SINCE, self._now().isoformat())  # the next try is tomorrow
        return AFTER_FAILURE

    async def _last(self) -> datetime:
        """Return when the newest nightly backup was written, or since when there could be one."""
        since = await self._store.values.get(_SINCE)
        if since is None:
            since = self._now().isoformat()
            await self._store.values.set(_SINCE, since)
        names = await asyncio.to_thread(_names, self._folder)
        return max([datetime.fromisoformat(since), *nightly_times(names).values()])

    def _passphrase(self) -> str | None:
        file = self._settings.passphrase_file
        return read_passphrase(Path(file).expanduser()) if file else None

    def _prune(self) -> list[str]:
        """Remove the nightly backups that are not kept; return their names."""
        old = surplus(
            _names(self._folder),
            daily=self._settings.keep_daily,
            weekly=self._settings.keep_weekly,
        )
        for name in old:
            (self._folder / name).unlink(missing_ok=True)
        return old


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _checked_target(path: str) -> Path:
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
