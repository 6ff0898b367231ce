"""Fakes of the ports of memories, searches, documents and engrams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from selfd_graphql import MemoryChangeInfo, ServiceError
from selfd_storage import (
    EngramRecord,
    Hit,
    InvalidInputError,
    JobRecord,
    MemoryKind,
    MemoryRecord,
    NewMemory,
    NotFoundError,
    Page,
    Scope,
    SourceQuote,
    TellingRecord,
)
from support.fakes.channel import Channel, page_of
from support.fakes.samples import JOB, NOON


@dataclass
class Memories:
    """The memory port over a list, newest first."""

    records: list[MemoryRecord] = field(default_factory=list)
    channel: Channel[MemoryChangeInfo] = field(default_factory=Channel)
    asked: dict[str, Any] = field(default_factory=dict)

    async def remember(self, memory: NewMemory) -> MemoryRecord:
        if not memory.text.strip():
            raise InvalidInputError("a memory's text must not be empty")
        record = MemoryRecord(
            id=f"memory:{len(self.records) + 1}",
            kind=memory.kind,
            text=memory.text,
            tags=memory.tags,
            source=memory.source,
            created_at=memory.at or NOON,
            recorded_at=NOON,
            updated_at=NOON,
            occurrences=1,
            surprise=memory.surprise,
            importance=0.5,
        )
        self.records.insert(0, record)
        return record

    async def remember_many(self, memories: Sequence[NewMemory]) -> Sequence[MemoryRecord]:
        return [await self.remember(memory) for memory in memories]

    async def tellings(self, ids: Sequence[str]) -> Sequence[Sequence[TellingRecord]]:
        said = {each.id: TellingRecord(each.created_at, each.recorded_at, each.source, None)
                for each in self.records}  # fmt: skip
        return [[said[id]] if id in said else [] for id in ids]

    async def quotes(self, ids: Sequence[str]) -> Sequence[Sequence[SourceQuote]]:
        kinds = {each.id: each.kind for each in self.records}
        return [
            [SourceQuote("memory:7", "said")] if kinds.get(id) == "REFLECTION" else [] for id in ids
        ]

    async def update(
        self, id: str, *, text: str | None, tags: Sequence[str] | None
    ) -> MemoryRecord:
        for place, record in enumerate(self.records):
            if record.id == id:
                changed = replace(
                    record,
                    text=record.text if text is None else text,
                    tags=record.tags if tags is None else tuple(tags),
                )
                self.records[place] = changed
                return changed
        raise NotFoundError("memory", id)

    async def forget(self, id: str) -> bool:
        before = len(self.records)
        self.records = [record for record in self.records if record.id != id]
        return len(self.records) < before

    async def page(
        self,
        *,
        first: int,
        after: str | None,
        kind: MemoryKind | None,
        tag: str | None,
        as_of: datetime | None,
    ) -> Page[MemoryRecord]:
        self.asked = {"first": first, "after": after, "kind": kind, "tag": tag, "as_of": as_of}
        return page_of(self.records, first, after)

    def changes(self) -> AsyncIterator[MemoryChangeInfo]:
        return self.channel.stream()


@dataclass
class Search:
    """The search port: finds what it is told to find."""

    hits: Sequence[Hit] = ()
    asked: dict[str, Any] = field(default_factory=dict)

    async def search(
        self, query: str, *, scope: Sequence[Scope] | None, first: int, as_of: datetime | None
    ) -> Sequence[Hit]:
        self.asked = {"query": query, "scope": scope, "first": first, "as_of": as_of}
        return self.hits[:first]


@dataclass
class Documents:
    """The document port."""

    async def ingest(self, path: str) -> JobRecord:
        if path == "/missing":
            raise ServiceError("NOT_FOUND", f"no file or folder at {path!r}", path=path)
        return JOB


ENGRAM = EngramRecord("engram:1", "notes", "/data/engrams/notes.engram", 3, 2**32, 700, NOON)


@dataclass
class Engrams:
    """The engram port."""

    async def build(self, path: str, name: str) -> JobRecord:
        return replace(JOB, kind="BUILD_ENGRAM", metrics={"path": path, "name": name})

    async def all(self) -> Sequence[EngramRecord]:
        return [ENGRAM]

    async def get(self, id: str) -> EngramRecord | None:
        return ENGRAM if id == ENGRAM.id else None
