"""Nights and their steps, and the leases that keep two workers from doing the same work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import checked_first
from selfd_storage.records import EventRecord
from selfd_storage.texts import storable
from selfd_storage.times import from_ms, optional_moment, to_ms
from selfd_storage.working.records import NightRecord, NightStepRecord, StepState

_NIGHT = "SELECT id, day, began_at, ended_at, watt_hours, note FROM nights"
_STEPS = """
SELECT number, name, state, job_id, began_at, ended_at, note, figures
FROM night_steps WHERE night_id = :night ORDER BY number
"""
_RELEASE = "DELETE FROM leases WHERE name = :name AND holder = coalesce(:holder, holder)"


class Nights:
    """Keeps what each night planned and did."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease; False while somebody else holds it."""

        def write(tx: Transaction) -> bool:
            now = self._now()
            until = now + timedelta(seconds=seconds)
            values = {"name": name, "holder": holder, "now": to_ms(now), "until": to_ms(until)}
            cursor = tx.execute(
                "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)"
                " ON CONFLICT (name) DO UPDATE SET holder = :holder, until = :until"
                " WHERE holder = :holder OR until <= :now",
                values,
            )
            return bool(cursor.rowcount)

        return await self._database.write(write)

    async def release(self, name: str, holder: str | None) -> None:
        """Give a lease back before it runs out; None: whoever holds it, who is known to be gone."""

        def write(tx: Transaction) -> None:
            values = {"name": name, "holder": holder}
            tx.execute(_RELEASE, values)

        await self._database.write(write)

    async def begin(self, day: str, steps: Sequence[str]) -> NightRecord:
        """Return the night of a day, made with these steps unless it is there already."""

        def write(tx: Transaction) -> NightRecord:
            found = tx.execute("SELECT id FROM nights WHERE day = :day", {"day": day}).fetchone()
            if found is not None:
                return _one(tx.connection, found[0])
            cursor = tx.execute(
                "INSERT INTO nights (day, began_at, watt_hours, note) VALUES (:day, :now, 0.0, '')",
                {"day": day, "now": to_ms(self._now())},
            )
            night = int(cursor.lastrowid)
            for number, name in enumerate(steps, start=1):
                tx.execute(
                    "INSERT INTO night_steps (night_id, number, name, state, note, figures)"
                    " VALUES (:night, :number, :name, 'PLANNED', '', '{}')",
                    {"night": night, "number": number, "name": name},
                )
            tx.emit("night.began", make_id("night", night), {"day": day})
            return _one(tx.connection, night)

        return await self._database.write(write, durable=True)

    async def save(
        self, id: str, *, note: str | None = None, watt_hours: float | None = None
    ) -> NightRecord:
        """Change what is given about a night and return it."""

        def write(tx: Transaction) -> NightRecord:
            night = _number(id)
            tx.execute(
                "UPDATE nights SET note = coalesce(:note, note),"
                " watt_hours = coalesce(:watt_hours, watt_hours) WHERE id = :id",
                {
                    "id": night,
                    "note": None if note is None else storable(note),
                    "watt_hours": watt_hours,
                },
            )
            return _one(tx.connection, night)

        return await self._database.write(write)

    async def end(self, id: str, note: str) -> NightRecord:
        """Close a night."""

        def write(tx: Transaction) -> NightRecord:
            night = _number(id)
            tx.execute(
                "UPDATE nights SET ended_at = :now, note = :note WHERE id = :id",
                {"id": night, "now": to_ms(self._now()), "note": storable(note)},
            )
            tx.emit("night.ended", id, {"note": storable(note)})
            return _one(tx.connection, night)

        return await self._database.write(write, durable=True)

    async def step(
        self,
        id: str,
        number: int,
        state: StepState,
        note: str,
        *,
        job: str | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> NightRecord:
        """Change one step of a night; when it begins and ends is noted by itself."""

        def write(tx: Transaction) -> NightRecord:
            night = _number(id)
            tx.execute(
                "UPDATE night_steps SET state = :state, note = :note,"
                " job_id = coalesce(:job, job_id), figures = coalesce(:figures, figures),"
                " began_at = CASE WHEN :state = 'RUNNING' THEN coalesce(began_at, :now)"
                " ELSE began_at END,"
                " ended_at = CASE WHEN :state IN ('DONE', 'SKIPPED', 'FAILED') THEN :now END"
                " WHERE night_id = :night AND number = :number",
                {
                    "night": night,
                    "number": number,
                    "state": state,
                    "note": storable(note),
                    "job": None if job is None else number_of("job", job),
                    "figures": None if figures is None else json.dumps(figures),
                    "now": to_ms(self._now()),
                },
            )
            return _one(tx.connection, night)

        return await self._database.write(write, durable=True)

    async def of_day(self, day: str) -> NightRecord | None:
        """Return the night that began on a local date, None where there was none."""

        def read(db: sqlite3.Connection) -> NightRecord | None:
            row = db.execute(f"{_NIGHT} WHERE day = :day", {"day": day}).fetchone()
            return None if row is None else _record(db, row)

        return await self._database.read(read)

    async def latest(self, first: int = 7) -> list[NightRecord]:
        """Return the newest nights, newest first."""
        values = {"limit": checked_first(first)}

        def read(db: sqlite3.Connection) -> list[NightRecord]:
            rows = db.execute(f"{_NIGHT} ORDER BY day DESC LIMIT :limit", values).fetchall()
            return [_record(db, row) for row in rows]

        return await self._database.read(read)


def _number(id: str) -> int:
    number = number_of("night", id)
    if number is None:
        raise NotFoundError("night", id)
    return number


def _one(db: sqlite3.Connection, number: int) -> NightRecord:
    row = db.execute(f"{_NIGHT} WHERE id = :id", {"id": number}).fetchone()
    if row is None:
        raise NotFoundError("night", make_id("night", number))
    return _record(db, row)


def _record(db: sqlite3.Connection, row: tuple[Any, ...]) -> NightRecord:
    number, day, began, ended, watt_hours, note = row
    return NightRecord(
        id=make_id("night", number),
        day=day,
        began_at=from_ms(began),
        ended_at=optional_moment(ended),
        watt_hours=watt_hours,
        note=note,
        steps=tuple(_step(each) for each in db.execute(_STEPS, {"night": number})),
    )


def _step(row: tuple[Any, ...]) -> NightStepRecord:
    number, name, state, job, began, ended, note, figures = row
    return NightStepRecord(
        number=number,
        name=name,
        state=state,
        job_id=None if job is None else make_id("job", job),
        began_at=optional_moment(began),
        ended_at=optional_moment(ended),
        note=note,
        figures=json.loads(figures),
    )
