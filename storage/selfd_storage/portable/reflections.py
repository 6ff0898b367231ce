"""What reflections quote, as lines: with it, forgetting a memory also takes what quotes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import make_id, number_of
from selfd_storage.portable.lines import Object, Outcome, Run, objects, text

_READ = """
SELECT r.reflection_id, e.fingerprint
FROM (SELECT DISTINCT reflection_id FROM reflection_sources WHERE reflection_id > :after
      ORDER BY reflection_id LIMIT :limit) AS r
LEFT JOIN episodes AS e ON e.reflection_id = r.reflection_id ORDER BY r.reflection_id
"""
_QUOTES = """
SELECT memory_id, quote FROM reflection_sources WHERE reflection_id = :id ORDER BY position
"""
_CITE = """
INSERT INTO reflection_sources (reflection_id, position, memory_id, quote)
VALUES (:reflection, :position, :memory, :quote)
"""
_EPISODE = "INSERT OR IGNORE INTO episodes (fingerprint, reflection_id) VALUES (:fingerprint, :id)"


class ReflectionLines:
    """Implements `lines.Lines`; the reflections themselves are among the memories.

    One whose memories did not all come along stays what it is: a memory that quotes nothing.
    """

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return reflections above a number."""
        rows = db.execute(_READ, {"after": after, "limit": limit}).fetchall()
        return [(number, _line(db, number, fingerprint)) for number, fingerprint in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether there is nothing to note: it is noted, or its memories are not here."""
        number, quotes = _taken(line, run)
        return number is None or not quotes or _is_noted(db, number)

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Note what a reflection quotes."""
        number, quotes = _taken(line, run)
        if number is None or not quotes or _is_noted(tx.connection, number):
            return "known"
        for position, (memory, quote) in enumerate(quotes):
            values = {"reflection": number, "position": position, "memory": memory, "quote": quote}
            tx.execute(_CITE, values)
        if (episode := line.get("episode")) is not None:
            tx.execute(_EPISODE, {"fingerprint": _fingerprint(episode), "id": number})
        return "new"


def cited_memories(line: Object) -> set[str]:
    """Return the ids that a line names.   Raises: InvalidInputError."""
    return {text(line, "id")} | {text(each, "id") for each in objects(line, "quotes")}


def _line(db: sqlite3.Connection, number: int, fingerprint: bytes | None) -> dict[str, Any]:
    quotes = db.execute(_QUOTES, {"id": number}).fetchall()
    return {
        "id": make_id("memory", number),
        "episode": None if fingerprint is None else fingerprint.hex(),
        "quotes": [{"id": make_id("memory", each), "quote": quote} for each, quote in quotes],
    }


def _taken(line: Object, run: Run) -> tuple[int | None, list[tuple[int, str]]]:
    """Return the numbers here of a reflection and of what it quotes, none where one is missing."""
    told = [(_here(text(each, "id"), run), text(each, "quote")) for each in objects(line, "quotes")]
    quotes = [(number, quote) for number, quote in told if number is not None]
    return _here(text(line, "id"), run), quotes if len(quotes) == len(told) else []


def _here(id: str, run: Run) -> int | None:
    return number_of("memory", run.items.get(id, ""))


def _is_noted(db: sqlite3.Connection, number: int) -> bool:
    statement = "SELECT 1 FROM reflection_sources WHERE reflection_id = :id"
    return db.execute(statement, {"id": number}).fetchone() is not None


def _fingerprint(episode: object) -> bytes:
    try:
        return bytes.fromhex(str(episode))
    except ValueError as error:
        raise InvalidInputError(f"'episode' must be hexadecimal, got {episode!r:.60}") from error
