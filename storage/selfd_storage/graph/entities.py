"""The graph: who and what memories and articles name, and what they state, word for word."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.graph.follow import Step, forget_place, keep_place, next_step, numbered
from selfd_storage.graph.records import (
    EntityRecord,
    ItemReading,
    NewStatement,
    StatementRecord,
)
from selfd_storage.graph.rows import ORIGIN_NAMES, name_key, replace_item, state
from selfd_storage.ids import CODES, NAMES, split_id
from selfd_storage.items import read_items
from selfd_storage.language.lexicon import words
from selfd_storage.memory.records import MemoryRecord
from selfd_storage.reading.records import ArticleRecord
from selfd_storage.records import EventRecord, Item
from selfd_storage.times import from_ms, optional_moment, to_ms

LONGEST_KEY = 5  # words of a name that a text is searched for
MOST_WORDS = 400  # of a text that is searched for names
CROWD = 200  # items, from which on sharing an entity tells nothing

_STATEMENTS = """
SELECT s.subject_id, e.name, s.predicate, s.object, s.object_id, s.item_kind, s.item, s.at,
    s.since, s.until, s.origin, s.quote
FROM statements AS s JOIN entities AS e ON e.id = s.subject_id
WHERE s.id IN (
    SELECT id FROM statements WHERE subject_id IN (SELECT value FROM json_each(:ids))
        AND (:predicate IS NULL OR predicate = :predicate)
    UNION SELECT id FROM statements WHERE object_id IN (SELECT value FROM json_each(:ids))
        AND (:predicate IS NULL OR predicate = :predicate))
ORDER BY s.at, s.id
"""
_NAMED = """
SELECT e.id, e.name, (SELECT count(*) FROM mentions AS m WHERE m.entity_id = e.id)
FROM json_each(:keys) AS k JOIN entities AS e ON e.key = k.value ORDER BY k.key
"""
_BEGINS = "SELECT id FROM entities WHERE key > :start AND key < :end LIMIT 2"
_BY_ID = """
SELECT e.id, e.name, (SELECT count(*) FROM mentions AS m WHERE m.entity_id = e.id)
FROM entities AS e WHERE e.id IN (SELECT value FROM json_each(:ids)) ORDER BY e.id
"""
_ITEM_COUNT = """
SELECT count(*) FROM (SELECT DISTINCT item_kind, item FROM mentions
    WHERE entity_id IN (SELECT value FROM json_each(:ids)))
"""
# The rarer an entity is, the more it ties: each shared one adds 1 / its items.
_SHARING = """
WITH shared AS (
    SELECT DISTINCT m.entity_id AS id FROM json_each(:items) AS i
    JOIN mentions AS m ON m.item_kind = i.value ->> 0 AND m.item = i.value ->> 1),
weighed AS (
    SELECT id, (SELECT count(*) FROM (
        SELECT 1 FROM mentions WHERE entity_id = id LIMIT :crowd)) AS items
    FROM shared)
SELECT m.item_kind, m.item, sum(1.0 / w.items) AS weight
FROM weighed AS w JOIN mentions AS m ON m.entity_id = w.id
WHERE w.items < :crowd AND NOT EXISTS (
    SELECT 1 FROM json_each(:items) AS i
    WHERE i.value ->> 0 = m.item_kind AND i.value ->> 1 = m.item)
GROUP BY m.item_kind, m.item ORDER BY weight DESC, m.item DESC LIMIT :first
"""


class Graph:
    """Keeps what was read from items, and answers who is named where and what is stated.

    Reading is the caller's: `next` gives items, `store` takes what was found in them.
    """

    def __init__(self, database: Database[EventRecord], on_damage: Callable[[str], None]) -> None:
        self._database = database
        self._on_damage = on_damage

    async def next(self, edition: int) -> tuple[Step, list[Item]] | None:
        """Return the next items to be read by the rules of an edition, None where all were.

        Damaged items and those that are gone are left out; what is known of them stays.
        """

        def read(db: sqlite3.Connection) -> tuple[Step, list[Item]] | None:
            step = next_step(db, edition)
            if step is None:
                return None
            items = read_items(db, step.items, self._on_damage)
            return step, [item for item in items if item is not None]

        return await self._database.read(read)

    async def store(self, step: Step, readings: Sequence[ItemReading]) -> None:
        """Store what a step's items say in place of what was known from them."""

        def write(tx: Transaction) -> None:
            for reading in readings:
                place = numbered(reading.item_id)
                if place is not None and _is_there(tx.connection, *place):
                    replace_item(tx, *place, to_ms(reading.at), reading)
            keep_place(tx, step.place)

        await self._database.write(write)

    async def add(self, item_id: str, statements: Sequence[NewStatement]) -> bool:
        """Add statements that were checked against an item; False where it is gone."""

        def write(tx: Transaction) -> bool:
            place = numbered(item_id)
            if place is None or not _is_there(tx.connection, *place):
                return False
            (item,) = read_items(tx.connection, [item_id], self._on_damage)
            if item is None:
                return False
            for statement in statements:
                state(tx, *place, to_ms(told_at(item)), statement)
            return True

        return await self._database.write(write)

    async def rebuild(self) -> None:
        """Have everything read anew; nothing is missing meanwhile."""
        await self._database.write(forget_place)

    async def named(self, name: str) -> EntityRecord | None:
        """Return an entity by any spelling of its name, or by the only name that begins so."""
        key = name_key(name)

        def read(db: sqlite3.Connection) -> EntityRecord | None:
            rows = db.execute(_NAMED, {"keys": json.dumps([key])}).fetchall()
            if not rows and key:
                begun = db.execute(_BEGINS, {"start": f"{key} ", "end": f"{key}!"}).fetchall()
                if len(begun) == 1:
                    rows = db.execute(_BY_ID, {"ids": json.dumps([begun[0][0]])}).fetchall()
            return EntityRecord(*rows[0]) if rows else None

        return await self._database.read(read)

    async def by_numbers(self, numbers: Sequence[int]) -> list[EntityRecord]:
        """Return entities by their numbers."""
        ids = json.dumps(list(numbers))
        return await self._database.read(
            lambda db: [EntityRecord(*row) for row in db.execute(_BY_ID, {"ids": ids})]
        )

    async def statements(
        self, numbers: Sequence[int], predicate: str | None = None
    ) -> list[StatementRecord]:
        """Return what is stated of or about entities, the oldest first; None is anything."""
        values = {"ids": json.dumps(list(numbers)), "predicate": predicate}

        def read(db: sqlite3.Connection) -> list[StatementRecord]:
            return [
                StatementRecord(
                    subject_number=subject,
                    subject=name,
                    predicate=predicate,
                    object=object,
                    object_number=object_id,
                    item_id=f"{NAMES[kind]}:{item}",
                    at=from_ms(at),
                    since=optional_moment(since),
                    until=optional_moment(until),
                    origin=ORIGIN_NAMES[origin],
                    quote=quote,
                )
                for (
                    subject, name, predicate, object, object_id, kind, item, at, since, until,
                    origin, quote,
                ) in db.execute(_STATEMENTS, values)
            ]  # fmt: skip

        return await self._database.read(read)

    async def items_naming(self, numbers: Sequence[int]) -> int:
        """Count the items that name any of some entities."""
        ids = json.dumps(list(numbers))
        return await self._database.read(
            lambda db: int(db.execute(_ITEM_COUNT, {"ids": ids}).fetchone()[0])
        )

    async def entities_in(self, text: str) -> list[EntityRecord]:
        """Return the known entities that a text names, however it spells them, longest first."""
        return await self._database.read(lambda db: entities_in(db, text))

    async def sharing(self, item_ids: Sequence[str], *, first: int = 20) -> list[tuple[str, float]]:
        """Return other items that name the same entities, and how closely that ties them.

        A tie is the sum of 1 / (items that name it) over the entities shared; entities that very
        many items name tie nothing.
        """
        return await self._database.read(lambda db: sharing(db, item_ids, first))


def entities_in(db: sqlite3.Connection, text: str) -> list[EntityRecord]:
    """Return the known entities that a text names, those with the longest names first."""
    found = list(islice(words(text), MOST_WORDS))
    keys = [
        " ".join(found[start : start + length])
        for length in range(LONGEST_KEY, 0, -1)
        for start in range(len(found) - length + 1)
    ]
    rows = db.execute(_NAMED, {"keys": json.dumps(list(dict.fromkeys(keys)))})
    return [EntityRecord(*row) for row in rows]


def sharing(db: sqlite3.Connection, item_ids: Sequence[str], first: int) -> list[tuple[str, float]]:
    """Return other items that name the same entities, the closest first, with their ties."""
    places = [(CODES[parts[0]], parts[1]) for parts in map(split_id, item_ids) if parts]
    values = {"items": json.dumps(places), "crowd": CROWD, "first": first}
    rows = db.execute(_SHARING, values)
    return [(f"{NAMES[kind]}:{item}", weight) for kind, item, weight in rows]


def told_at(item: Item) -> datetime:
    """Return the moment from which what an item says is counted."""
    if isinstance(item, ArticleRecord):
        return item.published_at or item.fetched_at
    assert isinstance(item, MemoryRecord), "documents are not read for statements"
    return item.created_at


def _is_there(db: sqlite3.Connection, kind: int, item: int) -> bool:
    table = {CODES["memory"]: "memories", CODES["article"]: "articles"}[kind]
    statement = f"SELECT 1 FROM {table} WHERE id = :id"  # noqa: S608 - one of two names
    return db.execute(statement, {"id": item}).fetchone() is not None
