"""Fakes of the ports of the system, its events, and what goes out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfd_graphql import SettingInfo, StatusInfo
from selfd_storage import (
    AnswerRecord,
    BackupRecord,
    EventRecord,
    Item,
    JobRecord,
    StorageReportRecord,
    StorageTierRecord,
)
from support.fakes.channel import Channel
from support.fakes.samples import ANSWER, CHUNK, JOB, MIND


@dataclass
class Events:
    """The event port."""

    channel: Channel[EventRecord] = field(default_factory=Channel)

    def stream(
        self, *, kinds: Sequence[str] | None, after: int | None
    ) -> AsyncIterator[EventRecord]:
        return self.channel.stream((kinds, after))


SETTING = SettingInfo("port", 7353, 7353, "default", "a number", "7353", "It.")


@dataclass
class System:
    """The system port; `broken` is raised by `status`."""

    broken: Exception | None = None
    setting: SettingInfo = SETTING
    resident_memory: int = 3 * 2**30
    stored: dict[str, Item] = field(default_factory=lambda: {CHUNK.id: CHUNK})
    reads: list[Sequence[str]] = field(default_factory=list)

    async def status(self) -> StatusInfo:
        if self.broken is not None:
            raise self.broken
        return StatusInfo("1.0", 5.5, "numpy", MIND, 1, 2, 0, self.resident_memory, True, ())

    async def settings(self) -> Sequence[SettingInfo]:
        return [self.setting]

    async def change_setting(self, name: str, value: Any) -> SettingInfo:
        return replace(self.setting, name=name, next_value=value)

    async def storage(self) -> StorageReportRecord:
        tier = StorageTierRecord("hot", "lz4", 1, 200, 50)
        return StorageReportRecord(1, 200, 50, (tier,))

    async def backup(self, path: str, *, passphrase: str | None) -> BackupRecord:
        return BackupRecord(path, 5 * 2**30, 1.5, True, passphrase is not None, "5ea1")

    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        self.reads.append(ids)
        return [self.stored.get(id) for id in ids]

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]:
        return [ANSWER if id == ANSWER.id else None for id in ids]


@dataclass
class Portability:
    """The portability port."""

    async def export_to(self, path: str) -> JobRecord:
        return replace(JOB, kind="EXPORT", metrics={"path": path})

    async def import_from(self, path: str, *, dry_run: bool) -> JobRecord:
        return replace(JOB, kind="IMPORT", metrics={"path": path, "dry_run": dry_run})
