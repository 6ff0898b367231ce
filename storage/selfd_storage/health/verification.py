"""The walk over all rows that carry a content hash, to find those that no longer match it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import Kind, make_id
from selfd_storage.packing.bodies import unpack
from selfd_storage.packing.dictionaries import learn_all
from selfd_storage.schema.migrations import schema_version


@dataclass(frozen=True, slots=True)
class Hashed:
    """A table whose rows carry a hash; `since` is the schema that it came with.

    `statement` gives the row's number, the number in its id, codec, size, hash and body, then the
    columns that the hash covers, for rows above `:after`.
    """

    kind: Kind
    hashed_as: str
    statement: str
    since: int = 1


TABLES = (
    Hashed(
        "memory",
        "memory",
        "SELECT id, id, codec, size, hash, body, kind, at, recorded_at, source_id, tags"
        " FROM memories WHERE id > :after ORDER BY id LIMIT :limit",
    ),
    Hashed(
        "memory",
        "version",
        "SELECT id, memory_id, codec, size, hash, body, memory_id, valid_from, valid_to, tags"
        " FROM memory_versions WHERE id > :after ORDER BY id LIMIT :limit",
    ),
    Hashed(
        "chunk",
        "chunk",
        "SELECT id, id, codec, size, hash, body FROM chunks"
        " WHERE id > :after ORDER BY id LIMIT :limit",
    ),
    Hashed(
        "article",
        "article",
        "SELECT id, id, codec, size, hash, body, published_at, fetched_at FROM articles"
        " WHERE id > :after ORDER BY id LIMIT :limit",
    ),
    Hashed(
        "message",
        "message",
        "SELECT id, id, codec, size, hash, body, conversation_id, role, at FROM messages"
        " WHERE id > :after ORDER BY id LIMIT :limit",
    ),
    Hashed(
        "self",
        "self",
        "SELECT id, id, codec, size, hash, body, at FROM self_versions"
        " WHERE id > :after ORDER BY id LIMIT :limit",
        since=10,
    ),
)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the walk: what was found, and where the next part begins (None: at the start)."""

    rows: int
    damaged: list[str]
    next_place: tuple[int, int] | None


def check_slice(db: sqlite3.Connection, place: tuple[int, int], limit: int) -> Slice:
    """Check up to `limit` rows from a place on: the number of a table, and of a row in it."""
    table, after = place
    damaged: list[str] = []
    rows = 0
    version = schema_version(db)  # a copy may be of an older schema
    while table < len(TABLES):
        seen = 0
        here = TABLES[table].since <= version
        for number, id in _walk(db, TABLES[table], after, limit) if here else ():
            seen, after = seen + 1, number
            if id is not None and id not in damaged:
                damaged.append(id)
        limit -= seen
        rows += seen
        if limit <= 0:
            return Slice(rows, damaged, (table, after))
        table, after = table + 1, 0
    return Slice(rows, damaged, None)


def check_all(db: sqlite3.Connection) -> list[str]:
    """Check every row of a file of any store; return the ids of those that are damaged."""
    learn_all(db)
    return check_slice(db, (0, 0), 2**62).damaged


def quick_check(db: sqlite3.Connection) -> list[str]:
    """Return what SQLite minds about the structure of the file; nothing when all is well."""
    try:
        complaints = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        return [str(error)]
    return [] if complaints == ["ok"] else complaints


def _walk(
    db: sqlite3.Connection, table: Hashed, after: int, limit: int
) -> Iterator[tuple[int, str | None]]:
    """Yield the number of each row, with its id where it is damaged."""
    rows = db.execute(table.statement, {"after": after, "limit": limit})
    for number, owner, codec, size, hash, body, *meaning in rows:
        id = make_id(table.kind, owner)
        try:
            unpack(id, table.hashed_as, codec, size, hash, body, *meaning)
        except IntegrityError:
            yield number, id
        else:
            yield number, None
