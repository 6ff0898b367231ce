"""Upkeep as the daemon does it: on request, each night, and soon after something was forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from selfd_daemon.clock import Now, next_night
from selfd_daemon.jobs import JobRunner
from selfd_daemon.settings import UpkeepSettings
from selfd_daemon.upkeep.jobs import compress, verify
from selfd_storage import EventRecord, JobKind, StorageError, Store

LONGEST_SLEEP = 300.0  # seconds; timers stop while a laptop sleeps, so the clock is looked at
AFTER_FAILURE = 3600.0
SECONDS_TO_SETTLE = 5.0  # what is forgotten in one go is unlearned in one go
RECENTLY = timedelta(hours=12)
KINDS: tuple[JobKind, ...] = ("COMPRESS", "VERIFY")
_LAST = "upkeep.last"
_GONE = ("forgotten", "removed")

log = structlog.get_logger(__name__)


class UpkeepService:
    """Does the jobs COMPRESS and VERIFY; `run` and `unlearn` see to them until cancelled."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        settings: UpkeepSettings,
        *,
        now: Now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._gone = asyncio.Event()
        self._gone.set()  # perhaps the last process did not come to it
        jobs.register("COMPRESS", partial(compress, store))
        jobs.register("VERIFY", partial(verify, store))
        store.on_commit(self._note)

    async def run(self) -> None:
        """Pack and check each night, or as soon as the machine wakes after a night was missed."""
        if not self._settings.nightly:
            await asyncio.Event().wait()
        while True:
            try:
                seconds = await self.tend_if_due()
            except StorageError as error:
                log.warning("nightly upkeep not done", error=str(error))
                seconds = AFTER_FAILURE
            await self._sleep(min(seconds, LONGEST_SLEEP))

    async def tend_if_due(self) -> float:
        """Do what a night asks for if it is time; return after how many seconds to look again."""
        now = self._now()
        last = await self._store.values.get(_LAST)
        if last is None:
            await self._store.values.set(_LAST, now.isoformat())
        due = next_night(datetime.fromisoformat(last) if last else now, self._settings.hour)
        if now < due:
            return (due - now).total_seconds()
        await self._store.values.set(_LAST, now.isoformat())
        recent = await self._done_since(now - RECENTLY)
        for kind in KINDS:
            if kind not in recent:
                await self._done(kind)
        return 0.0

    async def _done_since(self, moment: datetime) -> set[JobKind]:
        """Return what was done well since then, by somebody's hand or as a step of a night."""
        page = await self._jobs.page(first=100, after=None, state="SUCCEEDED")
        return {job.kind for job in page.items if job.created_at > moment}

    async def unlearn(self) -> None:
        """Pack anew whatever shares a dictionary with something that is gone, within seconds."""
        while True:
            await self._gone.wait()
            await self._sleep(SECONDS_TO_SETTLE)
            self._gone.clear()
            try:
                if await self._store.tiers.unlearn():
                    await self._done("COMPRESS")
            except StorageError as error:
                log.warning("dictionaries not unlearned", error=str(error))
                self._gone.set()
                await self._sleep(AFTER_FAILURE)

    async def _done(self, kind: JobKind) -> None:
        started = await self._jobs.start(kind, {})
        async for record in self._jobs.progress(started.id):
            if record.state == "FAILED":
                log.warning("upkeep failed", job=record.id, kind=kind, error=record.error)

    def _note(self, events: Sequence[EventRecord]) -> None:
        if any(event.kind.endswith(_GONE) for event in events):
            self._gone.set()
