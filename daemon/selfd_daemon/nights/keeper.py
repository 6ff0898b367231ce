"""The keeper of the night: begins it when it may, goes through its steps, ends it by morning.

A lease in the store keeps two keepers apart. What each step did is written down as it happens, so
that a night goes on where it was after a restart, and a machine that slept through its window makes
up for it while nobody uses it. Timers stop while a laptop sleeps, so the clock is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from selfd_daemon.clock import Now
from selfd_daemon.errors import DaemonError
from selfd_daemon.host.state import Host, HostState
from selfd_daemon.jobs import JobRunner
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.conditions import Conditions
from selfd_daemon.nights.steps import STEPS, Hook, Step
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.window import CATCH_UP, Hours, Window
from selfd_graphql.errors import ServiceError
from selfd_storage import JobRecord, NightRecord, StorageError, Store
from selfd_storage.working.jobs import NOTHING_TO_DO

LOOK_SECONDS = 60.0
AFTER_FAILURE = 600.0
LEASE, LEASE_SECONDS = "night", 180.0
QUESTION_QUIET = 300.0  # no night begins within five minutes of a question
_OPEN = frozenset({"PLANNED", "RUNNING"})

log = structlog.get_logger(__name__)


class NightKeeper:
    """Runs nights until cancelled."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        host: Host,
        activity: Activity,
        meter: Meter,
        *,
        window: Window,
        conditions: Conditions,
        max_watt_hours: float,
        now: Now,
        local: Callable[[datetime], datetime] = lambda moment: moment.astimezone(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        steps: Sequence[Step] = STEPS,
        hooks: Mapping[str, Hook] | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._host = host
        self._activity = activity
        self._meter = meter
        self._conditions = conditions
        self.max_watt_hours = max_watt_hours
        self._now = now
        self._local = local
        self._sleep = sleep
        self._hooks = hooks or {}
        self._holder = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._asked_for: str | None = None
        self._wake = asyncio.Event()
        self._last_sample: HostState | None = None
        self.window = window
        self.steps = steps
        self.paused = False  # at its owner's word
        self.note = ""

    async def run(self, *, nightly: bool = True) -> None:
        """See to every night, or only to those that are asked for.

        One daemon holds the data folder, so a lease that is found here was left by a dead one.
        """
        with contextlib.suppress(StorageError):
            await self._store.nights.release(LEASE, None)
        while True:
            self._wake.clear()  # before the look: who asks during it is not passed over
            try:
                if nightly or self._asked_for is not None:
                    await self.look()
                seconds = LOOK_SECONDS
            except StorageError as error:
                log.warning("night not kept", error=str(error))
                seconds = AFTER_FAILURE
            pause = asyncio.ensure_future(self._sleep(seconds))
            woken = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait([pause, woken], return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                woken.cancel()

    def begin_now(self) -> None:
        """Begin tonight at once, whatever the clock says: its owner asks for it."""
        self._asked_for = self.hours().day
        self.wake()

    def wake(self) -> None:
        """Look at once whether there is something to do."""
        self._wake.set()

    def hours(self) -> Hours:
        """Return the window that is open, or else the next one."""
        return self.window.hours(self._local(self._now()))

    async def look(self) -> None:
        """Run the night that is due, if one is and the machine allows it."""
        due = await self._due()
        if due is None:
            return
        reason = await self.obstacle(beginning=True)
        if reason is not None:
            self.note = f"waits: {reason}"
            return
        if not await self._store.nights.lease(LEASE, self._holder, LEASE_SECONDS):
            self.note = "waits: another selfd keeps the night"
            return
        try:
            await self._keep(due)
        finally:
            await self._store.nights.release(LEASE, self._holder)

    async def _due(self) -> Hours | None:
        """Return the night to keep now: an open one, one asked for, interrupted or missed."""
        now = self._local(self._now())
        open_ = self.window.hours(now)
        latest = next(iter(await self._store.nights.latest(1)), None)
        if open_.start <= now or self._asked_for == open_.day:
            found = open_
        elif latest is not None and latest.ended_at is None and self._is_young(latest):
            found = replace(open_, day=latest.day)  # it was interrupted
        else:
            missed = self.window.missed(now)
            if latest is None or missed is None or missed.day <= latest.day:
                return None  # selfd is new here, or nothing was missed
            found = missed
        night = await self._store.nights.of_day(found.day)
        return None if night is not None and night.ended_at is not None else found

    def _is_young(self, night: NightRecord) -> bool:
        return self._now() - night.began_at < CATCH_UP

    async def obstacle(self, *, beginning: bool = False, by_day: bool = False) -> str | None:
        """Say why nothing may run now; None: it may. What was asked for bows to power alone."""
        if self.paused:
            return "its owner paused the nights"
        state = await asyncio.to_thread(self._host.sample, self._now())
        self._measure(state)
        if self._meter.watt_hours >= self.max_watt_hours:
            return f"the night has used its {self.max_watt_hours:g} Wh"
        if self._asked_for is not None or by_day:
            return "the machine is not on power" if state.on_battery else None
        quiet = self._activity.quiet_seconds
        if beginning and quiet is not None and quiet < QUESTION_QUIET:
            return "selfd was asked something a moment ago"
        if beginning:
            return self._conditions.against_beginning(state)
        return self._conditions.against_going_on(state)

    def _measure(self, state: HostState) -> None:
        last, self._last_sample = self._last_sample, state
        if last is not None:
            self._meter.drew(state.watts, (state.at - last.at).total_seconds())

    async def _keep(self, hours: Hours) -> None:
        night = await self._store.nights.begin(hours.day, [step.name for step in self.steps])
        self._meter.reset(night.watt_hours)
        by_name = {step.name: step for step in self.steps}
        opened = hours.start <= self._local(self._now()) < hours.end
        for planned in night.steps:
            step = by_name.get(planned.name)
            if planned.state not in _OPEN or step is None:
                continue
            if (reason := self._over(hours, opened=opened)) is not None:
                self.note = reason
                break
            await self._do(night, planned.number, step, planned.job_id)
            await self._store.nights.save(night.id, watt_hours=self._meter.watt_hours)
        await self._end(night)

    def _over(self, hours: Hours, *, opened: bool) -> str | None:
        """Say why the night ends before its steps do; one that is made up for has no morning."""
        if self._meter.watt_hours >= self.max_watt_hours:
            return f"the night has used its {self.max_watt_hours:g} Wh"
        return "morning came" if opened and self._local(self._now()) >= hours.end else None

    async def _end(self, night: NightRecord) -> None:
        after = await self._store.nights.save(night.id, watt_hours=self._meter.watt_hours)
        counts = {
            state: sum(step.state == state for step in after.steps)
            for state in ("DONE", "SKIPPED", "FAILED", "PLANNED")
        }
        told = ", ".join(f"{count} {state.lower()}" for state, count in counts.items() if count)
        await self._store.nights.end(night.id, told)
        self._asked_for, self.note = None, ""
        self._meter.reset()

    async def _do(self, night: NightRecord, number: int, step: Step, job: str | None) -> None:
        """Do one step; what fails or is not there costs this step alone."""
        save = partial(self._store.nights.step, night.id, number)
        if step.kind is None:
            await self._hooked(step.name, save)
            return
        try:
            known = None if job is None else await self._jobs.job(job)
            record = known or await self._jobs.start(step.kind, step.options)
        except ServiceError as error:
            done_here = step.kind in self._jobs.kinds
            reason = str(error) if done_here else f"nothing here does {step.kind}"
            await save("SKIPPED" if error.code == "NOT_AVAILABLE" else "FAILED", reason)
            return
        await save("RUNNING", "", job=record.id)
        ended = await self._followed(record)
        if NOTHING_TO_DO in ended.metrics:
            await save("SKIPPED", str(ended.metrics[NOTHING_TO_DO]))
        elif ended.state == "SUCCEEDED":
            await save("DONE", ended.message, figures=ended.metrics)
        elif ended.state in ("FAILED", "CANCELLED"):
            await save("FAILED", ended.error or "it was cancelled")

    async def _hooked(self, name: str, save: Callable[..., Awaitable[NightRecord]]) -> None:
        hook = self._hooks.get(name)
        if hook is None:
            await save("SKIPPED", "nothing here does this")
            return
        await save("RUNNING", "")
        try:
            figures = await hook()
        except (StorageError, DaemonError, ServiceError, TimeoutError) as error:
            await save("FAILED", str(error) or "it took too long")
            return
        await save("DONE", str(figures.get("reason", "done")), figures=figures)

    async def _followed(self, record: JobRecord) -> JobRecord:
        last = record
        renewed = self._now()
        async for last in self._jobs.progress(record.id):
            self.note = last.message
            if (self._now() - renewed).total_seconds() > LEASE_SECONDS / 3:
                renewed = self._now()
                await self._store.nights.lease(LEASE, self._holder, LEASE_SECONDS)
        return last
