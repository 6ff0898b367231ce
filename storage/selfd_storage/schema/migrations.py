"""Bringing a file to the present schema: numbered steps, taken in one transaction.

`application_id` says whose file it is, `user_version` how many steps it has taken. This module
knows SQLite and nothing of what selfd stores; the steps are given to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import MigrationError, NotADatabaseError, SchemaTooNewError

Migration: TypeAlias = Callable[[sqlite3.Connection], None]
_MAGIC = b"SQLite format 3\x00"


def check_file(path: Path, application_id: int, known: int, busy_seconds: float = 5.0) -> None:
    """Refuse, without touching it, a file that is not ours or comes from a newer selfd.

    Raises:
        NotADatabaseError: another kind of file, or another program's database.
        SchemaTooNewError: more steps than the `known` ones were taken.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        return
    if not head:
        return
    if head != _MAGIC:
        raise NotADatabaseError(
            f"{str(path)!r} is no SQLite database: move it away, or restore a backup with "
            "selfd restore; the file was left alone"
        )
    uri = f"{path.absolute().as_uri()}?mode=ro"
    found = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
    try:
        owner = _number(found, "PRAGMA application_id")
        version = _number(found, "PRAGMA user_version")
        tables = _number(found, "SELECT count(*) FROM sqlite_schema")
    finally:
        found.close()
    if owner != application_id and (owner or version or tables):
        raise NotADatabaseError(
            f"{str(path)!r} is the database of another program: choose another data folder; "
            "the file was left alone"
        )
    if version > known:
        raise SchemaTooNewError(str(path), version, known)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many steps the file has taken."""
    return _number(connection, "PRAGMA user_version")


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    application_id: int,
    steps: Sequence[Migration],
) -> None:
    """Take the steps that the file has not taken yet, all of them or none.

    Raises:
        MigrationError: a step failed; the file is as it was.
    """
    taken = schema_version(connection)
    if taken == len(steps):
        return
    connection.execute("PRAGMA foreign_keys = OFF")  # a table may be made anew within a step
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[taken:]:
            _take(connection, path, step)
        connection.execute(f"PRAGMA application_id = {application_id:d}")
        connection.execute(f"PRAGMA user_version = {len(steps):d}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA foreign_keys = ON")


def _take(connection: sqlite3.Connection, path: Path, step: Migration) -> None:
    try:
        step(connection)
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise MigrationError(str(path), step.__name__, str(error)) from error
    if broken is not None:
        raise MigrationError(str(path), step.__name__, f"dangling rows in {broken[0]!r}")


def _number(connection: sqlite3.Connection, statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0])
