"""The rows of the graph, written and removed inside a transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from selfd_storage.database import Transaction
from selfd_storage.graph.records import ItemReading, NewStatement, StatementOrigin
from selfd_storage.ids import CODES, Kind
from selfd_storage.language.lexicon import words
from selfd_storage.times import optional_ms

# The numbers are in the files: append, never change.
ORIGINS: dict[StatementOrigin, int] = {"RULE": 0, "MIND": 1}
ORIGIN_NAMES = {number: name for name, number in ORIGINS.items()}
LONGEST_NAME = 120  # characters

_LEADING = re.compile(r"^(?:(?:the|mr|mrs|ms|dr|prof|sir|dame) )+(?=\w)")


def name_key(name: str) -> str:
    """Return the form in which the spellings of a name are equal: folded, without its title."""
    folded = " ".join(words(name[:LONGEST_NAME]))
    return _LEADING.sub("", folded)


def replace_item(tx: Transaction, kind: int, item: int, at: int, reading: ItemReading) -> None:
    """Make a reading all that is known from an item, but for what a mind proposed about it."""
    values = {"kind": kind, "item": item}
    before = _mentioned(tx, kind, item)
    rule = ORIGINS["RULE"]
    tx.execute(
        "DELETE FROM statements WHERE item_kind = :kind AND item = :item AND origin = :rule",
        {**values, "rule": rule},
    )
    tx.execute("DELETE FROM mentions WHERE item_kind = :kind AND item = :item", values)
    kept = tx.execute(
        "SELECT subject_id, object_id FROM statements WHERE item_kind = :kind AND item = :item",
        values,
    ).fetchall()
    _mention(tx, kind, item, [number for row in kept for number in row if number is not None])
    _mention(tx, kind, item, [_entity(tx, name) for name in reading.names if name_key(name)])
    for statement in reading.statements:
        state(tx, kind, item, at, statement)
    _drop_unused(tx, before)


def state(tx: Transaction, kind: int, item: int, at: int, statement: NewStatement) -> None:
    """Add one statement of an item; its subject and object are mentioned by it."""
    subject = _entity(tx, statement.subject)
    object = _entity(tx, statement.object) if statement.object_is_name else None
    _mention(tx, kind, item, [number for number in (subject, object) if number is not None])
    tx.execute(
        "INSERT INTO statements (subject_id, predicate, object, object_id, item_kind, item, at,"
        " since, until, origin, quote) VALUES (:subject, :predicate, :object, :object_id, :kind,"
        " :item, :at, :since, :until, :origin, :quote)",
        {
            "subject": subject,
            "predicate": statement.predicate,
            "object": statement.object,
            "object_id": object,
            "kind": kind,
            "item": item,
            "at": at,
            "since": optional_ms(statement.since),
            "until": optional_ms(statement.until),
            "origin": ORIGINS[statement.origin],
            "quote": statement.quote,
        },
    )


def detach(tx: Transaction, kind: Kind, items: Iterable[int]) -> None:
    """Remove all that was known from items that go, and the entities that nobody else names."""
    code = CODES[kind]
    for item in items:
        values = {"kind": code, "item": item}
        before = _mentioned(tx, code, item)
        tx.execute("DELETE FROM statements WHERE item_kind = :kind AND item = :item", values)
        tx.execute("DELETE FROM mentions WHERE item_kind = :kind AND item = :item", values)
        _drop_unused(tx, before)


def _mentioned(tx: Transaction, kind: int, item: int) -> list[int]:
    rows = tx.execute(
        "SELECT entity_id FROM mentions WHERE item_kind = :kind AND item = :item",
        {"kind": kind, "item": item},
    )
    return [number for (number,) in rows]


def _mention(tx: Transaction, kind: int, item: int, entities: Sequence[int]) -> None:
    for number in entities:
        tx.execute(
            "INSERT OR IGNORE INTO mentions (entity_id, item_kind, item)"
            " VALUES (:entity, :kind, :item)",
            {"entity": number, "kind": kind, "item": item},
        )


def _entity(tx: Transaction, name: str) -> int:
    """Return the number of an entity, making it where it is named for the first time."""
    key = name_key(name)
    row = tx.execute("SELECT id FROM entities WHERE key = :key", {"key": key}).fetchone()
    if row is None:
        row = tx.execute(
            "INSERT INTO entities (key, name) VALUES (:key, :name) RETURNING id",
            {"key": key, "name": name[:LONGEST_NAME]},
        ).fetchone()
    return int(row[0])


def _drop_unused(tx: Transaction, numbers: Iterable[int]) -> None:
    for number in numbers:
        tx.execute(
            "DELETE FROM entities WHERE id = :id"
            " AND NOT EXISTS (SELECT 1 FROM mentions WHERE entity_id = :id)",
            {"id": number},
        )
