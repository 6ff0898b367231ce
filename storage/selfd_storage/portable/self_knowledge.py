"""What selfd keeps about itself as lines: its journal, goals, assessments, and the owner's minds.

Each kind is one table whose rows are told apart by what they say and when. The journal's places in
the event log stay behind: another store has another log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import Kind, make_id
from selfd_storage.portable.lines import (
    ITEM_TABLES,
    Object,
    Outcome,
    Run,
    flag,
    kept_number,
    moment,
    number,
    objects,
    optional_moment,
    optional_number,
    optional_text,
    shown,
    text,
    texts,
)
from selfd_storage.self_model.thoughts import hash_of_thought

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableLines:
    """Implements `lines.Lines` for one table.

    `show` makes a row's facts of its columns, `take` the columns of a line; two rows are the same
    if they agree in the columns that `same` names.
    """

    table: str
    kind: Kind
    columns: Sequence[str]
    same: Callable[[Values], Sequence[str]]
    show: Callable[[Mapping[str, Any]], Values]
    take: Callable[[Object, Run], Values]

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return rows above a number."""
        rows = db.execute(
            f"SELECT id, {', '.join(self.columns)} FROM {self.table}"  # noqa: S608 - our names
            " WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        )
        return [(row[0], self._line(row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether such a row is here."""
        return self._here(db, self.take(line, run)) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a row that is not here."""
        values, old = self.take(line, run), optional_text(line, "id")
        here = self._here(tx.connection, values)
        is_new = here is None
        if here is None:
            here = self._insert(tx, line, values, run)
        if old is not None:
            run.items[old] = make_id(self.kind, here)
        return "new" if is_new else "known"

    def _insert(self, tx: Transaction, line: Object, values: Values, run: Run) -> int:
        kept = kept_number(tx, self.table, self.kind, line, run)
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        cursor = tx.execute(
            f"INSERT INTO {self.table} (id, {names}) VALUES (:id, {places})",  # noqa: S608
            {"id": kept, **values},
        )
        return int(cursor.lastrowid)

    def _line(self, row: Sequence[Any]) -> dict[str, Any]:
        facts = self.show(dict(zip(self.columns, row[1:], strict=True)))
        return {"id": make_id(self.kind, row[0]), **facts}

    def _here(self, db: sqlite3.Connection, values: Values) -> int | None:
        same = self.same(values)
        wanted = " AND ".join(f"{name} IS :{name}" for name in same)
        statement = f"SELECT id FROM {self.table} WHERE {wanted}"  # noqa: S608 - our names
        found = db.execute(statement, {name: values[name] for name in same}).fetchone()
        return None if found is None else int(found[0])


def _show_thought(row: Mapping[str, Any]) -> Values:
    return {
        "at": shown(row["at"]),
        "source": row["source"],
        "salience": row["salience"],
        "text": row["text"],
        "about": json.loads(row["about"]),
    }


def _take_thought(line: Object, run: Run) -> Values:
    """Name what an entry is about by the ids of here; what did not come along is left out."""
    into_new = not any(run.before[table] for table in ITEM_TABLES)
    about = [run.items.get(id, id if into_new else "") for id in texts(line, "about")]
    at, source, said = moment(line, "at"), text(line, "source"), text(line, "text")
    packed = json.dumps([id for id in about if id])
    return {
        "at": at,
        "source": source,
        "salience": number(line, "salience"),
        "first": 0,
        "last": 0,
        "text": said,
        "about": packed,
        "hash": hash_of_thought(at, source, 0, 0, said, packed),
    }


def _show_goal(row: Mapping[str, Any]) -> Values:
    return {
        "text": row["text"],
        "own": bool(row["is_own"]),
        "measure": row["measure"],
        "baseline": row["baseline"],
        "target": row["target"],
        "current": row["current"],
        "progress": row["progress"],
        "createdAt": shown(row["created_at"]),
        "reachedAt": shown(row["reached_at"]),
    }


def _take_goal(line: Object, run: Run) -> Values:
    return {
        "text": text(line, "text"),
        "is_own": int(flag(line, "own")),
        "measure": optional_text(line, "measure"),
        "baseline": optional_number(line, "baseline"),
        "target": optional_number(line, "target"),
        "current": optional_number(line, "current"),
        "progress": number(line, "progress"),
        "created_at": moment(line, "createdAt"),
        "reached_at": optional_moment(line, "reachedAt"),
    }


def _show_assessment(row: Mapping[str, Any]) -> Values:
    return {
        "at": shown(row["at"]),
        "score": row["score"],
        "seconds": row["seconds"],
        "tests": json.loads(row["tests"]),
    }


def _take_assessment(line: Object, run: Run) -> Values:
    return {
        "at": moment(line, "at"),
        "score": number(line, "score"),
        "seconds": number(line, "seconds"),
        "tests": json.dumps(list(objects(line, "tests"))),
    }


def _show_mind(row: Mapping[str, Any]) -> Values:
    return {
        "name": row["name"],
        "kind": row["kind"],
        "model": row["model"],
        "options": json.loads(row["options"]),
        "addedAt": shown(row["added_at"]),
        "removedAt": shown(row["removed_at"]),
    }


def _take_mind(line: Object, run: Run) -> Values:
    options = line.get("options")
    if not isinstance(options, dict):
        raise InvalidInputError(f"'options' must be an object, got {options!r:.60}")
    model = text(line, "model")
    if text(line, "kind") == "ENSEMBLE":  # the ids of its members
        model = ",".join(run.items.get(id.strip(), id.strip()) for id in model.split(","))
    return {
        "name": text(line, "name"),
        "kind": text(line, "kind"),
        "model": model,
        "options": json.dumps(options),
        "added_at": moment(line, "addedAt"),
        "removed_at": optional_moment(line, "removedAt"),
    }


JOURNAL = TableLines(
    "thoughts",
    "thought",
    ("at", "source", "salience", "text", "about"),
    lambda _: ("at", "source", "text"),
    _show_thought,
    _take_thought,
)
GOALS = TableLines(
    "goals",
    "goal",
    (
        "text",
        "is_own",
        "measure",
        "baseline",
        "target",
        "current",
        "progress",
        "created_at",
        "reached_at",
    ),
    lambda values: ("is_own", "measure" if values["is_own"] else "text"),
    _show_goal,
    _take_goal,
)
ASSESSMENTS = TableLines(
    "assessments",
    "assessment",
    ("at", "score", "seconds", "tests"),
    lambda _: ("at",),
    _show_assessment,
    _take_assessment,
)
MINDS = TableLines(
    "minds",
    "mind",
    ("name", "kind", "model", "options", "added_at", "removed_at"),
    lambda _: ("name",),
    _show_mind,
    _take_mind,
)
