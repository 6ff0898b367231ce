"""The daemon itself: its state, its long work and its log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from selfd_graphql.ports.minds import MindInfo
from selfd_storage import (
    AnswerRecord,
    BackupRecord,
    EventRecord,
    Item,
    JobKind,
    JobRecord,
    JobState,
    Page,
    StorageReportRecord,
)


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """The daemon's state at one moment; `uptime` in seconds, `resident_memory` in bytes."""

    version: str
    uptime: float
    backend: str
    mind: MindInfo | None
    memory_count: int
    article_count: int
    running_jobs: int
    resident_memory: int
    ready: bool
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting; values as JSON has them, `type` with the bounds, in words."""

    name: str
    value: Any
    next_value: Any
    origin: str
    type: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or mutation that was answered.

    Its name is one that our own clients use, or "other": anybody could make up more of them.
    """

    name: str
    seconds: float
    failed: bool


class JobPort(Protocol):
    """Long work."""

    async def start(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord: ...
    async def cancel(self, id: str) -> JobRecord: ...
    async def job(self, id: str) -> JobRecord | None: ...
    async def page(
        self, *, first: int, after: str | None, state: JobState | None
    ) -> Page[JobRecord]: ...
    def progress(self, id: str | None) -> AsyncIterator[JobRecord]: ...


class EventPort(Protocol):
    """The durable, numbered log, replayed and then live."""

    def stream(
        self, *, kinds: Sequence[str] | None, after: int | None
    ) -> AsyncIterator[EventRecord]: ...


class SystemPort(Protocol):
    """The daemon itself."""

    async def status(self) -> StatusInfo: ...
    async def settings(self) -> Sequence[SettingInfo]: ...
    async def change_setting(self, name: str, value: Any) -> SettingInfo:
        """Write a value for the next start; None goes back to the default."""
        ...

    async def storage(self) -> StorageReportRecord: ...
    async def backup(self, path: str, *, passphrase: str | None) -> BackupRecord: ...
    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        """Memories, articles and chunks by id, in the order of `ids`, None where there is none."""
        ...

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]: ...
