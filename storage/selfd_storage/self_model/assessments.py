"""Assessments: what selfd's tests of itself found, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from selfd_storage.database import Database, Transaction
from selfd_storage.ids import make_id
from selfd_storage.pages import checked_first
from selfd_storage.records import EventRecord
from selfd_storage.self_model.records import AssessmentRecord, SelfTestRecord
from selfd_storage.times import from_ms, to_ms

_NEWEST = "SELECT id, at, score, seconds, tests FROM assessments ORDER BY id DESC LIMIT :first"


class Assessments:
    """Keeps assessments."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(
        self, tests: Sequence[SelfTestRecord], *, score: float, seconds: float
    ) -> AssessmentRecord:
        """Keep what an assessment found."""
        packed = json.dumps([asdict(test) for test in tests])

        def write(tx: Transaction) -> AssessmentRecord:
            at = to_ms(self._now())
            cursor = tx.execute(
                "INSERT INTO assessments (at, score, seconds, tests)"
                " VALUES (:at, :score, :seconds, :tests)",
                {"at": at, "score": score, "seconds": seconds, "tests": packed},
            )
            id = make_id("assessment", int(cursor.lastrowid))
            done = [test for test in tests if test.measured]
            passed = sum(test.passed for test in done)
            tx.emit("self.assessed", id, {"passed": passed, "tests": len(done)})
            return AssessmentRecord(id, from_ms(at), score, seconds, tuple(tests))

        return await self._database.write(write, durable=True)

    async def newest(self, first: int = 10) -> list[AssessmentRecord]:
        """Return assessments, newest first."""
        values = {"first": checked_first(first)}
        rows = await self._database.read(lambda db: db.execute(_NEWEST, values).fetchall())
        return [
            AssessmentRecord(
                make_id("assessment", number),
                from_ms(at),
                score,
                seconds,
                tuple(SelfTestRecord(**test) for test in json.loads(tests)),
            )
            for number, at, score, seconds, tests in rows
        ]
