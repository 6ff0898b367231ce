"""How far the graph has read: the log names what changed, a walk reads everything once.

The place is stored in the transaction that stores what was read, so that a crash repeats nothing
and leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.events import event_time, latest_sequence, read_events
from selfd_storage.ids import CODES, NAMES, split_id
from selfd_storage.values import read_value, write_value

KINDS = (CODES["memory"], CODES["article"])
_PLACE = "graph.place"
_CHANGES = ("memory.added", "memory.updated", "article.added", "article.rewritten")
_EVENTS = 128  # that one step reads
_ITEMS = 128
_NEXT = {
    CODES["memory"]: "SELECT id FROM memories WHERE id > :after ORDER BY id LIMIT :limit",
    CODES["article"]: "SELECT id FROM articles WHERE id > :after ORDER BY id LIMIT :limit",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The log was followed up to `cursor`; `walk` is the last kind and item of a walk.

    `edition` names the rules that things were read by; others read everything anew.
    """

    edition: int
    cursor: int
    cursor_at: int
    walk: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Step:
    """The items to be read next, by id, and the place once they are."""

    items: Sequence[str]
    place: Place


def next_step(db: sqlite3.Connection, edition: int) -> Step | None:
    """Return what is to be read next, None where everything was."""
    place = _place(db, edition)
    latest = latest_sequence(db)
    if place.cursor < latest:
        events = read_events(db, place.cursor, _CHANGES, _EVENTS)
        reached = events[-1].sequence if len(events) == _EVENTS else latest
        items = list(dict.fromkeys(event.subject for event in events if event.subject))
        return Step(items, replace(place, cursor=reached, cursor_at=event_time(db, reached) or 0))
    if place.walk is None:
        return None
    kind, after = place.walk
    rows = db.execute(_NEXT[kind], {"after": after, "limit": _ITEMS}).fetchall()
    walk: tuple[int, int] | None = (kind, rows[-1][0]) if len(rows) == _ITEMS else None
    following = KINDS.index(kind) + 1
    if walk is None and following < len(KINDS):
        walk = KINDS[following], 0
    return Step([f"{NAMES[kind]}:{number}" for (number,) in rows], replace(place, walk=walk))


def keep_place(tx: Transaction, place: Place) -> None:
    """Store how far everything was read."""
    value = [place.edition, place.cursor, place.cursor_at, place.walk]
    write_value(tx, _PLACE, value)


def forget_place(tx: Transaction) -> None:
    """Have everything read anew."""
    write_value(tx, _PLACE, None)


def numbered(id: str) -> tuple[int, int] | None:
    """Return the code of the kind and the number of an item that can be read, None for others."""
    parts = split_id(id)
    if parts is None or CODES[parts[0]] not in KINDS:
        return None
    return CODES[parts[0]], parts[1]


def _place(db: sqlite3.Connection, edition: int) -> Place:
    """Return the stored place, or the start of a walk where it is of no use any more."""
    stored: Any = read_value(db, _PLACE)
    latest = latest_sequence(db)
    if isinstance(stored, list) and len(stored) == 4 and stored[0] == edition:
        place = Place(edition, stored[1], stored[2], tuple(stored[3]) if stored[3] else None)
        if place.cursor <= latest and _continues(db, place):
            return place
    return Place(edition, latest, event_time(db, latest) or 0, (KINDS[0], 0))


def _continues(db: sqlite3.Connection, place: Place) -> bool:
    """Tell whether the log still holds everything after a place, and is the same log."""
    oldest = db.execute("SELECT min(sequence) FROM events").fetchone()[0]
    if oldest is not None and oldest > place.cursor + 1:
        return False
    at = event_time(db, place.cursor)
    return at is None or at == place.cursor_at
