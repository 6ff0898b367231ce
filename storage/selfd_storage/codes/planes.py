"""The rows of `index.db` that hold codes, many documents a row.

A row of `codes` holds as many documents as fit one page of the file, by their numbers, so that a
code takes its own bytes and no more. A document without a code has zeros there. The first planes of
codes, which a search has in memory, lie in rows of their own; their further planes, which are read
for a few documents at a time, lie in others. Long texts have still more planes, a row of
`long_codes` each.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.file import Coded, read_coded
from selfd_storage.codes.vectors import COARSE, Flags, Rows, Words
from selfd_storage.database import Transaction
from selfd_storage.words.columns import Docs

ROW_BYTES = 4032  # of codes in a row: with its header it fills a page of 4,096
FIRST, FURTHER = 0, 1  # parts of a code
_MODEL, _PART = 32, 31  # bits of a place below the number of its model, and below its part

_FURTHER = """
SELECT n.key, substr(c.body, 1 + :size * (n.value % :per_row), :size), coalesce(l.body, x'')
FROM json_each(:docs) AS n
JOIN codes AS c ON c.place = :start + n.value / :per_row
LEFT JOIN long_codes AS l ON l.place = :model + n.value
"""


def per_row(coded: Coded) -> int:
    """Return how many codes are in one row."""
    return ROW_BYTES // _size(coded, FIRST)


def read_codes(db: sqlite3.Connection, coded: Coded) -> Iterator[tuple[int, Words]]:
    """Yield the first document of each row and the first planes of its codes (n, COARSE, W)."""
    start, end = _place(coded, FIRST, 0), _place(coded, FURTHER, 0)
    rows = db.execute("SELECT place, body FROM codes WHERE place >= ? AND place < ?", (start, end))
    for place, body in rows:
        codes = np.frombuffer(body, np.uint64).reshape(-1, COARSE, coded.dimensions // 64)
        yield (place - start) * per_row(coded), codes


def read_further(db: sqlite3.Connection, coded: Coded, docs: Docs) -> Iterator[tuple[Rows, Words]]:
    """Yield the further planes (n, B, W) of documents that have B of them, and their places.

    A place is one of `docs`. What has no code (yet, or any more) is left out.
    """
    values = {
        "docs": json.dumps(docs.tolist()),
        "size": _size(coded, FURTHER),
        "per_row": per_row(coded),
        "start": _place(coded, FURTHER, 0),
        "model": coded.model << _MODEL,
    }
    found: dict[int, tuple[list[int], list[bytes]]] = defaultdict(lambda: ([], []))
    for place, body, more in db.execute(_FURTHER, values):
        places, bodies = found[len(more)]
        places.append(place)
        bodies.append(body + more)
    for places, bodies in found.values():
        planes = np.frombuffer(b"".join(bodies), np.uint64)
        planes = planes.reshape(len(places), -1, coded.dimensions // 64)
        there = planes.any(axis=(1, 2))
        yield np.array(places, np.intp)[there], planes[there]


def write_codes(tx: Transaction, coded: Coded, first: int, codes: Words, is_long: Flags) -> Words:
    """Write codes (n, B, W) of the documents from `first` on, and how far they reach now.

    Args:
        codes: with as many planes as long texts have.
        is_long: which of them (n,) keep all planes.

    Returns:
        The first planes (n, COARSE, W) as they were written: zeros for documents that were buried
        meanwhile.
    """
    last = first + len(codes)
    alive = tx.execute("SELECT doc FROM docs WHERE doc >= ? AND doc < ?", (first, last))
    kept = np.zeros(len(codes), np.bool_)
    kept[[doc - first for (doc,) in alive]] = True
    codes = np.where(kept[:, None, None], codes, np.uint64(0))
    for part in _parts(coded):
        _write_part(tx, coded, part, first, codes)
    _write_long(tx, coded, first, codes[:, coded.bits :], is_long & kept)
    tx.execute(
        "UPDATE embeddings SET low = min(low, ?), high = max(high, ?) WHERE model = ?",
        (first, last, coded.model),
    )
    return codes[:, :COARSE]


def erase_codes(tx: Transaction, docs: Sequence[int]) -> None:
    """Remove the codes of documents, whoever made them."""
    if not docs:
        return
    for coded in read_coded(tx.connection):
        touched: dict[int, list[int]] = defaultdict(list)
        for doc in docs:
            if coded.low <= doc < coded.high:
                touched[doc // per_row(coded)].append(doc % per_row(coded))
        for part in _parts(coded):
            size = _size(coded, part)
            for row, places in touched.items():
                body = _read_row(tx, coded, part, row)
                for place in places:
                    body[place * size : (place + 1) * size] = bytes(size)
                _write_row(tx, coded, part, row, body)
        tx.connection.executemany(
            "DELETE FROM long_codes WHERE place = ?",
            ((coded.model << _MODEL | doc,) for doc in docs),
        )


def drop_codes(tx: Transaction, models: Iterable[int]) -> None:
    """Remove all codes of some embedders."""
    for model in models:
        every = (model << _MODEL, (model + 1) << _MODEL)
        tx.execute("DELETE FROM codes WHERE place >= ? AND place < ?", every)
        tx.execute("DELETE FROM long_codes WHERE place >= ? AND place < ?", every)
        tx.execute("DELETE FROM embeddings WHERE model = ?", (model,))


def _write_part(tx: Transaction, coded: Coded, part: int, first: int, codes: Words) -> None:
    planes = codes[:, :COARSE] if part == FIRST else codes[:, COARSE : coded.bits]
    size, width, last = _size(coded, part), per_row(coded), first + len(codes)
    for row in range(first // width, -(-last // width)):
        start = row * width
        begin, end = max(first, start), min(last, start + width)
        body = _read_row(tx, coded, part, row)
        written = planes[begin - first : end - first].tobytes()
        body[(begin - start) * size : (end - start) * size] = written
        _write_row(tx, coded, part, row, body)


def _write_long(tx: Transaction, coded: Coded, first: int, planes: Words, is_long: Flags) -> None:
    """Write what long texts have beside the planes of every code."""
    start = (coded.model << _MODEL) + first
    tx.execute(
        "DELETE FROM long_codes WHERE place >= ? AND place < ?", (start, start + len(planes))
    )
    tx.connection.executemany(
        "INSERT INTO long_codes (place, body) VALUES (?, ?)",
        ((start + at, planes[at].tobytes()) for at in compress(range(len(planes)), is_long)),
    )


def _parts(coded: Coded) -> tuple[int, ...]:
    """Return the parts of its codes: those of an earlier selfd have the first alone."""
    return (FIRST, FURTHER) if coded.bits > COARSE else (FIRST,)


def _size(coded: Coded, part: int) -> int:
    """Return the bytes that a part of a code takes."""
    return coded.dimensions // 8 * (COARSE if part == FIRST else coded.bits - COARSE)


def _place(coded: Coded, part: int, row: int) -> int:
    return coded.model << _MODEL | part << _PART | row


def _read_row(tx: Transaction, coded: Coded, part: int, row: int) -> bytearray:
    found = tx.execute(
        "SELECT body FROM codes WHERE place = ?", (_place(coded, part, row),)
    ).fetchone()
    return bytearray(per_row(coded) * _size(coded, part) if found is None else found[0])


def _write_row(tx: Transaction, coded: Coded, part: int, row: int, body: bytearray) -> None:
    tx.execute(
        "INSERT INTO codes (place, body) VALUES (?, ?)"
        " ON CONFLICT (place) DO UPDATE SET body = excluded.body",
        (_place(coded, part, row), bytes(body)),
    )
