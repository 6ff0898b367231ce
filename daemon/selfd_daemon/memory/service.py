"""The memories as the API sees them: checked on the way in, followed as they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from selfd_daemon.bus import EventBus
from selfd_daemon.settings import MemorySettings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import MemoryChangeInfo
from selfd_storage import (
    ChangeKind,
    EventRecord,
    MemoryKind,
    MemoryRecord,
    NewMemory,
    Page,
    SourceQuote,
    Store,
    TellingRecord,
)

MOST_TAGS = 64
LONGEST_TAG = 256
LONGEST_SOURCE = 2048

CHANGES: Mapping[str, ChangeKind] = {
    "memory.added": "ADDED",
    "memory.updated": "UPDATED",
    "memory.merged": "MERGED",
    "memory.forgotten": "FORGOTTEN",
}


class MemoryService:
    """Implements `selfd_graphql.ports.MemoryPort` over the store.

    `surprise` gives the bits per byte of a text; it may take a while, so it runs in a thread.
    """

    def __init__(
        self,
        store: Store,
        bus: EventBus,
        settings: MemorySettings,
        *,
        surprise: Callable[[str], float] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._settings = settings
        self._surprise = surprise

    async def remember(self, memory: NewMemory) -> MemoryRecord:
        """Store one memory; it is durable when this returns."""
        self._check(memory)
        await self._refuse_own([memory])
        return await self._store.memories.add(await self._scored(memory))

    async def remember_many(self, memories: Sequence[NewMemory]) -> Sequence[MemoryRecord]:
        """Store many memories in one transaction: all of them or none."""
        if len(memories) > self._settings.max_batch:
            raise ServiceError(
                "TOO_LARGE",
                f"at most {self._settings.max_batch} memories at a time, got {len(memories)}: "
                "send them in several calls",
            )
        for place, memory in enumerate(memories, start=1):
            self._check(memory, f"memory {place}: ")
        await self._refuse_own(memories)
        return await self._store.memories.add_many(
            [await self._scored(memory) for memory in memories]
        )

    async def update(
        self, id: str, *, text: str | None, tags: Sequence[str] | None
    ) -> MemoryRecord:
        """Change a memory's text, its tags or both; None leaves them as they are."""
        if text is not None:
            self._check_text(text)
        if tags is not None:
            self._check_tags(tags)
        return await self._store.memories.update(
            id, text=text, tags=None if tags is None else tuple(tags)
        )

    async def forget(self, id: str) -> bool:
        """Remove a memory for good; False when there is none of that id."""
        return await self._store.memories.forget(id)

    async def page(
        self,
        *,
        first: int,
        after: str | None,
        kind: MemoryKind | None,
        tag: str | None,
        as_of: datetime | None,
    ) -> Page[MemoryRecord]:
        """Return a page of memories, newest first, as they were at `as_of`."""
        return await self._store.memories.page(
            first=first, after=after, kind=kind, tag=tag, as_of=as_of
        )

    async def tellings(self, ids: Sequence[str]) -> Sequence[Sequence[TellingRecord]]:
        """Return for each memory when and by what source it was told."""
        return await self._store.memories.tellings(ids)

    async def quotes(self, ids: Sequence[str]) -> Sequence[Sequence[SourceQuote]]:
        """Return for each memory what it quotes, if it is a reflection."""
        return await self._store.reflections.quotes_of(ids)

    def changes(self) -> AsyncIterator[MemoryChangeInfo]:
        """Follow every change from the moment of this call on."""
        return self._changes(self._bus.stream(kinds=tuple(CHANGES)))

    async def _changes(
        self, events: AsyncGenerator[EventRecord, None]
    ) -> AsyncIterator[MemoryChangeInfo]:
        async with aclosing(events):
            async for event in events:
                if event.subject is not None:
                    (memory,) = await self._store.memories.get([event.subject])
                    yield MemoryChangeInfo(CHANGES[event.kind], event.subject, memory)

    async def _refuse_own(self, memories: Sequence[NewMemory]) -> None:
        """Refuse what selfd said itself: stored, it would vouch for itself ever after."""
        origins = await self._store.memories.own_words(memories)
        for place, origin in enumerate(origins, start=1):
            if origin is not None:
                where = f"memory {place}: " if len(memories) > 1 else ""
                raise ServiceError(
                    "OWN_WORDS",
                    f"{where}this is what selfd said itself, see {origin}: only what it is told "
                    "is remembered; say it in your own words",
                    id=origin,
                )

    async def _scored(self, memory: NewMemory) -> NewMemory:
        if self._surprise is None or memory.surprise is not None:
            return memory
        return replace(memory, surprise=await asyncio.to_thread(self._surprise, memory.text))

    def _check(self, memory: NewMemory, where: str = "") -> None:
        self._check_text(memory.text, where)
        self._check_tags(memory.tags, where)
        if memory.source is not None:
            _check_short(memory.source, LONGEST_SOURCE, f"{where}the source")
        if memory.at is not None and memory.at.tzinfo is None:
            raise ServiceError(
                "INVALID_INPUT", f"{where}the time needs an offset, like 2026-01-31T12:00:00Z"
            )

    def _check_text(self, text: str, where: str = "") -> None:
        size = len(_encoded(text, f"{where}the text"))
        if not text.strip():
            raise ServiceError("INVALID_INPUT", f"{where}the text is empty")
        if size > self._settings.max_text_bytes:
            raise ServiceError(
                "TOO_LARGE",
                f"{where}the text has {size} bytes, at most {self._settings.max_text_bytes} "
                "are kept as one memory: save it as a file and ingest that",
            )

    def _check_tags(self, tags: Sequence[str], where: str = "") -> None:
        if len(tags) > MOST_TAGS:
            raise ServiceError("TOO_LARGE", f"{where}at most {MOST_TAGS} tags, got {len(tags)}")
        for tag in tags:
            _check_short(tag, LONGEST_TAG, f"{where}the tag {tag[:40]!r}")
            if not tag.strip():
                raise ServiceError("INVALID_INPUT", f"{where}a tag is empty")


def _check_short(text: str, limit: int, what: str) -> None:
    size = len(_encoded(text, what))
    if size > limit:
        raise ServiceError("TOO_LARGE", f"{what} has {size} bytes, at most {limit} are kept")


def _encoded(text: str, what: str) -> bytes:
    """Return the text's bytes; half characters and NUL, which no text file holds, are refused."""
    if "\0" in text:
        raise ServiceError("INVALID_INPUT", f"{what} holds a NUL character")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ServiceError(
            "INVALID_INPUT", f"{what} holds half a character (a lone surrogate) at {error.start}"
        ) from error
