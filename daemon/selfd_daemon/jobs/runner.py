"""The job runner: starts, queues, cancels and resumes long work, and survives whatever it does."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import structlog

from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.errors import DaemonError
from selfd_daemon.jobs.context import Handler, JobContext
from selfd_daemon.jobs.errors import NothingToDoError
from selfd_daemon.jobs.progress import FINISHED, ProgressBoard
from selfd_graphql.errors import ServiceError
from selfd_storage import (
    JobKind,
    JobRecord,
    JobState,
    NotFoundError,
    Page,
    StorageError,
    Store,
)
from selfd_storage.working.jobs import NOTHING_TO_DO

SECONDS_BETWEEN_SAVES = 0.3
SECONDS_TO_STOP = 5.0
MOST_INTERRUPTIONS = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    slots: asyncio.Semaphore
    check: Callable[[], object]


@dataclass(slots=True)
class _Live:
    """A job that is queued or running here; `record` is newer than the store's."""

    record: JobRecord
    task: asyncio.Task[None]
    saved_at: float
    cancelled: bool = False
    settled: bool = False  # its last state is being saved: too late to interrupt

    def interrupt(self) -> None:
        if not self.settled:
            self.task.cancel()


class JobRunner:
    """Runs jobs, one slot per kind unless registered with more.

    States are saved in the store as they change, progress a few times a second. A job that was
    queued or running when the process ended starts again with the next one; a job during which the
    process died several times is given up, since it may be what kills it.
    """

    def __init__(self, store: Store, *, now: Now, monotonic: Monotonic) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._kinds: dict[JobKind, _Kind] = {}
        self._live: dict[str, _Live] = {}
        self._unsaved: dict[str, JobRecord] = {}  # ended while the store could not be written to
        self._board = ProgressBoard()
        self._stopping = False

    def register(
        self,
        kind: JobKind,
        handler: Handler,
        *,
        slots: int = 1,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """Say who does jobs of a kind, and how many of them at a time.

        `check` is called before one is queued; it raises a DaemonError if none can be done here.
        """
        self._kinds[kind] = _Kind(handler, asyncio.Semaphore(slots), check)

    @property
    def kinds(self) -> frozenset[JobKind]:
        """The kinds of job that are done here."""
        return frozenset(self._kinds)

    @property
    def running(self) -> int:
        """How many jobs run now; queued ones do not count."""
        return sum(live.record.state == "RUNNING" for live in self._live.values())

    async def resume(self) -> None:
        """Start again what the last process left unfinished."""
        for record in await self._store.jobs.unfinished():
            try:
                await self._resume(record)
            except StorageError as error:  # a full disk: the job waits for the next start
                log.warning("job not resumed", job=record.id, error=str(error))

    async def _resume(self, record: JobRecord) -> None:
        interruptions = int(record.metrics.get("interruptions", 0))
        if record.state == "RUNNING":  # a clean stop puts jobs back in the queue
            interruptions += 1
        problem = None
        if interruptions >= MOST_INTERRUPTIONS:
            problem = f"given up: selfd ended {interruptions} times while this job ran"
        elif record.kind not in self._kinds:
            problem = f"this selfd has no jobs of kind {record.kind}"
        if problem is not None:
            await self._save(record, state="FAILED", error=problem, finished_at=self._now())
            return
        queued = await self._save(
            record,
            state="QUEUED",
            message="waiting to start again",
            metrics={"interruptions": interruptions},
        )
        self._launch(queued)

    async def start(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord:
        """Queue a job; it starts as soon as its kind has a free slot."""
        if self._stopping:
            raise ServiceError("STOPPING", "selfd is stopping: start the job again later")
        if kind not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise ServiceError("NOT_AVAILABLE", f"no jobs of kind {kind} yet; there are {known}")
        try:
            self._kinds[kind].check()
        except DaemonError as error:
            raise ServiceError("NOT_AVAILABLE", str(error)) from error
        record = await self._store.jobs.create(kind, options)
        self._launch(record)
        return record

    async def cancel(self, id: str) -> JobRecord:
        """Stop a job and wait a moment for it; a finished job is returned as it is."""
        live = self._live.get(id)
        if live is None:
            return await self._known(id)
        live.cancelled = True
        await asyncio.sleep(0)  # a task cancelled before its first step would never save its state
        live.interrupt()
        await asyncio.wait([live.task], timeout=SECONDS_TO_STOP)
        return await self._known(id)

    async def job(self, id: str) -> JobRecord | None:
        """Return a job as it is now, or None when there is none of that id."""
        return self._current(id) or (await self._store.jobs.get([id]))[0]

    async def page(
        self, *, first: int, after: str | None, state: JobState | None
    ) -> Page[JobRecord]:
        """Return a page of jobs, newest first, with the progress that is not saved yet."""
        page = await self._store.jobs.page(first=first, after=after, state=state)
        return replace(page, items=[self._current(job.id) or job for job in page.items])

    async def progress(self, id: str | None) -> AsyncIterator[JobRecord]:
        """Follow one job until it is finished, or all jobs for ever."""
        first = None if id is None else await self._known(id)
        async with aclosing(self._board.follow(first)) as updates:
            async for record in updates:
                yield record

    async def stop(self) -> None:
        """Put what runs back in the queue for the next start, within a few seconds."""
        self._stopping = True
        await asyncio.sleep(0)  # as in cancel
        for live in self._live.values():
            live.interrupt()
        if tasks := [live.task for live in self._live.values()]:
            _, late = await asyncio.wait(tasks, timeout=SECONDS_TO_STOP)
            if late:  # they stay RUNNING in the store and count as interrupted
                log.warning("jobs did not stop in time", jobs=len(late))

    def close_streams(self) -> None:
        """End every `progress` stream."""
        self._board.close()

    async def report(self, id: str, progress: float, message: str) -> None:
        """Take a handler's progress: to followers at once, to the store a few times a second."""
        live = self._live.get(id)
        if live is None:
            return
        live.record = replace(live.record, progress=progress, message=message)
        self._board.post(live.record)
        if self._monotonic() - live.saved_at >= SECONDS_BETWEEN_SAVES:
            live.saved_at = self._monotonic()
            with contextlib.suppress(StorageError):  # progress is not worth failing a job for
                await self._store.jobs.save(id, progress=progress, message=message)

    def _launch(self, record: JobRecord) -> None:
        task = asyncio.create_task(self._run(record.id), name=record.id)
        self._live[record.id] = _Live(record, task, saved_at=self._monotonic())
        self._board.post(record)

    async def _run(self, id: str) -> None:
        """See one job through; whatever happens ends as a state in the store."""
        live = self._live[id]
        kind = self._kinds[live.record.kind]
        try:
            async with kind.slots:
                live.record = await self._save(
                    live.record, state="RUNNING", message="started", started_at=self._now()
                )
                metrics = await kind.handler(JobContext(live.record, self))
            await self._finish(live, state="SUCCEEDED", progress=1.0, metrics=dict(metrics))
        except asyncio.CancelledError:
            await self._cancelled(live)
        except NothingToDoError as error:
            await self._finish(
                live,
                state="SUCCEEDED",
                progress=1.0,
                message=f"nothing to do: {error}",
                metrics={NOTHING_TO_DO: str(error)},
            )
        except Exception as error:
            await self._failed(live, error)
        finally:
            del self._live[id]

    async def _cancelled(self, live: _Live) -> None:
        if live.cancelled:
            await self._finish(live, state="CANCELLED", message="cancelled")
        else:
            waiting = "interrupted: goes on when selfd starts again"
            await self._finish(live, state="QUEUED", message=waiting)

    async def _failed(self, live: _Live, error: Exception) -> None:
        if isinstance(error, DaemonError | ServiceError | StorageError):
            words = str(error)
        else:
            reference = uuid.uuid4().hex[:8]
            words = f"an unexpected fault; look for {reference} in the log"
            log.error("job failed", job=live.record.id, reference=reference, exc_info=error)
        await self._finish(live, state="FAILED", error=words)

    async def _finish(self, live: _Live, *, state: JobState, **changes: Any) -> None:
        """Save a last state; when the store cannot take it, followers still hear of it."""
        live.settled = True
        if state in FINISHED:
            changes["finished_at"] = self._now()
        unsaved = replace(live.record, state=state, **changes)
        try:
            live.record = await self._save(live.record, state=state, **changes)
        except StorageError as error:
            log.warning("job state not saved", job=live.record.id, state=state, error=str(error))
            self._unsaved[live.record.id] = live.record = unsaved
            self._board.post(unsaved)

    async def _save(self, record: JobRecord, *, state: JobState, **changes: Any) -> JobRecord:
        changes.setdefault("progress", record.progress)
        changes.setdefault("message", record.message)
        saved = await self._store.jobs.save(record.id, state=state, **changes)
        self._board.post(saved)
        return saved

    def _current(self, id: str) -> JobRecord | None:
        """Return what is newer than the store's record, None where that is the newest."""
        live = self._live.get(id)
        return live.record if live else self._unsaved.get(id)

    async def _known(self, id: str) -> JobRecord:
        record = await self.job(id)
        if record is None:
            raise NotFoundError("job", id)
        return record
