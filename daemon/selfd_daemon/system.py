"""The daemon about itself: status, storage, backups, and items by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psutil

from selfd_daemon.backups import BackupService
from selfd_daemon.clock import Monotonic
from selfd_daemon.errors import SettingError
from selfd_daemon.jobs import JobRunner
from selfd_daemon.settings.file import SettingsFile, SettingValue
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import MindPort, SettingInfo, StatusInfo
from selfd_storage import AnswerRecord, BackupRecord, Item, StorageReportRecord, Store


class SystemService:
    """Implements `selfd_graphql.ports.SystemPort`."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        minds: MindPort,
        backups: BackupService,
        settings: SettingsFile,
        *,
        version: str,
        backend: str,
        monotonic: Monotonic,
        problems: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._minds = minds
        self._backups = backups
        self._settings = settings
        self._version = version
        self._backend = backend
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
            problems=self.problems(),
        )

    def problems(self) -> list[str]:
        """Return what is degraded, in words that a person can act on."""
        return [*self._store.problems(), *self._backups.problems(), *self._problems()]

    async def settings(self) -> list[SettingInfo]:
        """Return every setting.

        Raises:
            ServiceError: the file cannot be read any more.
        """
        try:
            return [_told(each) for each in self._settings.table()]
        except SettingError as error:
            raise ServiceError("INVALID_INPUT", str(error)) from error

    async def change_setting(self, name: str, value: Any) -> SettingInfo:
        """Write a value for the next start.

        Raises:
            ServiceError: there is no such setting, or it does not take that value.
        """
        try:
            return _told(self._settings.change(name, value))
        except SettingError as error:
            raise ServiceError("INVALID_INPUT", str(error), name=name) from error

    async def storage(self) -> StorageReportRecord:
        """Return what everything takes on disk, measured."""
        return await self._store.report()

    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        """Return memories, articles and chunks by id, None where there is none."""
        return await self._store.items(ids)

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]:
        """Return answers by id, None where there is none."""
        return await self._store.conversations.answers(ids)

    async def backup(self, path: str, *, passphrase: str | None = None) -> BackupRecord:
        """Write everything that cannot be made again to a new file, and read it back."""
        return await self._backups.write(path, passphrase)


def _told(setting: SettingValue) -> SettingInfo:
    line = setting.line
    return SettingInfo(
        name=line.name,
        value=setting.value,
        next_value=setting.next_value,
        origin=setting.origin,
        type=f"{line.type}, {line.rule}" if line.rule else line.type,
        default=line.default,
        description=line.sentence,
    )
