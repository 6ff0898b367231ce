"""Exports and imports as jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfd_daemon.clock import Now
from selfd_daemon.documents.reach import reachable
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.paths import DataFolder
from selfd_daemon.portability.exporting import export_to
from selfd_daemon.portability.importing import import_from
from selfd_graphql.errors import ServiceError
from selfd_storage import JobRecord, Store


class PortabilityService:
    """Implements `selfd_graphql.ports.PortabilityPort`; its jobs are EXPORT and IMPORT."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        lineage: Lineage,
        adapters: Adapters,
        folder: DataFolder,
        *,
        now: Now,
    ) -> None:
        self._store = store
        self._lineage = lineage
        self._adapters = adapters
        self._jobs = jobs
        self._folder = folder
        self._now = now
        jobs.register("EXPORT", self.run_export)
        jobs.register("IMPORT", self.run_import)

    async def export_to(self, path: str) -> JobRecord:
        """Queue an export to a new folder."""
        target = await asyncio.to_thread(_checked_target, path)
        return await self._jobs.start("EXPORT", {"path": str(target)})

    async def import_from(self, path: str, *, dry_run: bool) -> JobRecord:
        """Queue an import; a dry run only counts."""
        source = await asyncio.to_thread(self._checked_source, path)
        return await self._jobs.start("IMPORT", {"path": str(source), "dry_run": dry_run})

    async def run_export(self, job: JobContext) -> Mapping[str, Any]:
        """Do an EXPORT job."""
        target = await asyncio.to_thread(_checked_target, str(job.options["path"]))
        return await export_to(
            self._store,
            self._lineage,
            self._adapters,
            target,
            self._folder.settings,
            job,
            at=self._now(),
        )

    async def run_import(self, job: JobContext) -> Mapping[str, Any]:
        """Do an IMPORT job."""
        source = await asyncio.to_thread(self._checked_source, str(job.options["path"]))
        dry_run = bool(job.options.get("dry_run"))
        return await import_from(
            self._store,
            self._lineage,
            self._adapters,
            source,
            self._folder.settings,
            job,
            dry_run=dry_run,
        )

    def _checked_source(self, path: str) -> Path:
        return reachable(path, private=self._folder.root)


def _checked_target(path: str) -> Path:
    """Return where an export may go: a new or empty folder in one that is there."""
    target = Path(path).expanduser()
    if not target.is_absolute():
        raise ServiceError("INVALID_INPUT", f"the folder's path must be absolute, got {path!r}")
    if not target.parent.is_dir():
        raise ServiceError(
            "INVALID_INPUT", f"there is no folder {str(target.parent)!r}: make it first"
        )
    if target.is_symlink() or (target.exists() and not (target.is_dir() and _empty(target))):
        raise ServiceError(
            "INVALID_INPUT", f"{str(target)!r} is there already and not empty: choose a new folder"
        )
    return target


def _empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None
