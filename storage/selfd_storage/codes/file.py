"""What `index.db` keeps of vectors: who made them, and their codes, many documents a row.

A row of `codes` holds as many documents as fit one page of the file, by their numbers, so that a
code takes its own bytes and no more. A document without a code has zeros there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.vectors import Words
from selfd_storage.database import Transaction

ROW_BYTES = 4032  # of codes in a row: with its header it fills a page of 4,096
_MODELS = 32  # bits of a place that number the row; the model's number is above them

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
    """

    model: int
    fingerprint: str
    dimensions: int
    bits: int
    seed: int
    low: int
    high: int

    @property
    def code_bytes(self) -> int:
        """Bytes of one code."""
        return self.dimensions * self.bits // 8

    @property
    def per_row(self) -> int:
        """How many codes are in one row."""
        return ROW_BYTES // self.code_bytes


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


def read_codes(db: sqlite3.Connection, coded: Coded) -> Iterator[tuple[int, Words]]:
    """Yield the first document of each row and its codes (n, B, W)."""
    first = coded.model << _MODELS
    rows = db.execute(
        "SELECT place, body FROM codes WHERE place >= ? AND place < ?",
        (first, first + (1 << _MODELS)),
    )
    for place, body in rows:
        codes = np.frombuffer(body, np.uint64).reshape(-1, coded.bits, coded.dimensions // 64)
        yield (place - first) * coded.per_row, codes


def write_codes(tx: Transaction, coded: Coded, first: int, codes: Words) -> Words:
    """Write codes (n, B, W) of the documents from `first` on, and how far they reach now.

    Returns the codes as they were written: zeros for documents that were buried meanwhile.
    """
    last = first + len(codes)
    alive = tx.execute("SELECT doc FROM docs WHERE doc >= ? AND doc < ?", (first, last))
    kept = np.zeros(len(codes), np.bool_)
    kept[[doc - first for (doc,) in alive]] = True
    codes = np.where(kept[:, None, None], codes, np.uint64(0))
    for row in range(first // coded.per_row, -(-last // coded.per_row)):
        start = row * coded.per_row
        begin, end = max(first, start), min(last, start + coded.per_row)
        body = _read_row(tx, coded, row)
        size = coded.code_bytes
        body[(begin - start) * size : (end - start) * size] = codes[
            begin - first : end - first
        ].tobytes()
        _write_row(tx, coded, row, body)
    tx.execute(
        "UPDATE embeddings SET low = min(low, ?), high = max(high, ?) WHERE model = ?",
        (first, last, coded.model),
    )
    return codes


def erase_codes(tx: Transaction, docs: Sequence[int]) -> None:
    """Zero the codes of documents, whoever made them."""
    if not docs:
        return
    for coded in read_coded(tx.connection):
        touched: dict[int, list[int]] = defaultdict(list)
        for doc in docs:
            if coded.low <= doc < coded.high:
                touched[doc // coded.per_row].append(doc % coded.per_row)
        for row, places in touched.items():
            body = _read_row(tx, coded, row)
            for place in places:
                start = place * coded.code_bytes
                body[start : start + coded.code_bytes] = bytes(coded.code_bytes)
            _write_row(tx, coded, row, body)


def drop_codes(tx: Transaction, models: Iterable[int]) -> None:
    """Remove all codes of some embedders."""
    for model in models:
        first = model << _MODELS
        tx.execute(
            "DELETE FROM codes WHERE place >= ? AND place < ?", (first, first + (1 << _MODELS))
        )
        tx.execute("DELETE FROM embeddings WHERE model = ?", (model,))


def _read_row(tx: Transaction, coded: Coded, row: int) -> bytearray:
    found = tx.execute(
        "SELECT body FROM codes WHERE place = ?", (coded.model << _MODELS | row,)
    ).fetchone()
    return bytearray(coded.per_row * coded.code_bytes if found is None else found[0])


def _write_row(tx: Transaction, coded: Coded, row: int, body: bytearray) -> None:
    tx.execute(
        "INSERT INTO codes (place, body) VALUES (?, ?)"
        " ON CONFLICT (place) DO UPDATE SET body = excluded.body",
        (coded.model << _MODELS | row, bytes(body)),
    )
