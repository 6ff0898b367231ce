"""What the kinds of lines share: reading a line's fields, numbers that stay, ids that change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import Kind, number_of
from selfd_storage.times import from_ms, to_ms

PortableKind: TypeAlias = Literal[
    "documents",
    "feeds",
    "articles",
    "memories",
    "reflections",
    "conversations",
    "minds",
    "goals",
    "assessments",
    "nights",
    "journal",
    "self_versions",
]
Outcome: TypeAlias = Literal["new", "merged", "known"]
Object: TypeAlias = Mapping[str, Any]

ITEM_TABLES = ("documents", "chunks", "feeds", "articles", "memories", "conversations")
TABLES = (*ITEM_TABLES, "minds", "goals", "assessments", "nights", "thoughts", "self_versions")

T = TypeVar("T")


@dataclass(slots=True)
class Run:
    """One import at a moment. `before` is the highest number of each table when it began.

    `cited` are the ids that its conversations cite; `items` tells what they became here.
    """

    now: int
    before: Mapping[str, int]
    cited: frozenset[str] = frozenset()
    items: dict[str, str] = field(default_factory=dict)

    def became(self, old: str | None, new: str) -> None:
        """Note the id that an item has here."""
        if old in self.cited:
            self.items[old] = new


class Lines(Protocol):
    """One kind of thing as lines."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return rows above a number, None for a damaged one."""
        ...

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether an import of this line would find it here."""
        ...

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Take a line in."""
        ...


def text(line: Object, name: str) -> str:
    """Return a field that must be text."""
    return _of(line, name, str, "text")


def optional_text(line: Object, name: str) -> str | None:
    """Return a field that may be missing."""
    return None if line.get(name) is None else text(line, name)


def whole(line: Object, name: str) -> int:
    """Return a field that must be a whole number."""
    return _of(line, name, int, "a whole number")


def number(line: Object, name: str) -> float:
    """Return a field that must be a number."""
    return float(_of(line, name, (int, float), "a number"))


def flag(line: Object, name: str) -> bool:
    """Return a field that must be true or false."""
    value = line.get(name)
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name!r} must be true or false, got {value!r:.60}")
    return value


def optional_number(line: Object, name: str) -> float | None:
    """Return a number that may be missing."""
    return None if line.get(name) is None else number(line, name)


def moment(line: Object, name: str) -> int:
    """Return a time in milliseconds."""
    value = text(line, name)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInputError(
            f"{name!r} must be a time with an offset, as 2026-01-31T12:00:00Z, got {value!r}"
        )
    return to_ms(at)


def optional_moment(line: Object, name: str) -> int | None:
    """Return a time that may be missing."""
    return None if line.get(name) is None else moment(line, name)


def objects(line: Object, name: str) -> Sequence[Object]:
    """Return a list of objects, empty where it is missing."""
    return _list(line, name, dict, "objects")


def texts(line: Object, name: str) -> Sequence[str]:
    """Return a list of texts, empty where it is missing."""
    return _list(line, name, str, "texts")


def shown(at: int | None) -> str | None:
    """Return a time as lines write it."""
    return None if at is None else from_ms(at).isoformat()


def kept_number(tx: Transaction, table: str, kind: Kind, line: Object, run: Run) -> int | None:
    """Return the number that a new row keeps: that of its line if no row here ever had it."""
    wanted = number_of(kind, optional_text(line, "id") or "")
    if wanted is None or wanted <= run.before[table]:
        return None
    statement = f"SELECT 1 FROM {table} WHERE id = :id"  # noqa: S608 - one of TABLES
    taken = tx.execute(statement, {"id": wanted}).fetchone()
    return None if taken else wanted


def highest(db: sqlite3.Connection, table: str) -> int:
    """Return the highest number that a table ever gave."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = :t", {"t": table}).fetchone()
    return 0 if row is None else int(row[0])


def _of(line: Object, name: str, kind: type[T] | tuple[type[T], ...], noun: str) -> T:
    value = line.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InvalidInputError(f"{name!r} must be {noun}, got {value!r:.60}")
    return value


def _list(line: Object, name: str, kind: type[T], noun: str) -> Sequence[T]:
    value = line.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
        raise InvalidInputError(f"{name!r} must be a list of {noun}, got {value!r:.60}")
    return value
