"""Past versions of the self-model as lines, each with the hash that vouches for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError, InvalidInputError
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.portable.lines import Object, Outcome, Run, kept_number, moment, shown, text
from selfd_storage.self_model.versions import packed_state

_TABLE = "self_versions"
_READ = f"""
SELECT id, at, codec, size, hash, body FROM {_TABLE} WHERE id > :after ORDER BY id LIMIT :limit
"""  # noqa: S608 - our own name
_INSERT = f"""
INSERT INTO {_TABLE} (id, at, tier, codec, dictionary, size, hash, body)
VALUES (:id, :at, :tier, :codec, :dictionary, :size, :hash, :body)
"""  # noqa: S608 - the same


class SelfVersionLines:
    """Implements `lines.Lines`. A version is taken in as it was: it names things by their old ids.

    The hash covers the moment and the state, so one that was changed on the way is refused. Where
    two histories become one, the version that held at a moment is the latest of both.
    """

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return versions above a number."""
        rows = db.execute(_READ, {"after": after, "limit": limit}).fetchall()
        return [(row[0], _line(row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether this very version is here."""
        at, body = _taken(line)
        return _is_here(db, at, body["hash"])

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a version that is not here."""
        at, body = _taken(line)
        if _is_here(tx.connection, at, body["hash"]):
            return "known"
        number = kept_number(tx, _TABLE, "self", line, run)
        tx.execute(_INSERT, {"id": number, "at": at, **body})
        return "new"


def _line(row: tuple[Any, ...]) -> dict[str, Any] | None:
    number, at, codec, size, hash, body = row
    try:
        raw = unpack(make_id("self", number), "self", codec, size, hash, body, at)
    except IntegrityError:
        return None
    return {
        "id": make_id("self", number),
        "at": shown(at),
        "hash": hash.hex(),
        "state": json.loads(raw),
    }


def _taken(line: Object) -> tuple[int, dict[str, Any]]:
    """Return the moment of a version, and its columns as `SelfVersions.add` packs them."""
    state, at = line.get("state"), moment(line, "at")
    if not isinstance(state, dict):
        raise InvalidInputError(f"'state' must be an object, got {state!r:.60}")
    body = pack("self", packed_state(state), at)
    if body["hash"].hex() != text(line, "hash"):
        raise InvalidInputError("'hash' is not that of this moment and state: the line was changed")
    return at, body


def _is_here(db: sqlite3.Connection, at: int, hash: bytes) -> bool:
    statement = f"SELECT 1 FROM {_TABLE} WHERE at = :at AND hash = :hash"  # noqa: S608 - our name
    return db.execute(statement, {"at": at, "hash": hash}).fetchone() is not None
