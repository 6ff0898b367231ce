"""What knows `index.db`: terms in FTS5, a row of facts a document, how far the log was followed.

FTS5 holds no text, no positions and no sizes (contentless, detail none, columnsize 0): a third of
the usual bytes. How often a term occurs in a document is kept as further terms: `tea²` where it
does twice or more, `tea⁴` from four times on; folded text holds no such signs.

Contentless rows are deleted by naming their terms again. A document that goes is first entered in
`graves`, which hides it; `purge` then reads its terms back out of FTS5 itself, deletes them and
merges what is left, so that no forgotten word stays in the file, whether the text could still be
had or not.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.planes import erase_codes
from selfd_storage.database import Transaction
from selfd_storage.schema.migrations import Migration
from selfd_storage.schema.steps import execute_all
from selfd_storage.words.columns import Docs, Entry

APPLICATION_ID = int.from_bytes(b"slfi", "big")
LEVELS = {2: "²", 4: "⁴"}  # from how many occurrences on: the sign of the further term
MOST_PIECES = 4  # that terms may lie in, whatever their sizes
MOST_IN_ONE = 0.75  # of all pages, in the largest piece: enough to leave the others as they are

_SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5 (
    terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
);
CREATE VIRTUAL TABLE term_counts USING fts5vocab (words, row);
CREATE VIRTUAL TABLE term_places USING fts5vocab (words, instance);

-- What columns.py holds in memory, and loads at the start.
CREATE TABLE docs (
    doc INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,             -- ids.py, CODES
    item INTEGER NOT NULL,
    parent INTEGER NOT NULL,           -- source, feed or document; 0: none
    place INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,                  -- NULL: holds still
    length INTEGER NOT NULL,           -- terms
    speaker INTEGER NOT NULL,          -- lexicon.py, name_code
    asks INTEGER NOT NULL              -- 1: it holds a question mark
);

-- Documents that are gone, whose terms are in `words` until the next purge.
CREATE TABLE graves (doc INTEGER PRIMARY KEY);

-- One row. The log was followed up to `cursor`, an event of the moment `cursor_at` (0: of no
-- event). A walk over all rows of selfd.db has done every row up to `walk_item` of `walk_kind`;
-- NULL: no walk.
CREATE TABLE progress (
    cursor INTEGER NOT NULL,
    cursor_at INTEGER NOT NULL,
    walk_kind INTEGER,
    walk_item INTEGER
);
"""

_CODES = """
-- Who turned texts into vectors, the form of their codes, and which documents have one: those from
-- `low` to before `high`.
CREATE TABLE embeddings (
    model INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    dimensions INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    seed INTEGER NOT NULL,             -- of the rotation
    low INTEGER NOT NULL,
    high INTEGER NOT NULL
);

-- Codes of many documents that follow each other: `place` is model * 2^32 + the row's number.
CREATE TABLE codes (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""

_LONG_CODES = """
-- An embedder is there twice while its codes are made anew with other bits. From here on, `bits`
-- are those of a short text, and the rows of `codes` that hold all but the first two lie 2^31 above
-- the others of their model.
CREATE TABLE embeddings_anew (
    model INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    seed INTEGER NOT NULL,             -- of the rotation
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    UNIQUE (fingerprint, bits)
);
INSERT INTO embeddings_anew SELECT * FROM embeddings;
DROP TABLE embeddings;
ALTER TABLE embeddings_anew RENAME TO embeddings;

-- Further bits of one long text: `place` is model * 2^32 + the document.
CREATE TABLE long_codes (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


def m001_first(db: sqlite3.Connection) -> None:
    """Make the first tables."""
    execute_all(db, _SCHEMA)


def m002_codes(db: sqlite3.Connection) -> None:
    """Make room for vectors; codes/planes.py."""
    execute_all(db, _CODES)


def m003_long_codes(db: sqlite3.Connection) -> None:
    """Let codes have more bits than those in memory, and long texts more than others."""
    execute_all(db, _LONG_CODES)


STEPS: tuple[Migration, ...] = (m001_first, m002_codes, m003_long_codes)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index has come; `walk` is the last kind and item of a rebuild that goes on."""

    cursor: int
    cursor_at: int
    walk: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Change:
    """What one step writes: new documents with their terms, changed rows, and documents that go."""

    entries: Mapping[int, Entry] = field(default_factory=dict)
    terms: Mapping[int, Sequence[str]] = field(default_factory=dict)
    revised: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # place, valid_to
    buried: Sequence[int] = ()


def read_progress(db: sqlite3.Connection) -> Progress | None:
    """Return how far the index has come, None in a file that was just made."""
    row = db.execute("SELECT cursor, cursor_at, walk_kind, walk_item FROM progress").fetchone()
    if row is None:
        return None
    cursor, cursor_at, kind, item = row
    return Progress(cursor, cursor_at, None if kind is None else (kind, item))


def read_entries(
    db: sqlite3.Connection, at_once: int
) -> Iterator[tuple[list[int], list[tuple[Any, ...]]]]:
    """Yield some documents at a time, none of them a hole, and their entries, by number."""
    rows = db.execute(
        "SELECT doc, kind, item, parent, place, valid_from,"
        " coalesce(valid_to, 9223372036854775807), length, speaker, asks FROM docs ORDER BY doc"
    )
    while some := rows.fetchmany(at_once):
        yield [row[0] for row in some], [row[1:] for row in some]


def first_free(db: sqlite3.Connection) -> int:
    """Return a number above those of all documents, living or buried."""
    row = db.execute(
        "SELECT 1 + max(coalesce((SELECT max(doc) FROM docs), 0),"
        " coalesce((SELECT max(doc) FROM graves), 0))"
    ).fetchone()
    return int(row[0])


def apply(tx: Transaction, change: Change, progress: Progress) -> None:
    """Write one step and how far it has brought the index."""
    tx.connection.executemany(
        "INSERT INTO docs (doc, kind, item, parent, place, valid_from, valid_to, length, speaker,"
        " asks) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 9223372036854775807), ?, ?, ?)",
        ((doc, *entry) for doc, entry in change.entries.items()),
    )
    tx.connection.executemany(
        "INSERT INTO words (rowid, terms) VALUES (?, ?)",
        ((doc, " ".join(_levelled(terms))) for doc, terms in change.terms.items()),
    )
    tx.connection.executemany(
        "UPDATE docs SET place = ?, valid_to = nullif(?, 9223372036854775807) WHERE doc = ?",
        ((place, valid_to, doc) for doc, (place, valid_to) in change.revised.items()),
    )
    gone = [(doc,) for doc in change.buried]
    tx.connection.executemany("DELETE FROM docs WHERE doc = ?", gone)
    tx.connection.executemany("INSERT INTO graves (doc) VALUES (?)", gone)
    erase_codes(tx, change.buried)
    write_progress(tx, progress)


def write_progress(tx: Transaction, progress: Progress) -> None:
    """Note how far the index has come."""
    kind, item = progress.walk or (None, None)
    tx.execute("DELETE FROM progress")
    tx.execute(
        "INSERT INTO progress (cursor, cursor_at, walk_kind, walk_item)"
        " VALUES (:cursor, :cursor_at, :kind, :item)",
        {"cursor": progress.cursor, "cursor_at": progress.cursor_at, "kind": kind, "item": item},
    )


def clear(tx: Transaction) -> None:
    """Forget every document, to begin anew."""
    tx.execute("INSERT INTO words (words) VALUES ('delete-all')")
    tx.execute("DELETE FROM docs")
    tx.execute("DELETE FROM graves")
    tx.execute("DELETE FROM embeddings")
    tx.execute("DELETE FROM codes")
    tx.execute("DELETE FROM long_codes")
    tx.execute("DELETE FROM progress")


def count_documents(db: sqlite3.Connection, terms: Iterable[str]) -> dict[str, int]:
    """Return how many documents hold each of the terms that any document holds."""
    rows = db.execute(
        "SELECT term, doc FROM term_counts WHERE term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(terms)),),
    )
    return {term: int(count) for term, count in rows}


def count_terms_from(db: sqlite3.Connection, beginning: str) -> dict[str, int]:
    """Return the terms with some beginning, and how many documents hold each."""
    rows = db.execute(
        "SELECT term, doc FROM term_counts WHERE term >= ? AND term < ?",
        (beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1)),
    )
    return {term: int(count) for term, count in rows}


def read_documents(db: sqlite3.Connection, terms: Sequence[str], start: int = 0) -> Docs:
    """Return the documents from `start` on that hold all of some terms, ascending.

    One joined string is read three times as fast as that many rows.
    """
    row = db.execute(
        "SELECT group_concat(rowid) FROM words WHERE words MATCH ? AND rowid >= ?",
        (" ".join(f'"{term}"' for term in terms), start),
    ).fetchone()
    return np.fromstring(row[0] or "", dtype=np.int64, sep=",")


def is_scattered(db: sqlite3.Connection) -> bool:
    """Tell whether terms lie in many pieces: each is looked into for every term that is read.

    FTS5 writes a piece at a time and joins a few of them at once. Where the largest has most of
    the pages, to join all would write much for little.
    """
    pieces = [row[0] for row in db.execute("SELECT count(*) FROM words_idx GROUP BY segid")]
    return len(pieces) > MOST_PIECES and max(pieces) < MOST_IN_ONE * sum(pieces)


def join(tx: Transaction) -> None:
    """Put all terms into one piece, and give back the room of the others."""
    tx.execute("INSERT INTO words (words) VALUES ('optimize')")
    (free,) = tx.execute("PRAGMA freelist_count").fetchone()
    for _ in range(free):  # each call gives back one page
        tx.execute("PRAGMA incremental_vacuum")


def has_graves(db: sqlite3.Connection) -> bool:
    """Tell whether a purge has something to do."""
    return db.execute("SELECT 1 FROM graves LIMIT 1").fetchone() is not None


def purge(tx: Transaction) -> None:
    """Delete the terms of the documents in their graves, and merge so that no trace stays."""
    buried: dict[int, list[str]] = defaultdict(list)
    for doc, term in tx.execute(
        "SELECT doc, term FROM term_places WHERE doc IN (SELECT doc FROM graves)"
    ):
        buried[doc].append(term)
    tx.connection.executemany(
        "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)",
        ((doc, " ".join(terms)) for doc, terms in buried.items()),
    )
    tx.execute("INSERT INTO words (words) VALUES ('optimize')")
    tx.execute("DELETE FROM graves")


def _levelled(terms: Sequence[str]) -> Iterator[str]:
    """Yield each term once, and again with a sign for each level that its count reaches."""
    for term, count in Counter(terms).items():
        yield term
        for level, sign in LEVELS.items():
            if count >= level:
                yield term + sign
