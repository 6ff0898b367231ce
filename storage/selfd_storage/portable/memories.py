"""Memories as lines: with every telling of them, and what they were before.

A plain line needs `text` alone; `kind`, `tags`, `source` and `at` may be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError, InvalidInputError
from selfd_storage.ids import make_id
from selfd_storage.language.wording import fingerprint_of_memory, wording_of
from selfd_storage.memory.labels import pack_tags, tag_numbers, use_source
from selfd_storage.memory.records import MemoryKind, NewMemory
from selfd_storage.memory.rows import KIND_NAMES, KINDS
from selfd_storage.memory.writes import (
    MemoryRow,
    change,
    propose,
    tag,
    twins,
)
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.portable.lines import (
    Object,
    Outcome,
    Run,
    kept_number,
    moment,
    objects,
    optional_moment,
    optional_number,
    optional_text,
    shown,
    text,
    texts,
)
from selfd_storage.texts import checked_text

_PAGE = """
SELECT m.id, m.kind, m.at, m.recorded_at, m.updated_at, m.source_id, s.name, m.tags, m.surprise,
    m.codec, m.size, m.hash, m.body
FROM memories AS m LEFT JOIN sources AS s ON s.id = m.source_id
WHERE m.id > :after ORDER BY m.id LIMIT :limit
"""
_TELLINGS = """
SELECT o.at, o.recorded_at, s.name, o.text FROM memory_occurrences AS o
LEFT JOIN sources AS s ON s.id = o.source_id WHERE o.memory_id = :id ORDER BY o.number
"""
_VERSIONS = """
SELECT valid_from, valid_to, tags, codec, size, hash, body FROM memory_versions
WHERE memory_id = :id ORDER BY id
"""
_TAGS = """
SELECT t.name FROM json_each(:tags) AS j JOIN tags AS t ON t.id = j.value ORDER BY j.key
"""


class MemoryLines:
    """Implements `lines.Lines`."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return memories above a number."""
        rows = db.execute(_PAGE, {"after": after, "limit": limit}).fetchall()
        return [(row[0], _readable(db, row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether such a memory is here, whenever it was told."""
        return _find(Transaction(db), line, run) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a memory, or what is new about one that is here."""
        twin = _find(tx, line, run)
        if twin is None:
            run.became(optional_text(line, "id"), make_id("memory", _insert(tx, line, run)))
            return "new"
        run.became(optional_text(line, "id"), make_id("memory", twin.number))
        return "merged" if _merge(tx, twin, line, run.now) else "known"


def _readable(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any] | None:
    try:
        return _line(db, row)
    except IntegrityError:
        return None


def _line(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any]:
    number, kind, at, recorded_at, updated_at, source_id, source, tags, surprise, *body = row
    id, values = make_id("memory", number), {"id": number}
    raw = unpack(id, "memory", *body, kind, at, recorded_at, source_id, tags)
    return {
        "id": id,
        "kind": KIND_NAMES[kind],
        "text": raw.decode("utf-8"),
        "tags": _names(db, tags),
        "source": source,
        "at": shown(at),
        "recordedAt": shown(at if recorded_at is None else recorded_at),
        "updatedAt": shown(updated_at),
        "surprise": None if surprise is None else surprise / 1000,
        "tellings": [
            {"at": shown(at), "recordedAt": shown(told), "source": source, "text": said}
            for at, told, source, said in db.execute(_TELLINGS, values)
        ],
        "versions": [
            {
                "from": shown(start),
                "to": shown(end),
                "tags": _names(db, tags),
                "text": unpack(id, "version", *body, number, start, end, tags).decode("utf-8"),
            }
            for start, end, tags, *body in db.execute(_VERSIONS, values).fetchall()
        ],
    }


def _names(db: sqlite3.Connection, tags: str | None) -> list[str]:
    return [name for (name,) in db.execute(_TAGS, {"tags": tags or "[]"})]


def _kind(line: Object) -> MemoryKind:
    found = (optional_text(line, "kind") or "NOTE").upper()
    for kind in KINDS:
        if kind == found:
            return kind
    raise InvalidInputError(f"'kind' must be one of {', '.join(KINDS)}, got {found!r:.60}")


def _find(tx: Transaction, line: Object, run: Run) -> MemoryRow | None:
    """Return the memory that a line is, or that it would be folded into.

    Of an export, two memories that came to say the same stay two, so only what was here before the
    import takes another one in.
    """
    new = NewMemory(text(line, "text"), kind=_kind(line), source=optional_text(line, "source"))
    checked_text(new.text, "text")
    told = optional_moment(line, "recordedAt")
    found = list(twins(tx, new, wording_of(new.text)))
    if told is None:
        return found[0] if found else None
    at = moment(line, "at")
    same = [row for row in found if (row.at, row.recorded_at or row.at) == (at, told)]
    older = [row for row in found if row.number <= run.before["memories"]]
    return next(iter([*same, *older]), None)


def _insert(tx: Transaction, line: Object, run: Run) -> int:
    kind, raw = KINDS[_kind(line)], checked_text(text(line, "text"), "text")
    told, at = optional_moment(line, "recordedAt"), optional_moment(line, "at")
    told = run.now if told is None else told
    at = told if at is None else at
    recorded_at = None if at == told else told
    source = optional_text(line, "source")
    source_id = None if source is None else use_source(tx, source)
    tags = tag_numbers(tx, texts(line, "tags"))
    packed_tags, surprise = pack_tags(tags), optional_number(line, "surprise")
    tellings = objects(line, "tellings")
    cursor = tx.execute(
        "INSERT INTO memories (id, kind, at, recorded_at, updated_at, source_id, tags,"
        " occurrences, surprise, tier, codec, dictionary, size, hash, body)"
        " VALUES (:id, :kind, :at, :recorded_at, :updated_at, :source_id, :tags,"
        " :occurrences, :surprise, :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "id": kept_number(tx, "memories", "memory", line, run),
            "kind": kind,
            "at": at,
            "recorded_at": recorded_at,
            "updated_at": optional_moment(line, "updatedAt"),
            "source_id": source_id,
            "tags": packed_tags,
            "occurrences": 1 + len(tellings),
            "surprise": None if surprise is None else round(surprise * 1000),
            **pack("memory", raw, kind, at, recorded_at, source_id, packed_tags),
        },
    )
    number = int(cursor.lastrowid)
    tag(tx, number, at, tags)
    propose(tx, number, fingerprint_of_memory(kind, source_id, wording_of(raw.decode("utf-8"))))
    for place, telling in enumerate(tellings, start=2):
        _tell(tx, number, place, telling)
    for version in objects(line, "versions"):
        _insert_version(tx, number, version)
    tx.emit("memory.added", make_id("memory", number))
    return number


def _insert_version(tx: Transaction, number: int, version: Object) -> None:
    raw = checked_text(text(version, "text"), "text")
    start, end = moment(version, "from"), moment(version, "to")
    tags = pack_tags(tag_numbers(tx, texts(version, "tags")))
    tx.execute(
        "INSERT INTO memory_versions (memory_id, valid_from, valid_to, tags,"
        " tier, codec, dictionary, size, hash, body) VALUES (:memory, :start, :end, :tags,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "memory": number,
            "start": start,
            "end": end,
            "tags": tags,
            **pack("version", raw, number, start, end, tags),
        },
    )


def _tell(tx: Transaction, number: int, place: int, telling: Object) -> None:
    source = optional_text(telling, "source")
    tx.execute(
        "INSERT INTO memory_occurrences (memory_id, number, at, recorded_at, source_id, text)"
        " VALUES (:id, :number, :at, :recorded_at, :source_id, :text)",
        {
            "id": number,
            "number": place,
            "at": moment(telling, "at"),
            "recorded_at": moment(telling, "recordedAt"),
            "source_id": None if source is None else use_source(tx, source),
            "text": optional_text(telling, "text"),
        },
    )


def _merge(tx: Transaction, twin: MemoryRow, line: Object, now: int) -> bool:
    """Add tellings and tags that the memory here does not have; tell whether there were any."""
    here = {(shown(at), said) for at, _, _, said in _told(tx, twin.number)}
    here.add((shown(twin.at), None))
    added = 0
    for telling in [_first_telling(twin, line), *objects(line, "tellings")]:
        if telling is None or (shown(moment(telling, "at")), telling.get("text")) in here:
            continue
        added += 1
        _tell(tx, twin.number, twin.occurrences + added, telling)
    tags = [each for each in tag_numbers(tx, texts(line, "tags")) if each not in twin.tags]
    if tags:
        change(tx, twin, twin.raw, [*twin.tags, *tags], now)
    tx.execute(
        "UPDATE memories SET occurrences = occurrences + :added WHERE id = :id",
        {"id": twin.number, "added": added},
    )
    if added or tags:
        tx.emit("memory.merged", make_id("memory", twin.number))
    return bool(added or tags)


def _first_telling(twin: MemoryRow, line: Object) -> Object | None:
    """Return when and how the memory of a line was told first; None where it does not say."""
    at = line.get("at")
    if at is None:
        return None
    said = text(line, "text")
    return {
        "at": at,
        "recordedAt": line.get("recordedAt") or at,
        "source": line.get("source"),
        "text": None if said.encode("utf-8") == twin.raw else said,
    }


def _told(tx: Transaction, number: int) -> list[tuple[int, int, str | None, str | None]]:
    found: list[tuple[int, int, str | None, str | None]] = tx.execute(
        _TELLINGS, {"id": number}
    ).fetchall()
    return found
