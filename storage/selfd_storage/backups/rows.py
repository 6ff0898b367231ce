"""What a database holds, table by table: rows, a hash over them, and which are readable."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import IntegrityError
from selfd_storage.health.verification import TABLES, Hashed
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import unpack
from selfd_storage.packing.dictionaries import learn_all

_TURN = 1000


@dataclass(frozen=True, slots=True)
class TableSum:
    """A table's rows: how many, and the SHA-256 over all of their values in order."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Intact:
    """How many rows of a kind can still be read, and how many there were."""

    rows: int
    of: int


def sum_file(database: Path) -> dict[str, TableSum]:
    """Count and hash every row of every table of a file that nobody writes to."""
    db = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        statement = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in db.execute(statement).fetchall()]
        db.text_factory = bytes  # a damaged text may be no text
        return {name: _sum(db, name) for name in names}
    finally:
        db.close()


def _sum(db: sqlite3.Connection, name: str) -> TableSum:
    digest, rows = hashlib.sha256(), 0
    cursor = db.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a name out of the schema itself
    while page := cursor.fetchmany(_TURN):
        rows += len(page)
        for row in page:
            digest.update(orjson.dumps(row, default=bytes.hex))
            digest.update(b"\n")
    return TableSum(rows, digest.hexdigest())


def intact_rows(db: sqlite3.Connection, expected: dict[str, TableSum]) -> dict[str, Intact]:
    """Return, for what people wrote and read, how many rows are as they were, in a damaged file."""
    with suppress(sqlite3.DatabaseError):
        learn_all(db)
    found = {}
    for table in TABLES:
        name = table.statement.split(" FROM ", 1)[1].split(" ", 1)[0]
        of = expected[name].rows if name in expected else 0
        if of:
            found[name] = Intact(_readable(db, table, of), of)
    return found


def _readable(db: sqlite3.Connection, table: Hashed, of: int) -> int:
    """Count the sound rows, stepping over places that cannot be read; numbers only grow."""
    after, sound, misses = 0, 0, 0
    while sound + misses < 2 * of + _TURN:
        try:
            row = db.execute(table.statement, {"after": after, "limit": 1}).fetchone()
        except sqlite3.DatabaseError:
            after, misses = after + 1, misses + 1
            continue
        if row is None:
            break
        after = row[0]
        sound += _is_sound(table, row)
    return sound


def _is_sound(table: Hashed, row: tuple[object, ...]) -> bool:
    _, owner, codec, size, hash, body, *meaning = row
    try:
        unpack(make_id(table.kind, owner), table.hashed_as, codec, size, hash, body, *meaning)  # type: ignore[arg-type]  # a damaged column fails the hash
    except (IntegrityError, TypeError, ValueError):
        return False
    return True
