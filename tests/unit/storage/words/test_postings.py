"""Postings that are kept say what the file says, whatever came since and whatever else was read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.words.columns import OPEN, Entry
from selfd_storage.words.file import STEPS, Change, Progress, apply, count_documents
from selfd_storage.words.postings import LEAST_KEPT, KeptPostings, read_postings

COMMON = LEAST_KEPT + 20


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "index.db")
    for step in STEPS:
        step(connection)
    yield connection
    connection.close()


def tell(db: sqlite3.Connection, first: int, texts: list[list[str]]) -> int:
    """Index texts from document `first` on; return the number of the next."""
    docs = range(first, first + len(texts))
    entries = {doc: Entry(1, doc, 0, doc, 0, OPEN, 1, 0, False) for doc in docs}
    change = Change(entries, dict(zip(docs, texts, strict=True)))
    apply(Transaction(db), change, Progress(0, 0, None))
    return first + len(texts)


def test_kept_postings_grow_with_the_file(db: sqlite3.Connection) -> None:
    kept = KeptPostings()
    count = tell(db, 1, [["tea", "tea"], ["tea"]] * COMMON)
    assert len(kept.read(db, "tea", count)) == 2 * COMMON
    count = tell(db, count, [["tea"] * 4, ["milk"]])
    again = kept.read(db, "tea", count)
    assert again.docs.tolist() == read_postings(db, "tea").docs.tolist()
    assert again.counts.tolist() == [2, 1] * COMMON + [4]
    assert kept.frequencies(db, ["tea", "milk", "coffee"], count) == {
        "tea": 2 * COMMON + 1,
        "milk": 1,
    }


def test_what_a_snapshot_holds_beyond_the_count_is_read_again(db: sqlite3.Connection) -> None:
    """The file is written before the columns; the next document may be there, or half of them."""
    kept = KeptPostings()
    count = tell(db, 1, [["tea"]] * COMMON)
    assert len(kept.read(db, "tea", count - 5)) == COMMON
    tell(db, count, [["tea"]])
    assert kept.read(db, "tea", count + 1).docs.tolist() == list(range(1, count + 1))


def test_the_least_used_postings_go_first(db: sqlite3.Connection) -> None:
    count = tell(db, 1, [["tea", "milk", "jam"]] * COMMON)
    kept = KeptPostings(most=2 * COMMON)
    for term in ("tea", "milk", "tea", "jam"):
        kept.read(db, term, count)
    db.execute("INSERT INTO words (words) VALUES ('delete-all')")  # so that only memory can tell
    found = {term: len(kept.read(db, term, count)) for term in ("tea", "jam", "milk")}
    assert found == {"tea": COMMON, "jam": COMMON, "milk": 0}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=5), max_size=12), st.data())
def test_kept_postings_are_those_of_the_file(
    db: sqlite3.Connection, texts: list[list[str]], data: st.DataObject
) -> None:
    db.execute("INSERT INTO words (words) VALUES ('delete-all')")
    db.execute("DELETE FROM docs")
    kept = KeptPostings()
    count = tell(db, 1, [["a", "b"]] * COMMON)
    for text in texts:
        count = tell(db, count, [text])
        term = data.draw(st.sampled_from(["a", "b", "c"]))
        assert kept.read(db, term, count).docs.tolist() == read_postings(db, term).docs.tolist()
        assert kept.frequencies(db, "abc", count) == count_documents(db, "abc")
