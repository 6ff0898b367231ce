"""The minds that the owner added, how fast each was, and how far each stood behind an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import DuplicateError, NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.records import EventRecord
from selfd_storage.texts import checked_text
from selfd_storage.times import from_ms, to_ms
from selfd_storage.working.records import MindRecord, NewMind

_ROWS = """
SELECT id, name, kind, model, options, parameters, bytes_per_second, added_at, removed_at FROM minds
"""
# A member was right as far as it stood behind what was liked, or apart from what was not.
_RECORD_OF_EACH = """
WITH last AS (
    SELECT answer_id, rating, max(id) FROM feedback WHERE rating <> 0 GROUP BY answer_id
)
SELECT s.mind, sum(CASE WHEN last.rating > 0 THEN s.share ELSE 1.0 - s.share END), count(*)
FROM mind_support AS s JOIN last ON last.answer_id = s.answer_id
GROUP BY s.mind
"""


class Minds:
    """Keeps a row for each mind; one that was removed can still be read by its id."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, new: NewMind) -> MindRecord:
        """Keep a mind.   Raises: DuplicateError: there is one of that name."""
        checked_text(new.name, "name")
        checked_text(new.model, "model")

        def write(tx: Transaction) -> MindRecord:
            known = tx.execute(
                "SELECT id FROM minds WHERE name = :name AND removed_at IS NULL", {"name": new.name}
            ).fetchone()
            if known is not None:
                raise DuplicateError(
                    f"there is a mind named {new.name!r} already: remove it, or choose a name",
                    make_id("mind", known[0]),
                )
            cursor = tx.execute(
                "INSERT INTO minds (name, kind, model, options, added_at)"
                " VALUES (:name, :kind, :model, :options, :now)",
                {
                    "name": new.name,
                    "kind": new.kind,
                    "model": new.model,
                    "options": json.dumps(dict(new.options)),
                    "now": to_ms(self._now()),
                },
            )
            number = int(cursor.lastrowid)
            tx.emit("mind.added", make_id("mind", number), {"name": new.name, "kind": new.kind})
            return _one(tx.connection, number)

        return await self._database.write(write, durable=True)

    async def remove(self, id: str) -> bool:
        """Let a mind no longer be asked; False where there is none."""
        number = number_of("mind", id)

        def write(tx: Transaction) -> bool:
            cursor = tx.execute(
                "UPDATE minds SET removed_at = :now WHERE id = :id AND removed_at IS NULL",
                {"id": number, "now": to_ms(self._now())},
            )
            if not cursor.rowcount:
                return False
            tx.emit("mind.removed", id)
            return True

        return await self._database.write(write, durable=True)

    async def all(self) -> list[MindRecord]:
        """Return the minds that can be asked, oldest first."""
        return await self._database.read(
            lambda db: [
                _record(row) for row in db.execute(f"{_ROWS} WHERE removed_at IS NULL ORDER BY id")
            ]
        )

    async def get(self, id: str) -> MindRecord | None:
        """Return a mind, a removed one too; None where there never was one."""
        values = {"id": number_of("mind", id)}

        def read(db: sqlite3.Connection) -> MindRecord | None:
            row = db.execute(f"{_ROWS} WHERE id = :id", values).fetchone()
            return None if row is None else _record(row)

        return await self._database.read(read)

    async def measured(
        self, id: str, *, parameters: float | None = None, bytes_per_second: float | None = None
    ) -> None:
        """Keep what loading or asking a mind has shown; None leaves what was known."""
        values = {"id": number_of("mind", id), "parameters": parameters, "speed": bytes_per_second}
        await self._database.write(
            lambda tx: (
                tx.execute(
                    "UPDATE minds SET parameters = coalesce(:parameters, parameters),"
                    " bytes_per_second = coalesce(:speed, bytes_per_second) WHERE id = :id",
                    values,
                ).rowcount
            )
        )

    async def support(self, answer_id: str, shares: Mapping[str, float]) -> None:
        """Keep how far each member of an ensemble stood behind an answer.

        Raises:
            NotFoundError: there is no such answer.
        """
        number = number_of("answer", answer_id)

        def write(tx: Transaction) -> None:
            known = tx.execute("SELECT 1 FROM answers WHERE id = :id", {"id": number}).fetchone()
            if known is None:
                raise NotFoundError("answer", answer_id)
            for mind, share in shares.items():
                tx.execute(
                    "INSERT INTO mind_support (answer_id, mind, share)"
                    " VALUES (:answer, :mind, :share)"
                    " ON CONFLICT (answer_id, mind) DO UPDATE SET share = excluded.share",
                    {"answer": number, "mind": mind, "share": share},
                )

        await self._database.write(write)

    async def track_records(self) -> dict[str, tuple[float, int]]:
        """Return, for each mind that was judged, how often it was right, and of how many."""
        rows = await self._database.read(lambda db: db.execute(_RECORD_OF_EACH).fetchall())
        return {mind: (float(right), int(judged)) for mind, right, judged in rows}


def _one(db: sqlite3.Connection, number: int) -> MindRecord:
    return _record(db.execute(f"{_ROWS} WHERE id = :id", {"id": number}).fetchone())


def _record(row: tuple[Any, ...]) -> MindRecord:
    number, name, kind, model, options, parameters, speed, added_at, removed_at = row
    return MindRecord(
        id=make_id("mind", number),
        name=name,
        kind=kind,
        model=model,
        options=json.loads(options),
        parameters=parameters,
        bytes_per_second=speed,
        added_at=from_ms(added_at),
        removed_at=None if removed_at is None else from_ms(removed_at),
    )
