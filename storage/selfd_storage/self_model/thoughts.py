"""The journal: what came to attention, in plain words that cite what they are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id, number_of
from selfd_storage.packing.integrity import content_hash
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.records import EventRecord, Page
from selfd_storage.self_model.records import NewThought, ThoughtRecord
from selfd_storage.texts import storable
from selfd_storage.times import from_ms, to_ms
from selfd_storage.values import read_value, write_value

HEARD = "journal.heard"  # the last number of the log that the journal has dealt with

_THOUGHT = "SELECT id, at, source, salience, first, last, text, about, hash FROM thoughts"
_PAGE = f"{_THOUGHT} WHERE (at, id) < (:at, :number) ORDER BY at DESC, id DESC LIMIT :limit"
_BETWEEN = f"{_THOUGHT} WHERE at >= :since AND at < :until ORDER BY at, id LIMIT :limit"
_BY_ID = f"{_THOUGHT} WHERE id IN (SELECT value FROM json_each(:ids))"  # noqa: S608


class Thoughts:
    """Writes and reads the journal."""

    def __init__(self, database: Database[EventRecord], on_damage: Callable[[str], None]) -> None:
        self._database = database
        self._on_damage = on_damage

    async def heard(self) -> int | None:
        """Return the last number of the log that was dealt with, None before the first."""
        found = await self._database.read(lambda db: read_value(db, HEARD))
        return None if found is None else int(found)

    async def add(self, new: NewThought | None, heard: int) -> ThoughtRecord | None:
        """Write an entry, or none, and that the log was dealt with as far as `heard`."""

        def write(tx: Transaction) -> ThoughtRecord | None:
            write_value(tx, HEARD, heard)
            return None if new is None else _insert(tx, new)

        return await self._database.write(write)

    async def page(self, *, first: int = 20, after: str | None = None) -> Page[ThoughtRecord]:
        """Return a page of the journal, newest first."""
        place = read_cursor("thought", after)
        values = {"at": place.at, "number": place.number, "limit": checked_first(first) + 1}

        def read(db: sqlite3.Connection) -> Page[ThoughtRecord]:
            rows = db.execute(_PAGE, values).fetchall()
            (total,) = db.execute("SELECT count(*) FROM thoughts").fetchone()
            records = [(Place(row[1], row[0]), self._sound(row)) for row in rows]
            return make_page("thought", records, first, after, total)

        return await self._database.read(read)

    async def between(
        self, since: datetime, until: datetime, *, first: int = 1000
    ) -> list[ThoughtRecord]:
        """Return what the journal has from `since` until just before `until`, oldest first."""
        values = {"since": to_ms(since), "until": to_ms(until), "limit": checked_first(first)}

        def read(db: sqlite3.Connection) -> list[ThoughtRecord]:
            found = [self._sound(row) for row in db.execute(_BETWEEN, values)]
            return [each for each in found if each is not None]

        return await self._database.read(read)

    async def get(self, ids: Sequence[str]) -> list[ThoughtRecord | None]:
        """Return entries in the order of `ids`, None where there is none or it is damaged."""
        numbers = [number_of("thought", id) for id in ids]
        wanted = json.dumps([number for number in numbers if number is not None])

        def read(db: sqlite3.Connection) -> dict[int, ThoughtRecord | None]:
            return {row[0]: self._sound(row) for row in db.execute(_BY_ID, {"ids": wanted})}

        found = await self._database.read(read)
        return [None if number is None else found.get(number) for number in numbers]

    def _sound(self, row: tuple[Any, ...]) -> ThoughtRecord | None:
        try:
            return _record(row)
        except IntegrityError as error:
            self._on_damage(error.id)
            return None


def read_thoughts(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, ThoughtRecord]:
    """Return entries by their numbers.   Raises: IntegrityError."""
    rows = db.execute(_BY_ID, {"ids": json.dumps(list(numbers))})
    return {row[0]: _record(row) for row in rows}


def _insert(tx: Transaction, new: NewThought) -> ThoughtRecord:
    text, about = storable(new.text), json.dumps(list(new.about))
    at = to_ms(new.at)
    cursor = tx.execute(
        "INSERT INTO thoughts (at, source, salience, first, last, text, about, hash)"
        " VALUES (:at, :source, :salience, :first, :last, :text, :about, :hash)",
        {
            "at": at,
            "source": new.source,
            "salience": new.salience,
            "first": new.first,
            "last": new.last,
            "text": text,
            "about": about,
            "hash": hash_of_thought(at, new.source, new.first, new.last, text, about),
        },
    )
    number = int(cursor.lastrowid)
    id = make_id("thought", number)
    tx.emit("thought.noted", id)
    return read_thoughts(tx.connection, [number])[number]


def hash_of_thought(at: int, source: str, first: int, last: int, text: str, about: str) -> bytes:
    """Return the content hash of a row of the journal."""
    return content_hash("thought", at, source, first, last, text, about)


def _record(row: tuple[Any, ...]) -> ThoughtRecord:
    number, at, source, salience, first, last, text, about, hash = row
    id = make_id("thought", number)
    if hash_of_thought(at, source, first, last, text, about) != hash:
        raise IntegrityError(id)
    return ThoughtRecord(
        id, from_ms(at), source, salience, first, last, text, tuple(json.loads(about))
    )
