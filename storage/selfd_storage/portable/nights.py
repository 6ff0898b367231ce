"""Nights as lines, each with its steps: what was learned, promoted or rejected, and why.

Only nights that are over: one that is open would be gone on with where it is taken in. The jobs
behind the steps stay, as they are how this daemon did it and no report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import make_id
from selfd_storage.portable.lines import (
    Object,
    Outcome,
    Run,
    kept_number,
    moment,
    number,
    objects,
    optional_moment,
    optional_text,
    shown,
    text,
)
from selfd_storage.working.records import StepState

_READ = """
SELECT id, day, began_at, ended_at, watt_hours, note FROM nights
WHERE id > :after AND ended_at IS NOT NULL ORDER BY id LIMIT :limit
"""
_STEPS = """
SELECT name, state, began_at, ended_at, note, figures FROM night_steps
WHERE night_id = :night ORDER BY number
"""
_INSERT = """
INSERT INTO nights (id, day, began_at, ended_at, watt_hours, note)
VALUES (:id, :day, :began_at, :ended_at, :watt_hours, :note)
"""
_INSERT_STEP = """
INSERT INTO night_steps (night_id, number, name, state, began_at, ended_at, note, figures)
VALUES (:night, :number, :name, :state, :began_at, :ended_at, :note, :figures)
"""
_STATES = get_args(StepState)


class NightLines:
    """Implements `lines.Lines`. There is one night a day, so another of a known day stays out.

    A step's figures name checkpoints by their old ids, as past versions of the self-model do.
    """

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return nights above a number."""
        rows = db.execute(_READ, {"after": after, "limit": limit}).fetchall()
        return [(row[0], _line(db, row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether the night of that day is here."""
        return _here(db, _night(line)["day"]) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a night that is not here."""
        night, steps = _night(line), [_step(each) for each in objects(line, "steps")]
        here, old = _here(tx.connection, night["day"]), optional_text(line, "id")
        is_new = here is None
        if here is None:
            kept = kept_number(tx, "nights", "night", line, run)
            here = int(tx.execute(_INSERT, {"id": kept, **night}).lastrowid)
            for place, step in enumerate(steps, start=1):
                tx.execute(_INSERT_STEP, {"night": here, "number": place, **step})
        if old is not None:
            run.items[old] = make_id("night", here)
        return "new" if is_new else "known"


def _line(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any]:
    night, day, began_at, ended_at, watt_hours, note = row
    return {
        "id": make_id("night", night),
        "day": day,
        "beganAt": shown(began_at),
        "endedAt": shown(ended_at),
        "wattHours": watt_hours,
        "note": note,
        "steps": [_step_line(each) for each in db.execute(_STEPS, {"night": night})],
    }


def _step_line(row: tuple[Any, ...]) -> dict[str, Any]:
    name, state, began_at, ended_at, note, figures = row
    return {
        "name": name,
        "state": state,
        "beganAt": shown(began_at),
        "endedAt": shown(ended_at),
        "note": note,
        "figures": json.loads(figures),
    }


def _night(line: Object) -> dict[str, Any]:
    return {
        "day": text(line, "day"),
        "began_at": moment(line, "beganAt"),
        "ended_at": moment(line, "endedAt"),
        "watt_hours": number(line, "wattHours"),
        "note": text(line, "note"),
    }


def _step(line: Object) -> Mapping[str, Any]:
    state, figures = text(line, "state"), line.get("figures")
    if state not in _STATES:
        raise InvalidInputError(f"'state' must be one of {', '.join(_STATES)}, got {state!r:.60}")
    if not isinstance(figures, dict):
        raise InvalidInputError(f"'figures' must be an object, got {figures!r:.60}")
    return {
        "name": text(line, "name"),
        "state": state,
        "began_at": optional_moment(line, "beganAt"),
        "ended_at": optional_moment(line, "endedAt"),
        "note": text(line, "note"),
        "figures": json.dumps(figures),
    }


def _here(db: sqlite3.Connection, day: str) -> int | None:
    found = db.execute("SELECT id FROM nights WHERE day = :day", {"day": day}).fetchone()
    return None if found is None else int(found[0])
