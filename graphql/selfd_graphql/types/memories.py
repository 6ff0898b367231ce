"""Memories: what selfd was told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID, UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, loaders, services
from selfd_graphql.node import Node
from selfd_graphql.ports import MemoryChangeInfo
from selfd_graphql.streams import mapped
from selfd_storage import MemoryKind as StoredMemoryKind
from selfd_storage import MemoryRecord, NewMemory, TellingRecord


@described.enum
class MemoryKind(Enum):
    """What a memory is about."""

    FACT = "FACT"
    EPISODE = "EPISODE"
    PREFERENCE = "PREFERENCE"
    NOTE = "NOTE"
    REFLECTION = "REFLECTION"

    @property
    def stored(self) -> StoredMemoryKind:
        """The store's name for this kind."""
        return self.value


@described.enum
class ChangeKind(Enum):
    """What happened to a memory."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    MERGED = "MERGED"
    FORGOTTEN = "FORGOTTEN"


@described.output
class Telling:
    """One time that a memory was told."""

    at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(description="When selfd was told.")
    source: str | None
    text: str | None = strawberry.field(
        description="As it was told; null where it is to the letter what the memory says."
    )

    @classmethod
    def from_record(cls, record: TellingRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            at=record.at, recorded_at=record.recorded_at, source=record.source, text=record.text
        )


@described.output
class MemoryQuote:
    """The words of a memory that a reflection quotes."""

    memory_id: ID
    text: str


@described.output
class Memory(Node):
    """Something that selfd was told, as it was told."""

    kind: MemoryKind
    text: str
    tags: list[str]
    source: str | None
    created_at: datetime
    updated_at: datetime
    occurrences: int = strawberry.field(
        description="How many near-identical memories were folded into this one."
    )
    surprise: float | None = strawberry.field(
        description="Bits of surprise per byte when it came in, by the built-in model."
    )
    importance: float = strawberry.field(
        description="By surprise, repetition, recency and feedback; it ranks and never hides."
    )

    @described.field
    async def tellings(self, info: Info, first: int | None = 20) -> list[Telling]:
        """When and by what source it was told, the first time first."""
        found = await loaders(info).tellings.load(str(self.id))
        return [Telling.from_record(each) for each in found[: page_size(first, 20)]]

    @described.field
    async def quotes(self, info: Info, first: int | None = 20) -> list[MemoryQuote]:
        """The memories that a reflection quotes, in its order; none for other memories."""
        found = await loaders(info).quotes.load(str(self.id))
        return [
            MemoryQuote(memory_id=ID(each.memory_id), text=each.quote)
            for each in found[: page_size(first, 20)]
        ]

    @classmethod
    def from_record(cls, record: MemoryRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            kind=MemoryKind(record.kind),
            text=record.text,
            tags=list(record.tags),
            source=record.source,
            created_at=record.created_at,
            updated_at=record.updated_at,
            occurrences=record.occurrences,
            surprise=record.surprise,
            importance=record.importance,
        )


@described.output
class MemoryChange:
    """One change to the memories."""

    kind: ChangeKind
    id: ID
    memory: Memory | None = strawberry.field(description="Null once it is forgotten.")

    @classmethod
    def from_record(cls, change: MemoryChangeInfo) -> Self:
        """Translate a change that the daemon reports."""
        return cls(
            kind=ChangeKind(change.kind),
            id=ID(change.id),
            memory=None if change.memory is None else Memory.from_record(change.memory),
        )


@described.input
class RememberInput:
    """Something to remember."""

    text: str
    kind: MemoryKind | None = MemoryKind.NOTE
    tags: list[str] | None = UNSET
    source: str | None = strawberry.field(
        default=UNSET, description="Where it comes from; memories of one source are one episode."
    )
    at: datetime | None = strawberry.field(
        default=UNSET, description="When it happened; now, when left out."
    )

    def to_record(self) -> NewMemory:
        """Translate into what the store takes."""
        return NewMemory(
            text=self.text,
            kind=(self.kind or MemoryKind.NOTE).stored,
            tags=tuple(given(self.tags) or ()),
            source=given(self.source),
            at=given(self.at),
        )


@described.output
class MemoryQuery:
    """What can be asked about memories."""

    @described.field
    async def memories(
        self,
        info: Info,
        first: int | None = 20,
        after: str | None = UNSET,
        kind: MemoryKind | None = UNSET,
        tag: str | None = UNSET,
        as_of: datetime | None = UNSET,
    ) -> Connection[Memory]:
        """Memories, newest first. asOf answers as the daemon would have answered at that time."""
        wanted = given(kind)
        page = await services(info).memories.page(
            first=page_size(first, 20),
            after=given(after),
            kind=None if wanted is None else wanted.stored,
            tag=given(tag),
            as_of=given(as_of),
        )
        return connection(page, Memory.from_record)


@described.output
class MemoryMutation:
    """What can be done with memories."""

    @described.mutation
    async def remember(self, info: Info, input: RememberInput) -> Memory:
        """Remember a text; it is durable when this answers."""
        return Memory.from_record(await services(info).memories.remember(input.to_record()))

    @described.mutation
    async def remember_many(self, info: Info, inputs: list[RememberInput]) -> list[Memory]:
        """Remember several texts, all of them or none."""
        records = [input.to_record() for input in inputs]
        stored = await services(info).memories.remember_many(records)
        return [Memory.from_record(record) for record in stored]

    @described.mutation
    async def update_memory(
        self, info: Info, id: ID, text: str | None = UNSET, tags: list[str] | None = UNSET
    ) -> Memory:
        """Change the text, the tags, or both."""
        record = await services(info).memories.update(id, text=given(text), tags=given(tags))
        return Memory.from_record(record)

    @described.mutation
    async def forget(self, info: Info, id: ID) -> bool:
        """Remove the text, its codes and its index entries for good; false when there is no
        such memory."""
        return await services(info).memories.forget(id)


@described.output
class MemorySubscription:
    """What can be followed about memories."""

    @described.subscription
    async def memory_changed(self, info: Info) -> AsyncGenerator[MemoryChange, None]:
        """Every change to the memories, as it happens."""
        return mapped(services(info).memories.changes(), MemoryChange.from_record)
