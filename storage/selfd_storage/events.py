"""The durable, numbered log of what happened, written in the transaction of what it tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Emitted, Transaction
from selfd_storage.ids import CODES, NAMES, split_id
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms

PRUNE_EVERY = 1000
DEFAULT_KEEP = 100_000
MAX_LIMIT = 10_000


class EventLog:
    """Writes events for the database, and forgets the oldest in passing.

    `keep` is how many are kept at least; up to `PRUNE_EVERY` more may lie there.
    """

    def __init__(self, now: Callable[[], datetime], keep: int = DEFAULT_KEEP) -> None:
        self._now = now
        self._keep = keep

    def append(
        self, connection: sqlite3.Connection, emitted: Sequence[Emitted]
    ) -> list[EventRecord]:
        """Write events inside the open transaction and return them with their numbers."""
        at = to_ms(self._now())
        kinds = {name: _kind_number(connection, name) for name in {each.kind for each in emitted}}
        records = []
        for each in emitted:
            subject_kind, subject = _packed(each.subject)
            cursor = connection.execute(
                "INSERT INTO events (at, kind, subject_kind, subject, payload)"
                " VALUES (:at, :kind, :subject_kind, :subject, :payload)",
                {
                    "at": at,
                    "kind": kinds[each.kind],
                    "subject_kind": subject_kind,
                    "subject": subject,
                    "payload": _json(each.payload) if each.payload else None,
                },
            )
            sequence = int(cursor.lastrowid or 0)
            records.append(
                EventRecord(sequence, from_ms(at), each.kind, each.subject, dict(each.payload))
            )
        self._prune(connection, records[0].sequence, records[-1].sequence)
        return records

    def _prune(self, connection: sqlite3.Connection, first: int, last: int) -> None:
        if first // PRUNE_EVERY != last // PRUNE_EVERY or first % PRUNE_EVERY == 0:
            connection.execute(
                "DELETE FROM events WHERE sequence <= :oldest", {"oldest": last - self._keep}
            )


class Events:
    """Reads the log, and adds to it what belongs to no other write."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def page(
        self, after: int, kinds: Sequence[str] | None = None, limit: int = 1000
    ) -> list[EventRecord]:
        """Return up to `limit` events numbered above `after`, oldest first; None is all kinds."""
        return await self._database.read(lambda db: read_events(db, after, kinds, limit))

    async def latest(self) -> int:
        """Return the highest number given so far, 0 before the first event."""
        return await self._database.read(latest_sequence)

    async def newest(self, kind: str) -> EventRecord | None:
        """Return the newest event of a kind, None where the log has none any more."""
        return await self._database.read(lambda db: _newest(db, kind))

    async def append(
        self, kind: str, subject: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Write an event on its own."""

        def write(tx: Transaction) -> None:
            tx.emit(kind, subject, payload)

        await self._database.write(write)


def latest_sequence(db: sqlite3.Connection) -> int:
    """Return the highest number given so far, also when its row was pruned."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row is not None else 0


def event_time(db: sqlite3.Connection, sequence: int) -> int | None:
    """Return when an event happened, None where the log holds it no more."""
    row = db.execute("SELECT at FROM events WHERE sequence = :sequence", {"sequence": sequence})
    found = row.fetchone()
    return None if found is None else int(found[0])


def read_events(
    db: sqlite3.Connection, after: int, kinds: Sequence[str] | None, limit: int
) -> list[EventRecord]:
    """Return events numbered above `after`, oldest first."""
    rows = db.execute(
        "SELECT e.sequence, e.at, k.name, e.subject_kind, e.subject, e.payload"
        " FROM events AS e JOIN event_kinds AS k ON k.id = e.kind"
        " WHERE e.sequence > :after AND (:kinds IS NULL"
        " OR e.kind IN (SELECT id FROM event_kinds"
        " WHERE name IN (SELECT value FROM json_each(:kinds))))"
        " ORDER BY e.sequence LIMIT :limit",
        {
            "after": after,
            "kinds": None if kinds is None else json.dumps(list(kinds)),
            "limit": max(0, min(limit, MAX_LIMIT)),
        },
    )
    return [
        EventRecord(
            sequence,
            from_ms(at),
            kind,
            _unpacked(subject_kind, subject),
            json.loads(payload) if payload else {},
        )
        for sequence, at, kind, subject_kind, subject, payload in rows
    ]


def _newest(db: sqlite3.Connection, kind: str) -> EventRecord | None:
    row = db.execute(
        "SELECT max(e.sequence) FROM events AS e JOIN event_kinds AS k ON k.id = e.kind"
        " WHERE k.name = :kind",
        {"kind": kind},
    ).fetchone()
    return None if row[0] is None else read_events(db, row[0] - 1, None, 1)[0]


def _kind_number(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(
        "SELECT id FROM event_kinds WHERE name = :name", {"name": name}
    ).fetchone()
    if row is not None:
        return int(row[0])
    cursor = connection.execute("INSERT INTO event_kinds (name) VALUES (:name)", {"name": name})
    return int(cursor.lastrowid or 0)


def _json(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, separators=(",", ":"))


def _packed(subject: str | None) -> tuple[int | None, int | str | None]:
    parts = None if subject is None else split_id(subject)
    return (None, subject) if parts is None else (CODES[parts[0]], parts[1])


def _unpacked(kind: int | None, subject: Any) -> str | None:
    if kind is not None:
        return f"{NAMES[kind]}:{subject}"
    return None if subject is None else str(subject)
