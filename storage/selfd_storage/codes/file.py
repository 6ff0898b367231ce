"""What `index.db` keeps of those who made codes: their names, and of which documents."""

from __future__ import annotations

from dataclasses import dataclass

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction

_CLAMP = """
UPDATE embeddings SET low = min(low, free), high = min(high, free) FROM (
    SELECT 1 + max(coalesce((SELECT max(doc) FROM docs), 0),
        coalesce((SELECT max(doc) FROM graves), 0)) AS free
)
"""
_REACHES_TOO_FAR = """
SELECT 1 FROM embeddings WHERE high > 1 + max(
    coalesce((SELECT max(doc) FROM docs), 0), coalesce((SELECT max(doc) FROM graves), 0))
"""


@dataclass(frozen=True, slots=True)
class Coded:
    """Whose codes there are, in what form, and of which documents: from `low` to before `high`.

    Codes grow at both ends: upwards with what is new, and downwards to what was there before.
    `bits` is how many a dimension every code has; those of long texts have more.
    """

    model: int
    fingerprint: str
    dimensions: int
    bits: int
    seed: int
    low: int
    high: int


def read_coded(db: sqlite3.Connection) -> list[Coded]:
    """Return whose codes there are, the latest last."""
    rows = db.execute(
        "SELECT model, fingerprint, dimensions, bits, seed, low, high FROM embeddings"
        " ORDER BY model"
    )
    return [Coded(*row) for row in rows]


def reaches_too_far(db: sqlite3.Connection) -> bool:
    """Tell whether there are codes of documents that were purged."""
    return db.execute(_REACHES_TOO_FAR).fetchone() is not None


def clamp(tx: Transaction) -> None:
    """Forget codes of documents that were purged: their numbers may be given again."""
    tx.execute(_CLAMP)


def begin(
    tx: Transaction, fingerprint: str, dimensions: int, bits: int, seed: int, at: int
) -> Coded:
    """Note an embedder whose codes are to come; `at` is the number of the next document."""
    row = tx.execute("SELECT coalesce(max(model), 0) + 1 FROM embeddings").fetchone()
    coded = Coded(int(row[0]), fingerprint, dimensions, bits, seed, at, at)
    tx.execute(
        "INSERT INTO embeddings (model, fingerprint, dimensions, bits, seed, low, high)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (coded.model, fingerprint, dimensions, bits, seed, at, at),
    )
    return coded
