"""What the index reads from `selfd.db`: the texts to be found, each with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.ids import CODES
from selfd_storage.packing.codecs import decode
from selfd_storage.words.columns import OPEN, Entry

KINDS = (CODES["memory"], CODES["article"], CODES["chunk"])
SLICE_BYTES = 4 * 1024 * 1024  # of raw text that one step reads, one item at least
SLICE_ITEMS = 1000

_ALL = "WHERE x.id > :after ORDER BY x.id LIMIT :limit"
_NAMED = """
WHERE x.id IN (SELECT value FROM json_each(:items) WHERE value > :after) ORDER BY x.id LIMIT :limit
"""
# item, parent, place, valid_from, codec, size, body, tags, whether it was changed
_MEMORIES = """
SELECT x.id, coalesce(x.source_id, 0), x.at, coalesce(x.updated_at, x.recorded_at, x.at),
    x.codec, x.size, x.body, x.tags, x.updated_at IS NOT NULL
FROM memories AS x
"""
_ARTICLES = """
SELECT x.id, x.feed_id, x.at, x.fetched_at, x.codec, x.size, x.body, NULL, 0
FROM articles AS x
"""
_CHUNKS = """
SELECT x.id, x.document_id, x.start_line, 0, x.codec, x.size, x.body, NULL, 0
FROM chunks AS x
"""
_STATEMENTS = dict(zip(KINDS, (_MEMORIES, _ARTICLES, _CHUNKS), strict=True))
_VERSIONS = """
SELECT valid_from, valid_to, tags, codec, size, body FROM memory_versions
WHERE memory_id = :memory AND valid_from < valid_to
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """One text as it holds, or held for a while. Times are milliseconds since 1970."""

    kind: int
    item: int
    parent: int
    place: int
    valid_from: int
    valid_to: int
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The passages of the items up to `last`; `last` is None when there are no more."""

    passages: Sequence[Passage]
    last: int | None


def read_slice(db: sqlite3.Connection, kind: int, after: int, items: Sequence[int] | None) -> Slice:
    """Read the next items of a kind by their numbers: all of them, or those that are named.

    A row that is damaged has no passages: it can be found again when it is restored.
    """
    values = {
        "after": after,
        "items": None if items is None else json.dumps(list(items)),
        "limit": SLICE_ITEMS,
    }
    passages: list[Passage] = []
    read, seen, last = 0, 0, None
    for row in db.execute(_STATEMENTS[kind] + (_ALL if items is None else _NAMED), values):
        seen += 1
        last = row[0]
        read += row[5]
        passages += _passages(db, kind, row)
        if read >= SLICE_BYTES:
            return Slice(passages, last)
    return Slice(passages, last if seen == SLICE_ITEMS else None)


def read_texts(db: sqlite3.Connection, entries: Mapping[int, Entry], most: int) -> dict[int, str]:
    """Return the first `most` characters of documents, by their numbers.

    A document that has changed meanwhile is left out.
    """
    wanted: dict[int, dict[tuple[int, int], int]] = {}
    for doc, entry in entries.items():
        if entry.kind in KINDS:  # else it is gone
            wanted.setdefault(entry.kind, {})[entry.item, entry.valid_from] = doc
    texts: dict[int, str] = {}
    for kind, places in wanted.items():
        items = sorted({item for item, _ in places})
        after: int | None = 0
        while after is not None:
            found = read_slice(db, kind, after, items)
            after = found.last
            for passage in found.passages:
                named = places.get((passage.item, passage.valid_from))
                if named is not None:
                    texts[named] = passage.text[:most]
    return texts


def chunks_of(db: sqlite3.Connection, documents: Sequence[int]) -> list[int]:
    """Return the numbers of the chunks of some documents."""
    rows = db.execute(
        "SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(:documents))",
        {"documents": json.dumps(list(documents))},
    )
    return [row[0] for row in rows]


def _passages(db: sqlite3.Connection, kind: int, row: Sequence[Any]) -> Iterator[Passage]:
    item, parent, place, valid_from, codec, size, body, tags, was_changed = row
    text = _text(kind, codec, size, body)
    if text is not None:
        text = _with_tags(db, text, tags)
        yield Passage(kind, item, parent, place, valid_from, OPEN, text)
    if was_changed:
        for since, until, then, *packed in db.execute(_VERSIONS, {"memory": item}):
            former = _text(kind, *packed)
            if former is not None:
                former = _with_tags(db, former, then)
                yield Passage(kind, item, parent, place, since, until, former)


def _text(kind: int, codec: int, size: int, body: bytes) -> str | None:
    try:
        text = decode(codec, size, body).decode("utf-8")
        if kind == CODES["article"]:
            _, title, _, summary, content, _ = json.loads(text)
            return f"{title}\n{content or summary}"
    except ValueError:  # damaged; the nightly check reports it
        return None
    return text


def _with_tags(db: sqlite3.Connection, text: str, tags: str | None) -> str:
    """Let a memory be found by its tags too."""
    if tags is None:
        return text
    names = db.execute(
        "SELECT t.name FROM json_each(iif(json_valid(:tags), :tags, '[]')) AS j"
        " JOIN tags AS t ON t.id = j.value",
        {"tags": tags},
    )
    return "\n".join((text, *(name for (name,) in names)))
