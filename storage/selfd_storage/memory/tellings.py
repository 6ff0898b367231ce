"""Each time that a memory was told: when, by what source, in which words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from selfd_storage._sqlite import sqlite3
from selfd_storage.times import from_ms

MOST = 1000  # of one memory that are read at once

_TELLINGS = """
SELECT memory_id, at, recorded_at, name, text FROM (
    SELECT m.id AS memory_id, 1 AS number, m.at, coalesce(m.recorded_at, m.at) AS recorded_at,
        s.name, NULL AS text
    FROM memories AS m LEFT JOIN sources AS s ON s.id = m.source_id
    WHERE m.id IN (SELECT value FROM json_each(:ids))
    UNION ALL
    SELECT o.memory_id, o.number, o.at, o.recorded_at, s.name, o.text
    FROM memory_occurrences AS o LEFT JOIN sources AS s ON s.id = o.source_id
    WHERE o.memory_id IN (SELECT value FROM json_each(:ids)) AND o.number <= :most
) ORDER BY memory_id, number
"""


@dataclass(frozen=True, slots=True)
class TellingRecord:
    """One telling; `text` is None where it was to the letter what the memory says."""

    at: datetime
    recorded_at: datetime
    source: str | None
    text: str | None


def read_tellings(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, list[TellingRecord]]:
    """Return the tellings of memories, the first one first."""
    found: dict[int, list[TellingRecord]] = {number: [] for number in numbers}
    values = {"ids": json.dumps(list(numbers)), "most": MOST}
    for number, at, recorded_at, source, text in db.execute(_TELLINGS, values):
        found[number].append(TellingRecord(from_ms(at), from_ms(recorded_at), source, text))
    return found
