"""Documents: files that were read, cut into chunks."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.counts import Counts
from selfd_storage.database import Database, Transaction
from selfd_storage.ids import make_id, number_of
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.packing.integrity import content_hash
from selfd_storage.ranges import pack_ranges
from selfd_storage.reading.records import ChunkRecord, DocumentRecord, NewChunk, NewDocument
from selfd_storage.records import EventRecord
from selfd_storage.texts import MAX_LABEL_BYTES, checked_text
from selfd_storage.times import from_ms, to_ms

_DOCUMENT = """
SELECT d.id, d.path, d.media_type, d.size, d.content_hash, d.modified_at, d.ingested_at,
    (SELECT count(*) FROM chunks AS c WHERE c.document_id = d.id)
FROM documents AS d
"""
_BY_PATH = f"{_DOCUMENT} WHERE d.path = :path"
_UNDER = f"{_DOCUMENT} WHERE d.path = :path OR (d.path > :low AND d.path < :high) ORDER BY d.path"


class Documents:
    """Keeps what was read from files; they can be read again, so no write waits for the disk."""

    def __init__(
        self, database: Database[EventRecord], now: Callable[[], datetime], counts: Counts
    ) -> None:
        self._database = database
        self._now = now
        self._counts = counts

    async def put(self, new: NewDocument) -> DocumentRecord:
        """Store a file in place of what its path held; a chunk that is the same keeps its id."""

        def write(tx: Transaction) -> DocumentRecord:
            number, is_new = _put_document(tx, new, to_ms(self._now()))
            added, removed = _put_chunks(tx, number, new.chunks)
            payload = {
                "new": is_new,
                "chunks": len(new.chunks),
                "added": pack_ranges(added),
                "removed": pack_ranges(removed),
            }
            tx.emit("document.ingested", make_id("document", number), payload)
            return _record(tx.execute(_BY_PATH, {"path": new.path}).fetchone())

        return await self._database.write(write)

    async def remove(self, path: str) -> bool:
        """Remove a file and its chunks; False where that path holds none."""

        def write(tx: Transaction) -> bool:
            row = tx.execute(_BY_PATH, {"path": path}).fetchone()
            if row is None:
                return False
            chunks = tx.execute(
                "DELETE FROM chunks WHERE document_id = :id RETURNING id", {"id": row[0]}
            ).fetchall()
            tx.execute("DELETE FROM documents WHERE id = :id", {"id": row[0]})
            payload = {"removed": pack_ranges(chunk for (chunk,) in chunks)}
            tx.emit("document.removed", make_id("document", row[0]), payload)
            return True

        return await self._database.write(write, frees=True)

    async def under(self, folder: str) -> list[DocumentRecord]:
        """Return the documents in a folder and below it, or the one at that very path, by path."""
        base = folder.rstrip("/")
        values = {"path": folder, "low": f"{base}/", "high": f"{base}0"}  # "0" follows "/"
        return await self._database.read(
            lambda db: [_record(row) for row in db.execute(_UNDER, values)]
        )

    async def chunks(self, ids: Sequence[str]) -> list[ChunkRecord | None]:
        """Return chunks in the order of `ids`, None where there is none.

        Raises:
            IntegrityError: one of them is damaged.
        """
        numbers = [number_of("chunk", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: read_chunks(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def count(self) -> int:
        """Return how many documents there are."""
        return self._counts.documents


def read_chunks(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, ChunkRecord]:
    """Return the chunks with these numbers, those that there are, by number."""
    rows = db.execute(
        "SELECT c.id, c.document_id, d.path, c.start_line, c.end_line,"
        " c.codec, c.size, c.hash, c.body"
        " FROM chunks AS c JOIN documents AS d ON d.id = c.document_id"
        " WHERE c.id IN (SELECT value FROM json_each(:ids))",
        {"ids": json.dumps(list(numbers))},
    )
    found = {}
    for number, document, path, start, end, *body in rows:
        id = make_id("chunk", number)
        text = unpack(id, "chunk", *body).decode("utf-8")
        found[number] = ChunkRecord(id, make_id("document", document), path, text, start, end)
    return found


def _put_document(tx: Transaction, new: NewDocument, now: int) -> tuple[int, bool]:
    """Write the row of a file; return its number, and whether its path is new."""
    checked_text(new.path, "path", MAX_LABEL_BYTES)
    values = {
        "path": new.path,
        "media_type": new.media_type,
        "size": new.size,
        "content_hash": new.content_hash,
        "modified_at": to_ms(new.modified_at),
        "now": now,
    }
    row = tx.execute(
        "UPDATE documents SET media_type = :media_type, size = :size, content_hash = :content_hash,"
        " modified_at = :modified_at, ingested_at = :now WHERE path = :path RETURNING id",
        values,
    ).fetchone()
    if row is not None:
        return int(row[0]), False
    cursor = tx.execute(
        "INSERT INTO documents (path, media_type, size, content_hash, modified_at, ingested_at)"
        " VALUES (:path, :media_type, :size, :content_hash, :modified_at, :now)",
        values,
    )
    return int(cursor.lastrowid), True


def _put_chunks(
    tx: Transaction, document: int, chunks: Sequence[NewChunk]
) -> tuple[list[int], list[int]]:
    """Bring the chunks of a document up to date; return the numbers that came and that went."""
    kept: defaultdict[bytes, deque[int]] = defaultdict(deque)
    rows = tx.execute(
        "SELECT id, hash FROM chunks WHERE document_id = :document ORDER BY start_line, id",
        {"document": document},
    )
    for number, hash in rows.fetchall():
        kept[hash].append(number)
    added = []
    for chunk in chunks:
        raw = checked_text(chunk.text, "chunk")
        lines = {"start": chunk.start_line, "end": chunk.end_line}
        same = kept.get(content_hash("chunk", raw))
        if same:
            tx.execute(
                "UPDATE chunks SET start_line = :start, end_line = :end WHERE id = :id"
                " AND (start_line, end_line) <> (:start, :end)",
                {"id": same.popleft(), **lines},
            )
            continue
        cursor = tx.execute(
            "INSERT INTO chunks (document_id, start_line, end_line,"
            " tier, codec, dictionary, size, hash, body) VALUES (:document, :start, :end,"
            " :tier, :codec, :dictionary, :size, :hash, :body)",
            {"document": document, **lines, **pack("chunk", raw)},
        )
        added.append(int(cursor.lastrowid))
    removed = [number for numbers in kept.values() for number in numbers]
    for number in removed:
        tx.execute("DELETE FROM chunks WHERE id = :id", {"id": number})
    return added, removed


def _record(row: tuple[Any, ...]) -> DocumentRecord:
    number, path, media_type, size, content_hash, modified_at, ingested_at, chunks = row
    return DocumentRecord(
        id=make_id("document", number),
        path=path,
        media_type=media_type,
        size=size,
        content_hash=content_hash,
        modified_at=from_ms(modified_at),
        ingested_at=from_ms(ingested_at),
        chunk_count=chunks,
    )
