"""What the store takes on disk, measured when asked."""

from __future__ import annotations

from selfd_storage._sqlite import sqlite3
from selfd_storage.packing.codecs import CODECS, TIERS
from selfd_storage.records import StoragePartRecord, StorageTierRecord

_TIERS = """
SELECT tier, codec, count(*), sum(size), sum(length(body)) FROM (
    SELECT tier, codec, size, body FROM memories
    UNION ALL SELECT tier, codec, size, body FROM memory_versions
    UNION ALL SELECT tier, codec, size, body FROM chunks
    UNION ALL SELECT tier, codec, size, body FROM articles
    UNION ALL SELECT tier, codec, size, body FROM messages
    UNION ALL SELECT tier, codec, size, body FROM self_versions
) GROUP BY tier, codec ORDER BY tier, codec
"""

# A table with its indexes; `unused` is what lies free in their pages.
_PARTS = """
SELECT coalesce(m.tbl_name, d.name), sum(d.pgsize), sum(d.unused)
FROM (SELECT name, pgsize, unused FROM dbstat WHERE aggregate = TRUE) AS d
LEFT JOIN sqlite_schema AS m ON m.name = d.name
GROUP BY 1 ORDER BY 2 DESC, 1
"""


def read_tiers(db: sqlite3.Connection) -> tuple[StorageTierRecord, ...]:
    """Return the rows and bytes of each tier and codec, over all texts."""
    return tuple(
        StorageTierRecord(TIERS[tier], CODECS[codec].name, rows, raw, stored)
        for tier, codec, rows, raw, stored in db.execute(_TIERS)
    )


def bytes_in_use(db: sqlite3.Connection) -> int:
    """Return the bytes of a file's pages that hold something: texts, hashes, indexes, the log."""
    size, pages, free = (
        int(db.execute(pragma).fetchone()[0])
        for pragma in ("PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count")
    )
    return size * (pages - free)


def read_parts(db: sqlite3.Connection, file: str) -> tuple[StoragePartRecord, ...]:
    """Return what each table of a file takes with its indexes, counted in pages.

    Without SQLite's dbstat, the file is one part.
    """
    try:
        found = db.execute(_PARTS).fetchall()
    except sqlite3.OperationalError:
        found = [("tables", bytes_in_use(db), 0)]
    return tuple(StoragePartRecord(file, name, size, unused) for name, size, unused in found)
