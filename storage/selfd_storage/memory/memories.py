"""Memories: what selfd was told, as it was told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from selfd_storage._sqlite import sqlite3
from selfd_storage.counts import Counts
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.memory.labels import tag_numbers
from selfd_storage.memory.own_words import own_words
from selfd_storage.memory.records import MemoryKind, MemoryRecord, NewMemory
from selfd_storage.memory.rows import KINDS, count_rows, read_by_ids, read_page
from selfd_storage.memory.tellings import TellingRecord, read_tellings
from selfd_storage.memory.writes import change, erase, insert, load
from selfd_storage.pages import checked_first, make_page, read_cursor
from selfd_storage.records import EventRecord, Page
from selfd_storage.texts import checked_text
from selfd_storage.times import optional_ms, to_ms


class Memories:
    """Adds, reads, changes and forgets memories; every change is durable when it returns.

    A memory that says the same as one of its kind and source is folded into it: the older one
    counts it in `occurrences`, takes over its tags, and keeps the time and wording of each telling.
    """

    def __init__(
        self,
        database: Database[EventRecord],
        now: Callable[[], datetime],
        counts: Counts,
        on_damage: Callable[[str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._counts = counts
        self._on_damage = on_damage

    async def add(self, new: NewMemory) -> MemoryRecord:
        """Remember one text."""
        return (await self.add_many([new]))[0]

    async def add_many(self, news: Sequence[NewMemory]) -> list[MemoryRecord]:
        """Remember many texts in one transaction: all of them, or none."""

        def write(tx: Transaction) -> list[MemoryRecord]:
            now = to_ms(self._now())
            numbers = [insert(tx, new, now) for new in news]
            records = read_by_ids(tx.connection, numbers, now=now)
            return [records[number] for number in numbers]

        return await self._database.write(write, durable=True)

    async def update(
        self, id: str, *, text: str | None = None, tags: Sequence[str] | None = None
    ) -> MemoryRecord:
        """Change text, tags or both; what was before is kept for `as_of`.

        Raises:
            NotFoundError: there is no such memory.
            IntegrityError: it is damaged.
        """

        def write(tx: Transaction) -> MemoryRecord:
            number = number_of("memory", id)
            old = None if number is None else load(tx, number)
            if old is None:
                raise NotFoundError("memory", id)
            raw = old.raw if text is None else checked_text(text, "text")
            numbers = old.tags if tags is None else tuple(tag_numbers(tx, tags))
            if raw != old.raw or numbers != old.tags:
                change(tx, old, raw, numbers, to_ms(self._now()))
                tx.emit("memory.updated", id)
            now = to_ms(self._now())
            return read_by_ids(tx.connection, [old.number], now=now)[old.number]

        return await self._database.write(write, durable=True)

    async def forget(self, id: str) -> bool:
        """Remove a memory for good, with its past and its quotes; False where there is none."""
        number = number_of("memory", id)
        if number is None:
            return False
        found = await self._database.write(lambda tx: erase(tx, number), durable=True, frees=True)
        if found:
            await self._database.scrub()
        return found

    async def get(
        self, ids: Sequence[str], *, as_of: datetime | None = None
    ) -> list[MemoryRecord | None]:
        """Return memories in the order of `ids`, None where there is none (or was none at `as_of`).

        Raises:
            IntegrityError: one of them is damaged.
        """
        numbers = [number_of("memory", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        moment = optional_ms(as_of)
        now = to_ms(self._now())
        found = await self._database.read(lambda db: read_by_ids(db, wanted, moment, now))
        return [None if number is None else found.get(number) for number in numbers]

    async def page(
        self,
        *,
        first: int = 20,
        after: str | None = None,
        kind: MemoryKind | None = None,
        tag: str | None = None,
        as_of: datetime | None = None,
    ) -> Page[MemoryRecord]:
        """Return a page, newest first, as it is or was at `as_of`; damaged rows are left out."""
        place = read_cursor("memory", after)
        limit = checked_first(first) + 1
        number = None if kind is None else KINDS[kind]
        moment, now = optional_ms(as_of), to_ms(self._now())

        def read(db: sqlite3.Connection) -> Page[MemoryRecord]:
            rows = read_page(db, place, limit, number, tag, moment, now, self._on_damage)
            if number is None and tag is None and moment is None:
                total = self._counts.memories
            else:
                total = count_rows(db, number, tag, moment)
            return make_page("memory", rows, first, after, total)

        return await self._database.read(read)

    async def latest(self) -> int:
        """Return the number in the id of the memory that came last, 0 where there is none."""
        return await self._database.read(
            lambda db: int(db.execute("SELECT coalesce(max(id), 0) FROM memories").fetchone()[0])
        )

    async def tellings(self, ids: Sequence[str]) -> list[list[TellingRecord]]:
        """Return for each memory when and by what source it was told, the first time first."""
        numbers = [number_of("memory", id) or 0 for id in ids]
        found = await self._database.read(lambda db: read_tellings(db, numbers))
        return [found[number] for number in numbers]

    async def own_words(self, news: Sequence[NewMemory]) -> list[str | None]:
        """Return for each new memory what of selfd's own it repeats, None where it is news."""
        return await self._database.read(lambda db: [own_words(db, new) for new in news])

    async def unmeasured(self, *, after: str | None, first: int) -> list[str]:
        """Return the ids of memories without a surprise, oldest first, from `after` on."""
        start = (number_of("memory", after) or 0) if after is not None else 0

        def read(db: sqlite3.Connection) -> list[str]:
            rows = db.execute(
                "SELECT id FROM memories WHERE id > :start AND surprise IS NULL"
                " ORDER BY id LIMIT :first",
                {"start": start, "first": first},
            )
            return [make_id("memory", number) for (number,) in rows]

        return await self._database.read(read)

    async def set_surprise(self, id: str, surprise: float) -> None:
        """Note the bits per byte of a memory that has none yet; it may be gone by now."""

        def write(tx: Transaction) -> None:
            tx.execute(
                "UPDATE memories SET surprise = :surprise WHERE id = :id AND surprise IS NULL",
                {"surprise": round(surprise * 1000), "id": number_of("memory", id)},
            )

        await self._database.write(write)

    async def count(self) -> int:
        """Return how many memories there are."""
        return self._counts.memories
