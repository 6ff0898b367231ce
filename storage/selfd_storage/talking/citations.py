"""The quotes that answers rely on, and what becomes of them when their source is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError, InvalidInputError
from selfd_storage.ids import CODES, NAMES, Kind, make_id, split_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.talking.records import CitationRecord

REDACTED = "[forgotten]"


def cite(tx: Transaction, answer: int, citations: Sequence[CitationRecord]) -> None:
    """Store what an answer relies on, in its order."""
    for position, citation in enumerate(citations):
        parts = split_id(citation.item_id)
        if parts is None:
            raise InvalidInputError(f"a citation names no item: {citation.item_id!r}")
        tx.execute(
            "INSERT INTO citations (answer_id, position, item_kind, item, quote, score)"
            " VALUES (:answer, :position, :kind, :item, :quote, :score)",
            {
                "answer": answer,
                "position": position,
                "kind": CODES[parts[0]],
                "item": parts[1],
                "quote": citation.quote,
                "score": citation.score,
            },
        )


def citations_of(db: sqlite3.Connection, answer: int) -> tuple[CitationRecord, ...]:
    """Return what an answer relies on, in its order."""
    rows = db.execute(
        "SELECT item_kind, item, quote, score FROM citations"
        " WHERE answer_id = :answer ORDER BY position",
        {"answer": answer},
    )
    return tuple(
        CitationRecord(f"{NAMES[kind]}:{item}", quote, score) for kind, item, quote, score in rows
    )


def redact(tx: Transaction, kind: Kind, number: int) -> None:
    """Take the words of a forgotten item out of the answers that quote them.

    An answer that says it in other words goes whole: nobody can tell which of them came from where.
    """
    values = {"kind": CODES[kind], "item": number, "redacted": REDACTED}
    quotes = tx.execute(
        "SELECT a.message_id, c.quote FROM citations AS c JOIN answers AS a ON a.id = c.answer_id"
        " WHERE c.item_kind = :kind AND c.item = :item",
        values,
    ).fetchall()
    for message, quote in quotes:
        if quote != REDACTED:  # else it is done
            _redact_message(tx, message, quote)
    tx.execute(
        "UPDATE citations SET quote = :redacted WHERE item_kind = :kind AND item = :item", values
    )


def _redact_message(tx: Transaction, message: int, quote: str) -> None:
    row = tx.execute(
        "SELECT conversation_id, role, at, codec, size, hash, body FROM messages WHERE id = :id",
        {"id": message},
    ).fetchone()
    meaning = row[:3]
    try:
        text = unpack(make_id("message", message), "message", *row[3:], *meaning).decode("utf-8")
    except IntegrityError:
        text = REDACTED  # what cannot be read cannot be searched for the quote
    else:
        text = text.replace(quote, REDACTED) if quote in text else REDACTED
    tx.execute(
        "UPDATE messages SET tier = :tier, codec = :codec, dictionary = :dictionary, size = :size,"
        " hash = :hash, body = :body WHERE id = :id",
        {"id": message, **pack("message", text.encode("utf-8"), *meaning)},
    )
