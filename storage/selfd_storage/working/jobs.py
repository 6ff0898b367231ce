"""Jobs: pieces of long work, with where they stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.records import EventRecord, Page
from selfd_storage.texts import storable
from selfd_storage.times import from_ms, optional_moment, optional_ms, to_ms
from selfd_storage.working.records import JobKind, JobRecord, JobState

_JOB = """
SELECT id, kind, state, progress, message, created_at, started_at, finished_at, options, metrics,
    error
FROM jobs
"""
_BEFORE = "(created_at, id) < (:at, :number) ORDER BY created_at DESC, id DESC LIMIT :limit"
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_BY_ID = f"{_JOB} WHERE id {_AMONG}"
_PAGE = f"{_JOB} WHERE {_BEFORE}"
_PAGE_OF_STATE = f"{_JOB} WHERE state = :state AND {_BEFORE}"
_UNFINISHED = f"{_JOB} WHERE state IN ('QUEUED', 'RUNNING', 'WAITING') ORDER BY id"

NOTHING_TO_DO = "nothing_to_do"  # the metric of a job that had nothing to do: why


class Jobs:
    """Keeps jobs. A change of state is durable and written to the log; mere progress is neither."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def create(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord:
        """Store a queued job."""
        packed = json.dumps(options)

        def write(tx: Transaction) -> JobRecord:
            cursor = tx.execute(
                "INSERT INTO jobs (kind, state, progress, message, created_at, options, metrics)"
                " VALUES (:kind, 'QUEUED', 0.0, '', :now, :options, '{}')",
                {"kind": kind, "now": to_ms(self._now()), "options": packed},
            )
            number = int(cursor.lastrowid)
            tx.emit("job.queued", make_id("job", number), {"kind": kind})
            return _read(tx.connection, [number])[number]

        return await self._database.write(write, durable=True)

    async def save(
        self,
        id: str,
        *,
        state: JobState | None = None,
        progress: float | None = None,
        message: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        error: str | None = None,
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
    ) -> JobRecord:
        """Change what is given, leave the rest, and return the job.

        Raises:
            NotFoundError: there is no such job.
        """
        changes = {
            "state": state,
            "progress": progress,
            "message": None if message is None else storable(message),
            "metrics": None if metrics is None else json.dumps(metrics),
            "error": None if error is None else storable(error),
            "started_at": optional_ms(started_at),
            "finished_at": optional_ms(finished_at),
        }

        def write(tx: Transaction) -> JobRecord:
            number = number_of("job", id)
            before = {} if number is None else _read(tx.connection, [number])
            if number is None or number not in before:
                raise NotFoundError("job", id)
            tx.execute(
                "UPDATE jobs SET state = coalesce(:state, state),"
                " progress = coalesce(:progress, progress), message = coalesce(:message, message),"
                " metrics = coalesce(:metrics, metrics), error = coalesce(:error, error),"
                " started_at = coalesce(:started_at, started_at),"
                " finished_at = coalesce(:finished_at, finished_at) WHERE id = :id",
                {"id": number, **changes},
            )
            if state is not None and state != before[number].state:
                idle = metrics is not None and NOTHING_TO_DO in metrics
                told = {"kind": before[number].kind} | ({NOTHING_TO_DO: True} if idle else {})
                tx.emit(f"job.{state.lower()}", id, told)
            return _read(tx.connection, [number])[number]

        return await self._database.write(write, durable=state is not None)

    async def get(self, ids: Sequence[str]) -> list[JobRecord | None]:
        """Return jobs in the order of `ids`, None where there is none."""
        numbers = [number_of("job", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: _read(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def page(
        self, *, first: int = 20, after: str | None = None, state: JobState | None = None
    ) -> Page[JobRecord]:
        """Return a page of jobs, newest first, of one state or of all."""
        place = read_cursor("job", after)
        values = {
            "at": place.at,
            "number": place.number,
            "state": state,
            "limit": checked_first(first) + 1,
        }

        def read(db: sqlite3.Connection) -> Page[JobRecord]:
            rows = db.execute(_PAGE if state is None else _PAGE_OF_STATE, values).fetchall()
            (total,) = db.execute(
                "SELECT count(*) FROM jobs WHERE :state IS NULL OR state = :state", values
            ).fetchone()
            records = [(Place(row[5], row[0]), _record(row)) for row in rows]
            return make_page("job", records, first, after, total)

        return await self._database.read(read)

    async def unfinished(self) -> list[JobRecord]:
        """Return the jobs that are not done yet, oldest first."""
        return await self._database.read(
            lambda db: [_record(row) for row in db.execute(_UNFINISHED)]
        )


def _read(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, JobRecord]:
    rows = db.execute(_BY_ID, {"ids": json.dumps(list(numbers))})
    return {row[0]: _record(row) for row in rows}


def _record(row: tuple[Any, ...]) -> JobRecord:
    number, kind, state, progress, message, created, started, finished, options, metrics, error = (
        row
    )
    return JobRecord(
        id=make_id("job", number),
        kind=kind,
        state=state,
        progress=progress,
        message=message,
        created_at=from_ms(created),
        started_at=optional_moment(started),
        finished_at=optional_moment(finished),
        metrics=json.loads(metrics),
        error=error,
        options=json.loads(options),
    )
