"""Rows of codes in a real file: what was written and not erased is read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.file import Coded, begin, read_coded
from selfd_storage.codes.planes import (
    drop_codes,
    erase_codes,
    per_row,
    read_codes,
    read_further,
    write_codes,
)
from selfd_storage.codes.vectors import COARSE
from selfd_storage.database import Transaction
from selfd_storage.words.file import STEPS

BITS, LONG_BITS = 4, 7
DOCS = 200

Code = NDArray[np.uint64]


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = opened()
    yield connection
    connection.close()


def opened(steps: int = len(STEPS)) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for step in STEPS[:steps]:
        step(connection)
    return connection


def alive(db: sqlite3.Connection, docs: range) -> None:
    db.executemany(
        "INSERT INTO docs VALUES (?, 1, ?, 0, 0, 0, NULL, 1, 0, 0)", ((doc, doc) for doc in docs)
    )


def made(count: int, seed: int = 1) -> Code:
    return np.random.default_rng(seed).integers(1, 1 << 62, (count, LONG_BITS, 4), np.uint64)


def first_planes(db: sqlite3.Connection, coded: Coded) -> dict[int, Code]:
    """Return the first planes of every document that has a code."""
    rows = list(read_codes(db, coded))
    return {first + at: code for first, row in rows for at, code in enumerate(row) if code.any()}


def further_planes(db: sqlite3.Connection, coded: Coded, docs: range) -> dict[int, Code]:
    """Return the further planes of every document that has some."""
    found = read_further(db, coded, np.array(docs, np.int64))
    return {
        docs[place]: code
        for places, planes in found
        for place, code in zip(places.tolist(), planes, strict=True)
    }


Step = tuple[str, int, int, int]  # what is done, from which document to which, and by what chance
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "erase"]),
        st.integers(1, DOCS - 1),
        st.integers(1, DOCS),
        st.integers(0, 999),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(steps=_STEPS)
def test_whatever_is_written_and_erased_what_is_left_is_read(steps: list[Step]) -> None:
    db = opened()
    alive(db, range(1, DOCS))
    tx, coded = Transaction(db), begin(Transaction(db), "first", 256, BITS, 1, 1)
    expected: dict[int, Code] = {}
    for what, start, end, seed in steps:
        docs = range(start, min(DOCS, start + end))
        if what == "erase":
            erase_codes(tx, docs)
            for doc in docs:
                expected.pop(doc, None)
            continue
        codes, is_long = made(len(docs), seed), np.array([(doc + seed) % 3 == 0 for doc in docs])
        write_codes(tx, coded, start, codes, is_long)
        for doc, code, long in zip(docs, codes, is_long.tolist(), strict=True):
            expected[doc] = code if long else code[:BITS]
    first, further = first_planes(db, coded), further_planes(db, coded, range(1, DOCS))
    assert first.keys() == further.keys() == expected.keys()
    for doc, code in expected.items():
        assert np.array_equal(np.concatenate([first[doc], further[doc]]), code)
    kept = sum(len(code) > BITS for code in expected.values())
    assert db.execute("SELECT count(*) FROM long_codes").fetchone() == (kept,)
    db.close()


def test_what_was_buried_while_it_was_embedded_gets_no_code(db: sqlite3.Connection) -> None:
    alive(db, range(1, 5))
    coded = begin(Transaction(db), "first", 256, BITS, 1, 1)
    written = write_codes(Transaction(db), coded, 1, made(9), np.ones(9, np.bool_))
    assert written.any(axis=(1, 2)).tolist() == [True] * 4 + [False] * 5
    assert first_planes(db, coded).keys() == {1, 2, 3, 4}
    assert further_planes(db, coded, range(1, 10)).keys() == {1, 2, 3, 4}
    assert db.execute("SELECT count(*) FROM long_codes").fetchone() == (4,)


def test_the_codes_of_one_embedder_go_and_those_of_another_stay(db: sqlite3.Connection) -> None:
    alive(db, range(1, DOCS))
    tx = Transaction(db)
    former, present = (begin(tx, name, 256, BITS, 1, 1) for name in ("first", "second"))
    codes, is_long = made(DOCS - 1), np.ones(DOCS - 1, np.bool_)
    for coded in (former, present):
        write_codes(tx, coded, 1, codes, is_long)
    drop_codes(tx, [former.model])
    assert [each.fingerprint for each in read_coded(db)] == ["second"]
    assert not first_planes(db, former)
    assert not further_planes(db, former, range(1, DOCS))
    assert len(further_planes(db, present, range(1, DOCS))) == DOCS - 1


def test_a_row_fills_a_page_and_no_more(db: sqlite3.Connection) -> None:
    coded = begin(Transaction(db), "first", 256, BITS, 1, 1)
    assert per_row(coded) == 63
    alive(db, range(1, 64))
    write_codes(Transaction(db), coded, 1, made(62), np.zeros(62, np.bool_))
    sizes = [size for (size,) in db.execute("SELECT length(body) FROM codes")]
    assert sizes == [63 * 64, 63 * 64], "one row of each part"


def test_codes_of_an_earlier_selfd_are_read() -> None:
    """Until 1.0: two planes, 63 documents a row, an embedder once."""
    db = opened(steps=2)
    codes = made(63)[:, :COARSE]
    db.execute("INSERT INTO embeddings VALUES (3, 'first', 256, 2, 1, 5, 40)")
    db.execute("INSERT INTO codes VALUES (?, ?)", (3 << 32, codes.tobytes()))
    for step in STEPS[2:]:
        step(db)
    (coded,) = read_coded(db)
    assert coded == Coded(3, "first", 256, 2, 1, 5, 40)
    found = first_planes(db, coded)
    assert all(np.array_equal(found[doc], codes[doc]) for doc in range(63))
    assert not further_planes(db, coded, range(5, 40)), "there are none"
    alive(db, range(1, 63))
    erase_codes(Transaction(db), [7])
    assert 7 not in first_planes(db, coded)
    again = begin(Transaction(db), "first", 256, BITS, 1, 1)
    assert [each.bits for each in read_coded(db)] == [2, again.bits]
    db.close()
