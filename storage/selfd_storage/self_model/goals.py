"""Goals: what the owner or selfd itself wants, and how far it is, as measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.records import EventRecord
from selfd_storage.self_model.records import GoalRecord, NewGoal
from selfd_storage.texts import checked_text
from selfd_storage.times import from_ms, optional_moment, to_ms

_GOAL = """
SELECT id, text, is_own, measure, baseline, target, current, progress, created_at, reached_at
FROM goals
"""
_ALL = f"{_GOAL} ORDER BY id"
_ONE = f"{_GOAL} WHERE id = :id"
_OWN = f"{_GOAL} WHERE is_own = 1 AND measure = :measure"


class Goals:
    """Keeps goals."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, new: NewGoal) -> GoalRecord:
        """Keep a goal; one of selfd's own that is there already is returned as it is."""
        text = checked_text(new.text, "goal").decode()
        values = {
            "text": text,
            "is_own": int(new.is_own),
            "measure": new.measure,
            "baseline": new.baseline,
            "target": new.target,
        }

        def write(tx: Transaction) -> GoalRecord:
            if new.is_own:
                known = tx.execute(_OWN, {"measure": new.measure}).fetchone()
                if known is not None:
                    return _record(known)
            cursor = tx.execute(
                "INSERT INTO goals (text, is_own, measure, baseline, target, current, progress,"
                " created_at) VALUES (:text, :is_own, :measure, :baseline, :target, :baseline, 0.0,"
                " :now)",
                {**values, "now": to_ms(self._now())},
            )
            number = int(cursor.lastrowid)
            tx.emit("goal.set", make_id("goal", number), {"own": new.is_own})
            return _read(tx.connection, number)

        return await self._database.write(write, durable=True)

    async def save(self, id: str, *, progress: float, current: float | None = None) -> GoalRecord:
        """Note how far a goal is; the first time that it is reached goes into the log.

        Raises:
            NotFoundError: there is no such goal.
        """
        number = number_of("goal", id)

        def write(tx: Transaction) -> GoalRecord:
            before = _known(tx, number, id)
            reached = progress >= 1.0 and before.reached_at is None
            tx.execute(
                "UPDATE goals SET progress = :progress, current = coalesce(:current, current),"
                " reached_at = coalesce(reached_at, :reached_at) WHERE id = :id",
                {
                    "id": number,
                    "progress": min(1.0, max(0.0, progress)),
                    "current": current,
                    "reached_at": to_ms(self._now()) if reached else None,
                },
            )
            if reached:
                tx.emit("goal.reached", id, {"own": before.is_own})
            return _known(tx, number, id)

        return await self._database.write(write)

    async def remove(self, id: str) -> bool:
        """Drop a goal; False where there is none."""
        number = number_of("goal", id)

        def write(tx: Transaction) -> bool:
            gone = tx.execute("DELETE FROM goals WHERE id = :id", {"id": number}).rowcount > 0
            if gone:
                tx.emit("goal.dropped", id)
            return bool(gone)

        return await self._database.write(write, durable=True)

    async def all(self) -> list[GoalRecord]:
        """Return every goal, oldest first."""
        return await self._database.read(lambda db: [_record(row) for row in db.execute(_ALL)])


def _read(db: sqlite3.Connection, number: int) -> GoalRecord:
    return _record(db.execute(_ONE, {"id": number}).fetchone())


def _known(tx: Transaction, number: int | None, id: str) -> GoalRecord:
    row = tx.execute(_ONE, {"id": number}).fetchone()
    if row is None:
        raise NotFoundError("goal", id)
    return _record(row)


def _record(row: tuple[Any, ...]) -> GoalRecord:
    number, text, own, measure, baseline, target, current, progress, created, reached = row
    return GoalRecord(
        id=make_id("goal", number),
        text=text,
        is_own=bool(own),
        measure=measure,
        baseline=baseline,
        target=target,
        current=current,
        progress=progress,
        created_at=from_ms(created),
        reached_at=optional_moment(reached),
    )
