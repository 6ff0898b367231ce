"""How answers turned out, by feedback and by verification: what the nights learn from."""

from __future__ import annotations

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import checked_first
from selfd_storage.records import EventRecord
from selfd_storage.talking.records import AnswerRecord, FeedbackRecord
from selfd_storage.talking.rows import answers_by_number, message_of
from selfd_storage.times import from_ms


class Judgements:
    """Keeps the outcome of answers beside the confidence that predicted it."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def judge(self, answer_id: str, right: float, *, by: str) -> bool:
        """Keep how an answer turned out; False where there is none, or its owner has spoken.

        Args:
            right: 0 is wrong, 1 is right.
            by: who says so; `feedback` is the owner, whom no other judge overrules.
        """
        if not 0.0 <= right <= 1.0:
            raise InvalidInputError(f"an outcome is between 0 and 1, got {right}")
        values = {"id": number_of("answer", answer_id), "right": right, "by": by}

        def write(tx: Transaction) -> bool:
            judged = tx.execute(
                "UPDATE answers SET outcome = :right, judge = :by WHERE id = :id"
                " AND (judge IS NULL OR judge <> 'feedback' OR :by = 'feedback')",
                values,
            )
            if judged.rowcount:
                tx.emit("answer.judged", answer_id, {"outcome": right, "judge": by})
            return bool(judged.rowcount)

        return await self._database.write(write)

    async def judged(self, *, first: int = 1000) -> list[AnswerRecord]:
        """Return the newest answers whose outcome is known, the newest first."""
        values = {"most": checked_first(first)}

        def read(db: sqlite3.Connection) -> list[AnswerRecord]:
            rows = db.execute(
                "SELECT id FROM answers WHERE outcome IS NOT NULL ORDER BY id DESC LIMIT :most",
                values,
            )
            found = answers_by_number(db, [number for (number,) in rows])
            return [found[number] for number in sorted(found, reverse=True)]

        return await self._database.read(read)

    async def feedback(
        self, *, after: str | None = None, first: int = 1000
    ) -> list[FeedbackRecord]:
        """Return feedback in the order in which it was given, what came after `after` only."""
        start = 0 if after is None else number_of("feedback", after)
        values = {"after": start, "most": checked_first(first)}

        def read(db: sqlite3.Connection) -> list[FeedbackRecord]:
            rows = db.execute(
                "SELECT f.id, f.answer_id, a.question_id, a.message_id, f.at, f.rating,"
                " f.correction, f.memory_id"
                " FROM feedback AS f JOIN answers AS a ON a.id = f.answer_id"
                " WHERE f.id > :after ORDER BY f.id LIMIT :most",
                values,
            ).fetchall()
            return [_feedback(db, *row) for row in rows]

        return await self._database.read(read)


def _feedback(
    db: sqlite3.Connection,
    number: int,
    answer: int,
    question: int,
    message: int,
    at: int,
    rating: int,
    correction: str | None,
    memory: int | None,
) -> FeedbackRecord:
    return FeedbackRecord(
        id=make_id("feedback", number),
        answer_id=make_id("answer", answer),
        question=message_of(db, question)[2],
        answer=message_of(db, message)[2],
        at=from_ms(at),
        rating=rating,
        correction=correction,
        memory_id=None if memory is None else make_id("memory", memory),
    )
