"""The lineage of the weights: every generation, its parent, and the one that serves.

`chain` is SHA-256 over the parent's chain and the generation's own hash, so that a lineage that was
changed anywhere no longer adds up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import CODES, NAMES, make_id, number_of, split_id
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms
from selfd_storage.working.records import CheckpointRecord, NewCheckpoint

_ALL = """
SELECT id, parent_id, created_at, origin, hash, chain, file, before, after, promoted, active,
    reason, data_hash, figures, mind
FROM checkpoints ORDER BY id
"""
_INSERT = """
INSERT INTO checkpoints (parent_id, created_at, origin, hash, chain, file, before, after, promoted,
    active, reason, data_hash, figures, mind)
VALUES (:parent, :at, :origin, :hash, :chain, :file, :before, :after, :promoted, 0, :reason,
    :data_hash, :figures, :mind)
"""
_TRAINED_ON = "SELECT checkpoint_id FROM checkpoint_items WHERE kind = :kind AND item = :item"


def chained(parent: str, hash: str) -> str:
    """Return the chain of a generation whose parent's chain is `parent`; "" for a root."""
    return hashlib.sha256(f"{parent} {hash}".encode()).hexdigest()


class Checkpoints:
    """Keeps the lineage; the files themselves lie in `checkpoints/` and are not touched here."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, new: NewCheckpoint, *, serve: bool = True) -> CheckpointRecord:
        """Write a generation down; a promoted one may serve from this transaction on.

        Raises:
            NotFoundError: there is no such parent.
        """
        items = [parts for id in new.items if (parts := split_id(id)) is not None]

        def write(tx: Transaction) -> CheckpointRecord:
            parent = _one(tx.connection, new.parent) if new.parent is not None else None
            cursor = tx.execute(
                _INSERT,
                {
                    "parent": None if parent is None else number_of("checkpoint", parent.id),
                    "at": to_ms(new.created_at or self._now()),
                    "origin": new.origin,
                    "hash": new.hash,
                    "chain": chained("" if parent is None else parent.chain, new.hash),
                    "file": new.file,
                    "before": new.before,
                    "after": new.after,
                    "promoted": int(new.promoted),
                    "reason": new.reason,
                    "data_hash": new.data_hash,
                    "figures": json.dumps(new.figures),
                    "mind": new.mind,
                },
            )
            number = int(cursor.lastrowid)
            for kind, item in items:
                tx.execute(
                    "INSERT OR IGNORE INTO checkpoint_items (checkpoint_id, kind, item)"
                    " VALUES (:number, :kind, :item)",
                    {"number": number, "kind": CODES[kind], "item": item},
                )
            id = make_id("checkpoint", number)
            if serve:
                event = "checkpoint.promoted" if new.promoted else "checkpoint.rejected"
                tx.emit(event, id, {"reason": new.reason})
            if serve and new.promoted:
                _activate(tx, number)
            return _one(tx.connection, id)

        return await self._database.write(write, durable=True)

    async def activate(self, id: str) -> CheckpointRecord:
        """Let a generation serve, in place of the one of the same mind that does.

        Raises:
            NotFoundError: there is no such generation.
        """

        def write(tx: Transaction) -> CheckpointRecord:
            found = _one(tx.connection, id)
            if not found.active:
                _activate(tx, number_of("checkpoint", id))
                tx.emit("checkpoint.restored", id, {})
            return _one(tx.connection, id)

        return await self._database.write(write, durable=True)

    async def let_go(self, ids: Sequence[str]) -> None:
        """Note that the files of these generations are gone; their rows stay."""
        numbers = [number_of("checkpoint", id) for id in ids]

        def write(tx: Transaction) -> None:
            for number in numbers:
                tx.execute("UPDATE checkpoints SET file = NULL WHERE id = :id", {"id": number})

        await self._database.write(write, durable=True)

    async def every(self) -> list[CheckpointRecord]:
        """Return every generation of every mind, oldest first."""
        return await self._database.read(_read)

    async def all(self, mind: str | None = None) -> list[CheckpointRecord]:
        """Return every generation of a mind's adapter, or of the built-in model, oldest first."""
        return [each for each in await self.every() if each.mind == mind]

    async def active(self, mind: str | None = None) -> CheckpointRecord | None:
        """Return the generation that serves; None before the first was written down."""
        return next((each for each in await self.all(mind) if each.active), None)

    async def learned_from(self, id: str) -> list[str]:
        """Return the items that a generation itself learned from."""
        number = number_of("checkpoint", id)

        def read(db: sqlite3.Connection) -> list[str]:
            rows = db.execute(
                "SELECT kind, item FROM checkpoint_items WHERE checkpoint_id = :number"
                " ORDER BY kind, item",
                {"number": number},
            )
            return [f"{NAMES[kind]}:{item}" for kind, item in rows]

        return await self._database.read(read)

    async def trained_on(self, items: Sequence[str]) -> set[str]:
        """Return the generations that learned from one of these items themselves."""
        keys = [parts for id in items if (parts := split_id(id)) is not None]

        def read(db: sqlite3.Connection) -> set[str]:
            found: set[str] = set()
            for kind, item in keys:
                rows = db.execute(_TRAINED_ON, {"kind": CODES[kind], "item": item})
                found |= {make_id("checkpoint", number) for (number,) in rows}
            return found

        return await self._database.read(read)


def _activate(tx: Transaction, number: int | None) -> None:
    tx.execute(
        "UPDATE checkpoints SET active = 0 WHERE active = 1"
        " AND mind IS (SELECT mind FROM checkpoints WHERE id = :id)",
        {"id": number},
    )
    tx.execute("UPDATE checkpoints SET active = 1 WHERE id = :id", {"id": number})


def _one(db: sqlite3.Connection, id: str) -> CheckpointRecord:
    found = next((each for each in _read(db) if each.id == id), None)
    if found is None:
        raise NotFoundError("checkpoint", id)
    return found


def _read(db: sqlite3.Connection) -> list[CheckpointRecord]:
    return [_record(row) for row in db.execute(_ALL)]


def _record(row: tuple[Any, ...]) -> CheckpointRecord:
    number, parent, created, origin, hash, chain, file, before, after, *rest = row
    promoted, active, reason, data_hash, figures, mind = rest
    return CheckpointRecord(
        id=make_id("checkpoint", number),
        parent=None if parent is None else make_id("checkpoint", parent),
        created_at=from_ms(created),
        origin=origin,
        hash=hash,
        chain=chain,
        file=file,
        before=before,
        after=after,
        promoted=bool(promoted),
        active=bool(active),
        reason=reason,
        data_hash=data_hash,
        figures=json.loads(figures),
        mind=mind,
    )
