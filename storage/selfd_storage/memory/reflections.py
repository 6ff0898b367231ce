"""Reflections: what was told in an episode, in the words of its own memories.

A reflection is a memory like others; which memories it quotes is kept beside it. It goes with any
one of them, and an episode that was reflected on is not reflected on again until it changes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.ids import make_id, number_of
from selfd_storage.memory.records import NewMemory
from selfd_storage.memory.reflection_rows import forget_episode
from selfd_storage.memory.rows import KINDS
from selfd_storage.memory.writes import erase, insert, load
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms

_MEMBERS = """
SELECT m.id, m.at, s.name, m.hash FROM memories AS m LEFT JOIN sources AS s ON s.id = m.source_id
WHERE (m.at, m.id) > (:at, :number) AND m.kind <> :reflection
ORDER BY m.at, m.id LIMIT :limit
"""
_QUOTES = """
SELECT reflection_id, memory_id, quote FROM reflection_sources
WHERE reflection_id IN (SELECT value FROM json_each(:ids)) ORDER BY reflection_id, position
"""


@dataclass(frozen=True, slots=True)
class EpisodeMember:
    """A memory as a part of an episode; `hash` is another one when its content is."""

    id: str
    at: datetime
    source: str | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class SourceQuote:
    """The words of a memory that a reflection quotes."""

    memory_id: str
    quote: str


class Reflections:
    """Keeps reflections with what they quote, and which episodes were reflected on."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def members(
        self, after: EpisodeMember | None = None, first: int = 1000
    ) -> list[EpisodeMember]:
        """Return memories that are no reflections, in the order of their time, after one."""
        values = {
            "at": -(2**62) if after is None else to_ms(after.at),
            "number": 0 if after is None else number_of("memory", after.id),
            "reflection": KINDS["REFLECTION"],
            "limit": first,
        }

        def read(db: sqlite3.Connection) -> list[EpisodeMember]:
            return [
                EpisodeMember(make_id("memory", number), from_ms(at), source, hash)
                for number, at, source, hash in db.execute(_MEMBERS, values)
            ]

        return await self._database.read(read)

    async def is_done(self, fingerprint: bytes) -> bool:
        """Tell whether an episode was reflected on as it is now."""

        def read(db: sqlite3.Connection) -> bool:
            statement = "SELECT 1 FROM episodes WHERE fingerprint = :fingerprint"
            return db.execute(statement, {"fingerprint": fingerprint}).fetchone() is not None

        return await self._database.read(read)

    async def add(
        self,
        fingerprint: bytes,
        members: Sequence[str],
        reflection: NewMemory | None,
        quotes: Sequence[SourceQuote] = (),
    ) -> str | None:
        """Note an episode with its reflection, which takes the place of older ones of its members.

        Nothing is written, and None returned, where a quote is not in its memory any more, and
        where there is nothing to tell.

        Args:
            members: all memories of the episode.
            reflection: None where there is nothing to tell.
        """

        def write(tx: Transaction) -> str | None:
            if not all(_is_quoted(tx, each) for each in quotes):
                return None
            replaced = {old for id in members for old in _reflections_of(tx, id)}
            for old in replaced:
                forget_episode(tx, old)
                erase(tx, old)
            number: int | None = None
            if reflection is not None:
                number = insert(tx, reflection, to_ms(self._now()))
                _cite(tx, number, quotes)
            tx.execute(
                "INSERT OR REPLACE INTO episodes (fingerprint, reflection_id)"
                " VALUES (:fingerprint, :reflection)",
                {"fingerprint": fingerprint, "reflection": number},
            )
            return None if number is None else make_id("memory", number)

        return await self._database.write(write)

    async def quotes(self, id: str) -> list[SourceQuote]:
        """Return what a reflection quotes, in its order; nothing for other memories."""
        return (await self.quotes_of([id]))[0]

    async def quotes_of(self, ids: Sequence[str]) -> list[list[SourceQuote]]:
        """Return for each memory what it quotes, in its order; nothing where it quotes none."""
        numbers = [number_of("memory", id) for id in ids]

        def read(db: sqlite3.Connection) -> dict[int, list[SourceQuote]]:
            found: defaultdict[int, list[SourceQuote]] = defaultdict(list)
            for reflection, number, quote in db.execute(_QUOTES, {"ids": json.dumps(numbers)}):
                found[reflection].append(SourceQuote(make_id("memory", number), quote))
            return found

        found = await self._database.read(read)
        return [[] if number is None else found.get(number, []) for number in numbers]


def _is_quoted(tx: Transaction, quote: SourceQuote) -> bool:
    number = number_of("memory", quote.memory_id)
    row = None if number is None else load(tx, number)
    return row is not None and quote.quote in row.raw.decode("utf-8")


def _reflections_of(tx: Transaction, id: str) -> list[int]:
    rows = tx.execute(
        "SELECT DISTINCT reflection_id FROM reflection_sources WHERE memory_id = :id",
        {"id": number_of("memory", id)},
    )
    return [number for (number,) in rows]


def _cite(tx: Transaction, reflection: int, quotes: Sequence[SourceQuote]) -> None:
    for position, each in enumerate(quotes):
        tx.execute(
            "INSERT OR REPLACE INTO reflection_sources (reflection_id, position, memory_id, quote)"
            " VALUES (:reflection, :position, :memory, :quote)",
            {
                "reflection": reflection,
                "position": position,
                "memory": number_of("memory", each.memory_id),
                "quote": each.quote,
            },
        )
