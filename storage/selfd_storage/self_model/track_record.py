"""What selfd tried and how it went, counted from its answers, their feedback, and its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database
from selfd_storage.ids import make_id
from selfd_storage.records import EventRecord
from selfd_storage.self_model.records import AttemptsRecord, PredictionRecord, SurpriseRecord
from selfd_storage.times import from_ms, to_ms
from selfd_storage.working.jobs import NOTHING_TO_DO

RECENT = 20  # attempts that a trend compares with as many before them
NEWEST = 20  # memories whose surprise counts as recent
LOOKED_AT = 2000  # memories

# An outcome is the owner's word alone: a check has a part in the confidence that it would judge, so
# what it found stands beside it. A rating of 0 judges nothing.
_JUDGED = """
SELECT a.id AS id, m.at AS at, a.task AS task, a.abstained AS abstained,
    a.confidence AS predicted,
    coalesce(
        (SELECT (f.rating + 1) / 2.0 FROM feedback AS f
         WHERE f.answer_id = a.id AND f.rating <> 0 ORDER BY f.id DESC LIMIT 1),
        CASE a.judge WHEN 'feedback' THEN a.outcome END
    ) AS outcome,
    CASE a.judge WHEN 'verification' THEN a.outcome END AS verified
FROM answers AS a JOIN messages AS m ON m.id = a.message_id
"""
# Jobs that were cancelled, are not done yet, or had nothing to do say nothing of what selfd can do.
_TRIED = f"""
SELECT CASE abstained WHEN 1 THEN 'abstain' ELSE 'answer ' || task END AS name, at, id,
    outcome
FROM ({_JUDGED})
UNION ALL
SELECT 'job ' || lower(replace(kind, '_', ' ')), finished_at, id, state = 'SUCCEEDED'
FROM jobs WHERE state IN ('SUCCEEDED', 'FAILED')
    AND json_type(metrics, '$.{NOTHING_TO_DO}') IS NULL
"""  # noqa: S608
_ATTEMPTS = f"""
WITH ranked AS (
    SELECT name, outcome, row_number() OVER (
        PARTITION BY name, outcome IS NULL ORDER BY at DESC, id DESC
    ) AS place FROM ({_TRIED})
)
SELECT name, count(outcome), coalesce(sum(outcome >= 0.5), 0), sum(outcome IS NULL),
    sum(outcome IS NOT NULL AND place <= :recent),
    sum(outcome >= 0.5 AND place <= :recent),
    sum(outcome IS NOT NULL AND place > :recent AND place <= 2 * :recent),
    sum(outcome >= 0.5 AND place > :recent AND place <= 2 * :recent)
FROM ranked GROUP BY name ORDER BY name
"""  # noqa: S608
_PREDICTIONS = f"""
SELECT id, at, predicted, outcome FROM ({_JUDGED})
WHERE outcome IS NOT NULL AND NOT abstained ORDER BY at DESC, id DESC LIMIT :limit
"""  # noqa: S608
_VERIFIED = f"""
SELECT id, at, predicted, verified FROM ({_JUDGED})
WHERE verified IS NOT NULL AND NOT abstained ORDER BY at DESC, id DESC LIMIT :limit
"""  # noqa: S608
_SURPRISE = """
WITH measured AS (
    SELECT surprise FROM memories
    WHERE id > (SELECT coalesce(max(id), 0) FROM memories) - :looked_at AND surprise IS NOT NULL
    ORDER BY id DESC
)
SELECT (SELECT avg(surprise) FROM (SELECT surprise FROM measured LIMIT :newest)),
    avg(surprise), count(*) FROM measured
"""
_RATINGS = """
SELECT rating FROM feedback WHERE at >= :since ORDER BY id DESC LIMIT :limit
"""
_CONFIDENCES = """
SELECT confidence, abstained FROM answers ORDER BY id DESC LIMIT :limit
"""
_CENSUS = """
SELECT (SELECT count(*) FROM memories), (SELECT count(*) FROM articles),
    (SELECT count(*) FROM documents), (SELECT count(*) FROM feeds),
    (SELECT count(*) FROM answers), (SELECT count(*) FROM jobs WHERE state = 'RUNNING'),
    (SELECT count(*) FROM goals),
    (WITH RECURSIVE line (id) AS (
        SELECT id FROM checkpoints WHERE active = 1 AND mind IS NULL
        UNION SELECT c.parent_id FROM checkpoints AS c JOIN line USING (id)
        WHERE c.parent_id IS NOT NULL
    ) SELECT count(*) FROM line)
"""
CENSUS = (
    "memories", "articles", "documents", "feeds", "answers", "running jobs", "goals", "generations"
)  # fmt: skip
_NOTES = """
SELECT id FROM memories WHERE size BETWEEN :least AND :most ORDER BY id LIMIT :first
"""


_LONG = """
SELECT * FROM (
    SELECT 'memory', id FROM memories WHERE size >= :least ORDER BY id DESC LIMIT :limit
) UNION ALL SELECT * FROM (
    SELECT 'article', id FROM articles WHERE size >= :least ORDER BY id DESC LIMIT :limit
) UNION ALL SELECT * FROM (
    SELECT 'chunk', id FROM chunks WHERE size >= :least ORDER BY id DESC LIMIT :limit
)
"""


class TrackRecord:
    """Reads; what it reads is written by those who answer, judge and work."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def attempts(self) -> list[AttemptsRecord]:
        """Count every kind of task that was tried."""
        rows = await self._rows(_ATTEMPTS, {"recent": RECENT})
        return [
            AttemptsRecord(name, tried, went, unjudged, (new, new_went), (old, old_went or 0))
            for name, tried, went, unjudged, new, new_went, old, old_went in (
                (row[0], *(each or 0 for each in row[1:])) for row in rows
            )
        ]

    async def predictions(self, limit: int = 200) -> list[PredictionRecord]:
        """Return the newest answers that the owner judged, without abstentions, newest first."""
        return await self._predicted(_PREDICTIONS, limit)

    async def verified(self, limit: int = 200) -> list[PredictionRecord]:
        """Return the newest answers that only a check of their sentences has judged."""
        return await self._predicted(_VERIFIED, limit)

    async def _predicted(self, statement: str, limit: int) -> list[PredictionRecord]:
        rows = await self._rows(statement, {"limit": limit})
        return [
            PredictionRecord(make_id("answer", number), from_ms(at), predicted, outcome)
            for number, at, predicted, outcome in rows
        ]

    async def surprise(self) -> SurpriseRecord:
        """Say how surprising the newest memories were beside those before."""
        ((recent, usual, measured),) = await self._rows(
            _SURPRISE, {"newest": NEWEST, "looked_at": LOOKED_AT}
        )
        return SurpriseRecord(
            None if recent is None else recent / 1000,
            None if usual is None else usual / 1000,
            measured,
        )

    async def ratings(self, since: datetime, limit: int = 20) -> list[int]:
        """Return the newest ratings that the owner gave since a moment, newest first."""
        rows = await self._rows(_RATINGS, {"since": to_ms(since), "limit": limit})
        return [rating for (rating,) in rows]

    async def confidences(self, limit: int = 20) -> list[tuple[float, bool]]:
        """Return confidence and abstention of the newest answers, newest first."""
        rows = await self._rows(_CONFIDENCES, {"limit": limit})
        return [(confidence, bool(abstained)) for confidence, abstained in rows]

    async def census(self) -> dict[str, int]:
        """Count the rows of what selfd has, by name."""
        (row,) = await self._rows(_CENSUS, {})
        return dict(zip(CENSUS, row, strict=True))

    async def first_notes(self, first: int, *, least: int, most: int) -> list[str]:
        """Return the ids of the first memories whose texts have so many bytes."""
        rows = await self._rows(_NOTES, {"first": first, "least": least, "most": most})
        return [make_id("memory", number) for (number,) in rows]

    async def long_texts(self, least: int, limit: int) -> list[str]:
        """Return the newest items of each kind that take at least so many bytes."""
        rows = await self._rows(_LONG, {"least": least, "limit": limit})
        return [make_id(kind, number) for kind, number in rows]

    async def _rows(self, statement: str, values: Mapping[str, Any]) -> list[Any]:
        def read(db: sqlite3.Connection) -> list[Any]:
            return db.execute(statement, values).fetchall()

        return await self._database.read(read)
