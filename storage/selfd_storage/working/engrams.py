"""The engrams that were built here: where each lies and what it held then."""

from __future__ import annotations

from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.ids import make_id, number_of
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms
from selfd_storage.working.records import EngramRecord, NewEngram

_ALL = """
SELECT id, name, path, files, raw_bytes, stored_bytes, created_at FROM engrams ORDER BY id DESC
"""


class Engrams:
    """Keeps a row for each engram; the files themselves are their own truth."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def put(self, new: NewEngram) -> EngramRecord:
        """Note an engram, in place of the one that lay at its path before."""
        values = {
            "name": new.name,
            "path": new.path,
            "files": new.files,
            "raw_bytes": new.raw_bytes,
            "stored_bytes": new.stored_bytes,
            "created_at": to_ms(new.created_at),
        }

        def write(tx: Transaction) -> EngramRecord:
            tx.execute("DELETE FROM engrams WHERE path = :path", {"path": new.path})
            cursor = tx.execute(
                "INSERT INTO engrams (name, path, files, raw_bytes, stored_bytes, created_at)"
                " VALUES (:name, :path, :files, :raw_bytes, :stored_bytes, :created_at)",
                values,
            )
            number = int(cursor.lastrowid)
            tx.emit("engram.built", make_id("engram", number), {"files": new.files})
            return _record((number, *values.values()))

        return await self._database.write(write, durable=True)

    async def all(self) -> list[EngramRecord]:
        """Return every engram, newest first; its file may be gone by now."""
        return await self._database.read(_read)

    async def get(self, id: str) -> EngramRecord | None:
        """Return an engram, None where there is none."""
        number = number_of("engram", id)
        known = await self.all()
        return next((each for each in known if number_of("engram", each.id) == number), None)


def _read(db: sqlite3.Connection) -> list[EngramRecord]:
    return [_record(row) for row in db.execute(_ALL)]


def _record(row: tuple[Any, ...]) -> EngramRecord:
    number, name, path, files, raw_bytes, stored_bytes, created_at = row
    return EngramRecord(
        id=make_id("engram", number),
        name=name,
        path=path,
        files=files,
        raw_bytes=raw_bytes,
        stored_bytes=stored_bytes,
        created_at=from_ms(created_at),
    )
