"""Old articles shrink to title, link and claims, but for what is unread or an answer cites."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import CODES, make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.ranges import pack_ranges
from selfd_storage.reading.records import ShrunkRecord
from selfd_storage.records import EventRecord
from selfd_storage.times import to_ms

_OLD = """
SELECT a.id, a.published_at, a.fetched_at, a.codec, a.size, a.hash, a.body
FROM articles AS a
WHERE a.read_at IS NOT NULL AND a.shrunk = 0 AND a.fetched_at < :before
    AND NOT EXISTS (SELECT 1 FROM citations AS c WHERE c.item_kind = :kind AND c.item = a.id)
ORDER BY a.fetched_at LIMIT :limit
"""
_SEEN = "UPDATE articles SET shrunk = 1 WHERE id IN (SELECT value FROM json_each(:ids))"


class Retention:
    """Shrinks articles; one that cannot shrink is marked, so that it is not looked at again."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def shrink(self, before: datetime, limit: int) -> ShrunkRecord:
        """Shrink the next articles that were read and fetched before a moment, and measure it."""

        def write(tx: Transaction) -> ShrunkRecord:
            values = {"kind": CODES["article"], "before": to_ms(before), "limit": limit}
            rows = tx.execute(_OLD, values).fetchall()
            shrunk, was, now = [], 0, 0
            for number, *row in rows:
                sizes = _shrink(tx, number, row)
                if sizes is not None:
                    shrunk.append(number)
                    was, now = was + sizes[0], now + sizes[1]
            seen = {"ids": json.dumps([row[0] for row in rows])}
            tx.execute(_SEEN, seen)
            if shrunk:
                sizes_told = {"articles": len(shrunk), "bytesBefore": was, "bytesAfter": now}
                tx.emit("articles.shrunk", None, {**sizes_told, "shrunk": pack_ranges(shrunk)})
            return ShrunkRecord(len(rows), len(shrunk), was, now)

        return await self._database.write(write, frees=True)


def _shrink(tx: Transaction, number: int, row: Sequence[Any]) -> tuple[int, int] | None:
    """Shrink one article; return its bytes before and after, None where it stays as it is."""
    published, fetched, codec, size, hash, body = row
    try:
        raw = unpack(
            make_id("article", number), "article", codec, size, hash, body, published, fetched
        )
    except IntegrityError:  # what is left of it may be all there is
        return None
    guid, title, url, *_ = json.loads(raw)
    claims = tx.execute(
        "SELECT text FROM claims WHERE article_id = :article ORDER BY position",
        {"article": number},
    )
    summary = " ".join(text for (text,) in claims)
    short = json.dumps([guid, title, url, summary, "", ""], ensure_ascii=False).encode("utf-8")
    if len(short) >= size:
        return None
    columns = pack("article", short, published, fetched)
    tx.execute(
        "UPDATE articles SET tier = :tier, codec = :codec, dictionary = :dictionary,"
        " size = :size, hash = :hash, body = :body WHERE id = :article",
        {**columns, "article": number},
    )
    return len(body), len(columns["body"])
