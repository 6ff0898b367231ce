"""Reading memories, as they are or as they were at a moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id
from selfd_storage.memory.importance import importance
from selfd_storage.memory.records import MemoryKind, MemoryRecord
from selfd_storage.packing.bodies import unpack
from selfd_storage.pages import Place
from selfd_storage.times import from_ms

# The numbers are in the files: append, never change.
KINDS: dict[MemoryKind, int] = {
    "FACT": 0,
    "EPISODE": 1,
    "PREFERENCE": 2,
    "NOTE": 3,
    "REFLECTION": 4,
}
KIND_NAMES = {number: name for name, number in KINDS.items()}

_NOW = """
SELECT m.id, m.kind, m.at, m.recorded_at, m.updated_at, m.source_id, s.name,
    iif(json_valid(m.tags), (
        SELECT json_group_array(name) FROM (
            SELECT t.name FROM json_each(m.tags) AS j JOIN tags AS t ON t.id = j.value
            ORDER BY j.key)), NULL),
    m.occurrences, m.surprise, m.codec, m.size, m.hash, m.body, m.tags, NULL, NULL, NULL,
    (SELECT sum(f.rating) FROM citations AS c JOIN feedback AS f ON f.answer_id = c.answer_id
     WHERE c.item_kind = 1 AND c.item = m.id),
    (SELECT max(o.at) FROM memory_occurrences AS o WHERE o.memory_id = m.id)
FROM memories AS m LEFT JOIN sources AS s ON s.id = m.source_id
"""
_THEN = """
SELECT m.id, m.kind, m.at, m.recorded_at, m.updated_at, m.source_id, s.name,
    iif(json_valid(iif(v.id IS NULL, m.tags, v.tags)), (
        SELECT json_group_array(name) FROM (
            SELECT t.name FROM json_each(iif(v.id IS NULL, m.tags, v.tags)) AS j
            JOIN tags AS t ON t.id = j.value ORDER BY j.key)), NULL),
    1 + (SELECT count(*) FROM memory_occurrences AS o
         WHERE o.memory_id = m.id AND o.recorded_at <= :as_of),
    m.surprise,
    iif(v.id IS NULL, m.codec, v.codec), iif(v.id IS NULL, m.size, v.size),
    iif(v.id IS NULL, m.hash, v.hash), iif(v.id IS NULL, m.body, v.body),
    iif(v.id IS NULL, m.tags, v.tags), v.id, v.valid_from, v.valid_to,
    (SELECT sum(f.rating) FROM citations AS c JOIN feedback AS f ON f.answer_id = c.answer_id
     WHERE c.item_kind = 1 AND c.item = m.id AND f.at <= :as_of),
    (SELECT max(o.at) FROM memory_occurrences AS o
     WHERE o.memory_id = m.id AND o.recorded_at <= :as_of)
FROM memories AS m LEFT JOIN sources AS s ON s.id = m.source_id
LEFT JOIN memory_versions AS v
    ON v.memory_id = m.id AND v.valid_from <= :as_of AND v.valid_to > :as_of
"""
_THEN_KNOWN = "coalesce(m.recorded_at, m.at) <= :as_of"
_THEN_TAGGED = """
EXISTS (SELECT 1 FROM json_each(iif(v.id IS NULL, m.tags, v.tags)) AS j
        JOIN tags AS t ON t.id = j.value WHERE t.name = :tag)
"""
_TAGGED = "mt.tag_id = (SELECT id FROM tags WHERE name = :tag)"
_BY_TAG = """
AND (mt.at, mt.memory_id) < (:at, :number) AND (:kind IS NULL OR m.kind = :kind)
ORDER BY mt.at DESC, mt.memory_id DESC LIMIT :limit
"""
_BEFORE = "(m.at, m.id) < (:at, :number) AND (:kind IS NULL OR m.kind = :kind)"
_NEWEST = "ORDER BY m.at DESC, m.id DESC LIMIT :limit"
_BY_ID = "WHERE m.id IN (SELECT value FROM json_each(:ids))"

_IDS_NOW = f"{_NOW} {_BY_ID}"
_IDS_THEN = f"{_THEN} {_BY_ID} AND {_THEN_KNOWN}"
_PAGE_NOW = f"{_NOW} WHERE {_BEFORE} {_NEWEST}"
_PAGE_THEN = f"{_THEN} WHERE {_BEFORE} AND {_THEN_KNOWN} {_NEWEST}"
_TAGGED_NOW = f"{_NOW} JOIN memory_tags AS mt ON mt.memory_id = m.id WHERE {_TAGGED} {_BY_TAG}"
_TAGGED_THEN = f"{_THEN} WHERE {_BEFORE} AND {_THEN_KNOWN} AND {_THEN_TAGGED} {_NEWEST}"

_COUNT_NOW = "SELECT count(*) FROM memories AS m WHERE :kind IS NULL OR m.kind = :kind"
_COUNT_TAGGED = """
SELECT count(*) FROM memory_tags WHERE tag_id = (SELECT id FROM tags WHERE name = :tag)
"""
_COUNT_TAGGED_KIND = """
SELECT count(*) FROM memory_tags AS mt JOIN memories AS m ON m.id = mt.memory_id
WHERE mt.tag_id = (SELECT id FROM tags WHERE name = :tag) AND m.kind = :kind
"""
_COUNT_THEN = """
SELECT count(*) FROM memories AS m LEFT JOIN memory_versions AS v
    ON v.memory_id = m.id AND v.valid_from <= :as_of AND v.valid_to > :as_of
WHERE (:kind IS NULL OR m.kind = :kind) AND coalesce(m.recorded_at, m.at) <= :as_of
AND (:tag IS NULL OR EXISTS (
    SELECT 1 FROM json_each(iif(v.id IS NULL, m.tags, v.tags)) AS j
    JOIN tags AS t ON t.id = j.value WHERE t.name = :tag))
"""


def read_by_ids(
    db: sqlite3.Connection,
    numbers: Sequence[int],
    as_of: int | None = None,
    now: int | None = None,
) -> dict[int, MemoryRecord]:
    """Return the memories with these numbers, those that there are, by number.

    Args:
        now: by what their importance grows old; None: as if they were old.

    Raises:
        IntegrityError: one of them is damaged.
    """
    statement = _IDS_NOW if as_of is None else _IDS_THEN
    rows = db.execute(statement, {"ids": json.dumps(list(numbers)), "as_of": as_of})
    moment = now if as_of is None else as_of
    return {row[0]: record_of(row, moment) for row in rows}


def read_page(
    db: sqlite3.Connection,
    place: Place,
    limit: int,
    kind: int | None,
    tag: str | None,
    as_of: int | None,
    now: int,
    on_damage: Callable[[str], None],
) -> list[tuple[Place, MemoryRecord | None]]:
    """Return up to `limit` rows after a place, newest first; None where one is damaged."""
    if as_of is None:
        statement = _PAGE_NOW if tag is None else _TAGGED_NOW
    else:
        statement = _PAGE_THEN if tag is None else _TAGGED_THEN
    values = {
        "at": place.at,
        "number": place.number,
        "limit": limit,
        "kind": kind,
        "tag": tag,
        "as_of": as_of,
    }
    found: list[tuple[Place, MemoryRecord | None]] = []
    for row in db.execute(statement, values):
        here = Place(row[2], row[0])
        try:
            found.append((here, record_of(row, now if as_of is None else as_of)))
        except IntegrityError as error:
            on_damage(error.id)
            found.append((here, None))
    return found


def count_rows(db: sqlite3.Connection, kind: int | None, tag: str | None, as_of: int | None) -> int:
    """Count the memories that a page's filters let through."""
    if as_of is not None:
        statement = _COUNT_THEN
    elif tag is None:
        statement = _COUNT_NOW
    else:
        statement = _COUNT_TAGGED if kind is None else _COUNT_TAGGED_KIND
    row = db.execute(statement, {"kind": kind, "tag": tag, "as_of": as_of}).fetchone()
    return int(row[0])


def record_of(row: tuple[Any, ...], now: int | None) -> MemoryRecord:
    """Build the record of one row of the statements above, checking its hash."""
    number, kind, at, recorded_at, updated_at, source_id, source, tags, occurrences = row[:9]
    surprise, codec, size, hash, body, numbers, version, valid_from, valid_to = row[9:18]
    rating, told_again = row[18:]
    id = make_id("memory", number)
    if version is None:
        meaning: tuple[Any, ...] = (kind, at, recorded_at, source_id, numbers)
        raw = unpack(id, "memory", codec, size, hash, body, *meaning)
    else:
        meaning = (number, valid_from, valid_to, numbers)
        raw = unpack(id, "version", codec, size, hash, body, *meaning)
        updated_at = valid_from
    recorded = at if recorded_at is None else recorded_at
    return MemoryRecord(
        id=id,
        kind=KIND_NAMES[kind],
        text=raw.decode("utf-8"),
        tags=tuple(json.loads(tags)) if tags else (),
        source=source,
        created_at=from_ms(at),
        recorded_at=from_ms(recorded),
        updated_at=from_ms(recorded if updated_at is None else updated_at),
        occurrences=occurrences,
        surprise=None if surprise is None else surprise / 1000,
        importance=importance(
            occurrences,
            None if surprise is None else surprise / 1000,
            None if now is None else now - max(at, told_again or at),
            rating or 0,
        ),
    )
