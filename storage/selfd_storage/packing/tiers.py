"""Moving rows between tiers: packed anew, read back, and only then put in the old bytes' place.

Rows are packed outside any transaction, from one snapshot. A row is replaced only if it still has
the hash, codec and dictionary that were read, so that a change made meanwhile is never undone; and
only if what it was packed to gives back, byte for byte, what its hash vouches for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.packing.codecs import COLD, HOT, Packer, decode
from selfd_storage.packing.dictionaries import (
    Dictionary,
    learn,
    learn_all,
    pack_samples,
    unpack_samples,
)
from selfd_storage.packing.integrity import content_hash
from selfd_storage.packing.learning import (
    LearnedDictionary,
    Sample,
    learn_from,
    read_sample,
    still_stands,
)
from selfd_storage.packing.records import MovedRecord, PackedContent, TrainedRecord
from selfd_storage.records import EventRecord
from selfd_storage.times import to_ms
from selfd_storage.values import read_value, write_value

SLICE_ROWS = 500
SLICE_BYTES = 4 * 1024 * 1024
ATTEMPTS = 3  # to learn from texts of which none is changed or forgotten meanwhile
GAIN = 0.1  # that a new dictionary must bring
SLACK = 0.1  # of the file that may lie free before it is written anew

_WANTED = """
WHERE id > :after AND (tier = :hot OR (dictionary IS NOT :current
    AND (:whole OR dictionary IS NOT NULL)))
ORDER BY id LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table whose rows are packed; the hash covers the columns that follow `body`.

    content: of the dictionary that packs them; None: without one, for whole texts of some kB.
    """

    content: PackedContent | None
    hashed_as: str
    columns: str
    put: str


def _table(name: str, content: PackedContent | None, hashed_as: str, meaning: str = "") -> _Table:
    return _Table(
        content,
        hashed_as,
        f"SELECT id, codec, dictionary, size, hash, body{meaning} FROM {name} {_WANTED}",  # noqa: S608 - names of ours
        f"UPDATE {name} SET tier = :tier, codec = :codec, dictionary = :dictionary, body = :body"  # noqa: S608 - a name of ours
        " WHERE id = :id AND hash = :hash AND size = :size AND codec = :was_codec"
        " AND dictionary IS :was_dictionary",
    )


TABLES: Mapping[str, _Table] = {
    "memories": _table("memories", "memory", "memory", ", kind, at, recorded_at, source_id, tags"),
    "memory_versions": _table(
        "memory_versions", "memory", "version", ", memory_id, valid_from, valid_to, tags"
    ),
    "chunks": _table("chunks", "chunk", "chunk"),
    "articles": _table("articles", "article", "article", ", published_at, fetched_at"),
    "messages": _table("messages", "message", "message", ", conversation_id, role, at"),
    "self_versions": _table("self_versions", None, "self", ", at"),
}
CONTENTS: Sequence[PackedContent] = ("memory", "chunk", "article", "message")
_UNUSED = """
DELETE FROM dictionaries WHERE id <> :current AND content = :content AND id NOT IN (
    SELECT dictionary FROM memories WHERE dictionary IS NOT NULL
    UNION SELECT dictionary FROM memory_versions WHERE dictionary IS NOT NULL
    UNION SELECT dictionary FROM chunks WHERE dictionary IS NOT NULL
    UNION SELECT dictionary FROM articles WHERE dictionary IS NOT NULL
    UNION SELECT dictionary FROM messages WHERE dictionary IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A row as it was read, and what is to take its body's place."""

    row: tuple[Any, ...]
    codec: int
    dictionary: int | None
    body: bytes


class Tiers:
    """Packs what was written since the last time, and learns what the packing needs."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def open(self) -> None:
        """Let every packed row be read."""
        await self._database.read(learn_all)

    def tables(self) -> Sequence[str]:
        """Return the tables whose rows are packed."""
        return tuple(TABLES)

    async def train(self, content: PackedContent) -> TrainedRecord:
        """Learn a dictionary anew, and take it into use if it saves more than a tenth.

        One that holds pieces of what is gone is given up in any case. Rows that need an older one
        keep it until they are moved.
        """
        gain = 0.0
        for _ in range(ATTEMPTS):
            sample = await self._database.read(lambda db: read_sample(db, content))
            current, is_stale = await self._database.read(lambda db: _current(db, content))
            found = await asyncio.to_thread(learn_from, sample, current)
            gain = found.gain
            if found.body is None or not (gain > GAIN or (is_stale and current is None)):
                break
            number = await self._keep(content, sample, found, found.body)
            if number is not None:
                return TrainedRecord(content, number, gain)
        return TrainedRecord(content, None, gain)

    async def move(self, table: str, after: int) -> MovedRecord:
        """Pack the next rows of a table above a number; `last` is None when there are no more."""
        packed_table = TABLES[table]

        def read(db: sqlite3.Connection) -> tuple[Dictionary | None, bool, list[tuple[Any, ...]]]:
            current, _ = _current(db, packed_table.content)
            whole = read_value(db, _done(table)) != _number(current)
            return current, whole, _slice(db, packed_table, after, _number(current), whole)

        current, whole, rows = await self._database.read(read)
        packed = await asyncio.to_thread(_pack_all, packed_table, rows, current)
        last = rows[-1][0] if rows else None

        def write(tx: Transaction) -> int:
            if last is None and whole:
                write_value(tx, _done(table), _number(current))
            return sum(_put(tx, packed_table, each) for each in packed)

        is_written = bool(packed) or (last is None and whole)
        moved = await self._database.write(write, frees=True) if is_written else 0
        return MovedRecord(
            last=last,
            seen=len(rows),
            rows=moved,
            bytes_before=sum(len(each.row[5]) for each in packed),
            bytes_after=sum(len(each.body) for each in packed),
        )

    async def drop_unused(self) -> int:
        """Delete the dictionaries that no row needs any more; return how many."""

        def write(tx: Transaction) -> int:
            dropped = 0
            for content in CONTENTS:
                current, _ = _current(tx.connection, content)
                values = {"content": content, "current": _number(current)}
                dropped += tx.execute(_UNUSED, values).rowcount
            return dropped

        dropped = await self._database.write(write, frees=True)
        if dropped:
            await self._database.scrub()
        return dropped

    async def unlearn(self) -> Sequence[PackedContent]:
        """Note which dictionaries hold pieces of what is gone; return what must be packed anew."""

        def write(tx: Transaction) -> list[PackedContent]:
            gone: dict[str, set[int]] = {}
            for content, item in tx.execute("SELECT content, item FROM gone_samples"):
                gone.setdefault(content, set()).add(item)
            rows = tx.execute("SELECT id, content, samples FROM dictionaries WHERE NOT stale")
            for number, content, samples in rows.fetchall():
                if not gone.get(content, set()).isdisjoint(unpack_samples(samples)):
                    tx.execute("UPDATE dictionaries SET stale = 1 WHERE id = :id", {"id": number})
            tx.execute("DELETE FROM gone_samples")
            rows = tx.execute("SELECT DISTINCT content FROM dictionaries WHERE stale")
            stale = {content for (content,) in rows}
            return [content for content in CONTENTS if content in stale]

        is_owed = await self._database.read(_is_owed)
        return await self._database.write(write, frees=True) if is_owed else []

    async def tighten(self) -> int:
        """Write the file anew where much lies free in it; return the bytes that this gave back."""
        size, unused = await self._database.read(measure)
        floor = await self._database.read(lambda db: read_value(db, "tiers.unused")) or 0
        if unused - floor < SLACK * size or not await self._database.vacuum():
            return 0
        now, left = await self._database.read(measure)
        await self._database.write(lambda tx: write_value(tx, "tiers.unused", left))
        await self._database.scrub()
        return max(0, size - now)

    async def _keep(
        self, content: PackedContent, sample: Sample, found: LearnedDictionary, body: bytes
    ) -> int | None:
        """Take a dictionary into use, unless something it learned from was forgotten meanwhile."""
        values = {
            "now": to_ms(self._now()),
            "content": content,
            "key": learn(0, body).key,
            "samples": pack_samples(found.samples),
            "body": body,
        }

        def write(tx: Transaction) -> int | None:
            if not still_stands(tx.connection, content, sample):
                return None
            cursor = tx.execute(
                "INSERT INTO dictionaries (made_at, content, key, samples, stale, body)"
                " VALUES (:now, :content, :key, :samples, 0, :body)"
                " ON CONFLICT (key) DO UPDATE SET stale = 0, samples = :samples RETURNING id",
                values,
            )
            return int(cursor.fetchone()[0])

        return await self._database.write(write, frees=True)


def measure(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the bytes of a file and of what lies free in its pages.

    Without SQLite's dbstat, only pages that are wholly free are counted.
    """
    size, pages, free = (
        int(db.execute(pragma).fetchone()[0])
        for pragma in ("PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count")
    )
    try:
        (unused,) = db.execute("SELECT sum(unused) FROM dbstat WHERE aggregate = TRUE").fetchone()
    except sqlite3.OperationalError:
        unused = 0
    return size * pages, size * free + int(unused or 0)


def _current(
    db: sqlite3.Connection, content: PackedContent | None
) -> tuple[Dictionary | None, bool]:
    """Return the dictionary in use, and whether one holds pieces of what is gone."""
    row = db.execute(
        "SELECT id, body FROM dictionaries WHERE content = :content AND NOT stale"
        " ORDER BY id DESC LIMIT 1",
        {"content": content},
    ).fetchone()
    (is_stale,) = db.execute(
        "SELECT EXISTS (SELECT 1 FROM dictionaries WHERE content = :content AND stale)",
        {"content": content},
    ).fetchone()
    return (None if row is None else learn(*row)), bool(is_stale)


def _number(dictionary: Dictionary | None) -> int:
    """Return the row of a dictionary, 0 where there is none."""
    return 0 if dictionary is None else dictionary.number


def _done(table: str) -> str:
    """Return where it is noted with which dictionary all rows of a table were last packed."""
    return f"tiers.{table}"


def _is_owed(db: sqlite3.Connection) -> bool:
    (is_owed,) = db.execute(
        "SELECT EXISTS (SELECT 1 FROM gone_samples)"
        " OR EXISTS (SELECT 1 FROM dictionaries WHERE stale)"
    ).fetchone()
    return bool(is_owed)


def _slice(
    db: sqlite3.Connection, table: _Table, after: int, current: int, whole: bool
) -> list[tuple[Any, ...]]:
    values = {
        "after": after,
        "hot": HOT,
        "current": current or None,
        "whole": whole,
        "limit": SLICE_ROWS,
    }
    rows: list[tuple[Any, ...]] = []
    left = SLICE_BYTES
    for row in db.execute(table.columns, values):
        rows.append(row)
        left -= row[3]
        if left <= 0:
            break
    return rows


def _pack_all(
    table: _Table, rows: Sequence[tuple[Any, ...]], current: Dictionary | None
) -> list[_Packed]:
    """Pack rows and read each back; a damaged one stays as it is, for the check to name it."""
    packer = Packer(current)
    packed = []
    for row in rows:
        _, codec, _, size, hash, body, *meaning = row
        try:
            stored = packer.pack(decode(codec, size, body))
            raw = decode(stored.codec, stored.size, stored.data)
        except ValueError:
            continue
        if content_hash(table.hashed_as, *meaning, raw) == hash:
            packed.append(_Packed(row, stored.codec, stored.dictionary, stored.data))
    return packed


def _put(tx: Transaction, table: _Table, packed: _Packed) -> int:
    """Replace a body if the row is still as it was read; return how many rows that changed."""
    number, codec, dictionary, size, hash, *_ = packed.row
    cursor = tx.execute(
        table.put,
        {
            "id": number,
            "hash": hash,
            "size": size,
            "was_codec": codec,
            "was_dictionary": dictionary,
            "tier": COLD,
            "codec": packed.codec,
            "dictionary": packed.dictionary,
            "body": packed.body,
        },
    )
    return int(cursor.rowcount)
