"""Chroma's collections, out of the `chroma.sqlite3` of its folder; their vectors are not needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from selfd_daemon.portability.lines import Line, Part
from selfd_daemon.portability.sources.talk import moment
from selfd_graphql.errors import ServiceError

FILE = "chroma.sqlite3"

_COLLECTIONS = "SELECT id, name FROM collections ORDER BY name, id"
_DOCUMENTS = """
SELECT e.id, e.created_at, d.string_value
FROM embeddings AS e
JOIN segments AS s ON s.id = e.segment_id AND s.scope = 'METADATA'
JOIN embedding_metadata AS d ON d.id = e.id AND d.key = 'chroma:document'
WHERE s.collection = :collection AND d.string_value IS NOT NULL ORDER BY e.id
"""
_METADATA = """
SELECT key, coalesce(string_value, int_value, float_value) FROM embedding_metadata
WHERE id = :id AND key NOT LIKE 'chroma:%'
"""
_SOURCES = ("source", "url", "file", "path", "title")
_TIMES = ("at", "date", "created_at", "timestamp", "time")


def parts(file: Path) -> Sequence[Part]:
    """Return the documents of each collection as memories."""
    try:
        with closing(_open(file)) as db:
            found = db.execute(_COLLECTIONS).fetchall()
    except sqlite3.Error as error:
        raise ServiceError(
            "INVALID_INPUT", f"{str(file)!r} cannot be read as a store of Chroma: {error}"
        ) from error
    size = file.stat().st_size // max(1, len(found))
    return [Part("memories", name, size, _reader(file, id, name)) for id, name in found]


def _open(file: Path) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)  # one thread after another


def _reader(file: Path, id: str, name: str) -> Callable[[], Iterator[Line]]:
    def lines() -> Iterator[Line]:
        with closing(_open(file)) as db:
            rows = db.execute(_DOCUMENTS, {"collection": id}).fetchall()
            for number, (entry, created_at, text) in enumerate(rows, start=1):
                if text.strip():
                    facts = dict(db.execute(_METADATA, {"id": entry}).fetchall())
                    yield Line(number, _line(name, created_at, text, facts), len(text))

    return lines


def _line(name: str, created_at: Any, text: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    told = [at for key in _TIMES if (at := moment(facts.get(key))) is not None]
    at = told[0] if told else moment(created_at)
    source = next((str(facts[key]) for key in _SOURCES if facts.get(key)), None)
    return {
        "text": text,
        "kind": "NOTE",
        "source": f"{name}: {source}" if source else name,
        "at": at.isoformat() if at else None,
    }
