"""Remembering, searching and reading what the owner has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfd_storage import (
    ChangeKind,
    EngramRecord,
    Hit,
    JobRecord,
    MemoryKind,
    MemoryRecord,
    NewMemory,
    Page,
    Scope,
    SourceQuote,
    TellingRecord,
)


@dataclass(frozen=True, slots=True)
class MemoryChangeInfo:
    """One change to the memories; `memory` is None when it was forgotten."""

    kind: ChangeKind
    id: str
    memory: MemoryRecord | None


class MemoryPort(Protocol):
    """Remembering, changing, forgetting."""

    async def remember(self, memory: NewMemory) -> MemoryRecord: ...
    async def remember_many(self, memories: Sequence[NewMemory]) -> Sequence[MemoryRecord]: ...
    async def update(
        self, id: str, *, text: str | None, tags: Sequence[str] | None
    ) -> MemoryRecord: ...
    async def forget(self, id: str) -> bool: ...
    async def page(
        self,
        *,
        first: int,
        after: str | None,
        kind: MemoryKind | None,
        tag: str | None,
        as_of: datetime | None,
    ) -> Page[MemoryRecord]: ...
    async def tellings(self, ids: Sequence[str]) -> Sequence[Sequence[TellingRecord]]: ...
    async def quotes(self, ids: Sequence[str]) -> Sequence[Sequence[SourceQuote]]: ...
    def changes(self) -> AsyncIterator[MemoryChangeInfo]: ...


class SearchPort(Protocol):
    """Retrieval over everything that is stored."""

    async def search(
        self, query: str, *, scope: Sequence[Scope] | None, first: int, as_of: datetime | None
    ) -> Sequence[Hit]: ...


class DocumentPort(Protocol):
    """Reading files on this machine into the store."""

    async def ingest(self, path: str) -> JobRecord: ...


class EngramPort(Protocol):
    """Folders in one searchable file each."""

    async def build(self, path: str, name: str) -> JobRecord: ...
    async def all(self) -> Sequence[EngramRecord]: ...
    async def get(self, id: str) -> EngramRecord | None: ...


class PortabilityPort(Protocol):
    """Everything out into open formats, and in again."""

    async def export_to(self, path: str) -> JobRecord: ...
    async def import_from(self, path: str, *, dry_run: bool) -> JobRecord: ...
