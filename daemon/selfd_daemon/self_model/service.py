"""The self-model as a service: measured, versioned, followed, and the goals that it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.self_model.goals import own_goals, owners_goal, progress
from selfd_daemon.self_model.introspection.answers import Introspection, SelfAnswer
from selfd_daemon.self_model.latest import Latest
from selfd_daemon.self_model.measures.body import changes
from selfd_daemon.self_model.measuring import Measuring
from selfd_daemon.self_model.state import State, decoded, differs, encoded
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import BodyInfo, SelfModelInfo
from selfd_storage import (
    AssessmentRecord,
    EventRecord,
    GoalRecord,
    JobRecord,
    NotFoundError,
    Page,
    StorageError,
    Store,
    ThoughtRecord,
)

SECONDS_IDLE = 60.0  # between two looks when nothing happens
SECONDS_FOLLOWED = 5.0  # the same while somebody follows
SECONDS_APART = 1.0  # looks are never closer
MOVING = ("answer.", "feedback.", "job.", "checkpoint.", "goal.", "thought.", "self.", "night.")
# Versions: all of so many days, then one an hour, and from so many days on one a day.
ALL_DAYS, HOURLY_DAYS = 2, 30
THIN_EVERY = timedelta(hours=6)
EPOCH_DAYS = 3650  # how far back thinning looks
LONGEST_GOAL = 500  # characters

log = structlog.get_logger(__name__)


class SelfModelService:
    """Implements `selfd_graphql.ports.SelfPort`."""

    def __init__(
        self,
        store: Store,
        bus: EventBus,
        jobs: JobRunner,
        measuring: Measuring,
        *,
        now: Now,
        monotonic: Monotonic,
    ) -> None:
        self._store = store
        self._bus = bus
        self._jobs = jobs
        self._measuring = measuring
        self._now = now
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()
        self._looked_at: float | None = None
        self._model: SelfModelInfo | None = None
        self._state: State | None = None
        self._body: BodyInfo | None = None
        self._thinned_at: datetime | None = None
        self._latest: Latest[SelfModelInfo] = Latest()
        self.introspection = Introspection(store, self.look, now=now)
        store.on_commit(self._notice)

    async def run(self) -> None:
        """Look now and then, and soon after something moved, until cancelled."""
        while True:
            with _tolerated("self-model not looked at"):
                await self.look()
                await self.tidy()
            await asyncio.sleep(SECONDS_APART)
            wait = SECONDS_FOLLOWED if self._latest.followers else SECONDS_IDLE
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), wait)

    async def look(self) -> SelfModelInfo:
        """Measure, keep what changed as a new version, and return the self-model as it is.

        On a full disk it is measured all the same, and kept once there is room.
        """
        async with self._turn:
            if self._model is not None and self._is_fresh():
                return self._model
            self._moved.clear()
            with _tolerated("goals not measured"):
                await self._pursue()
            model = await self._measuring.look()
            kept = replace(model, hash="" if self._model is None else self._model.hash)
            with _tolerated("self-model not kept"):
                await self._tell(model.body)
                kept = await self._kept(model)
            self._model, self._looked_at = kept, self._monotonic()
            return kept

    def _is_fresh(self) -> bool:
        """Tell whether the last look was a moment ago and nothing moved since."""
        if self._looked_at is None or self._moved.is_set():
            return False
        return self._monotonic() - self._looked_at < SECONDS_APART

    async def model(self, as_of: datetime | None) -> SelfModelInfo:
        """Return the self-model now, or the version that held at a moment.

        Raises:
            ServiceError: there was none yet, or the moment has no offset.
            IntegrityError: the version is not what was stored.
        """
        if as_of is None:
            return await self.look()
        if as_of.tzinfo is None:
            raise ServiceError(
                "INVALID_INPUT", "the time needs an offset, like 2026-01-31T12:00:00Z"
            )
        version = await self._store.self_versions.as_of(as_of)
        if version is None:
            raise ServiceError(
                "NOT_FOUND", f"there is no self-model as of {as_of.isoformat()}: it begins later"
            )
        return decoded(version)

    async def about_self(self, question: str) -> SelfAnswer | None:
        """Answer a question about selfd itself, None where it is about something else."""
        return await self.introspection.answer(question)

    async def tidy(self) -> None:
        """Keep fewer of the old versions, every few hours."""
        now = self._now()
        if self._thinned_at is not None and now - self._thinned_at < THIN_EVERY:
            return
        self._thinned_at = now
        versions = self._store.self_versions
        day, hour = timedelta(days=1), timedelta(hours=1)
        recent, old = now - ALL_DAYS * day, now - HOURLY_DAYS * day
        await versions.thin(after=old, before=recent, span=hour)
        await versions.thin(after=now - EPOCH_DAYS * day, before=old, span=day)

    async def journal(self, *, first: int, after: str | None) -> Page[ThoughtRecord]:
        """Return a page of the journal, newest first."""
        return await self._store.thoughts.page(first=first, after=after)

    async def goal(self, id: str) -> GoalRecord | None:
        """Return one goal, None when there is none of that id."""
        return next((each for each in await self._store.goals.all() if each.id == id), None)

    async def add_goal(self, text: str) -> GoalRecord:
        """Keep a goal of the owner's, and measure it where it says by what."""
        plain = " ".join(text.split())
        if not plain:
            raise ServiceError("INVALID_INPUT", "the goal is empty")
        if len(plain) > LONGEST_GOAL:
            raise ServiceError(
                "TOO_LARGE", f"a goal may have {LONGEST_GOAL} characters, got {len(plain)}"
            )
        goal = await self._store.goals.add(owners_goal(plain, await self._measuring.figures()))
        await self._pursue()
        return await self._known(goal.id)

    async def update_goal(self, id: str, *, progress: float) -> GoalRecord:
        """Note how far a goal is that only its owner can tell.   Raises: NotFoundError."""
        goal = await self._known(id)
        if goal.measure is not None:
            raise ServiceError(
                "INVALID_INPUT",
                f"{id} is measured by {goal.measure}: its progress cannot be told",
            )
        if not 0.0 <= progress <= 1.0:
            raise ServiceError("INVALID_INPUT", f"progress must be from 0 to 1, got {progress}")
        return await self._store.goals.save(id, progress=progress)

    async def remove_goal(self, id: str) -> bool:
        """Drop a goal; False when there is none of that id."""
        return await self._store.goals.remove(id)

    async def assessments(self, first: int) -> Sequence[AssessmentRecord]:
        """Return assessments, newest first."""
        return await self._store.assessments.newest(first)

    async def assess(self) -> JobRecord:
        """Start an assessment as a job."""
        return await self._jobs.start("ASSESS_SELF", {})

    def models(self) -> AsyncGenerator[SelfModelInfo, None]:
        """Follow the self-model."""
        if self._model is not None:
            self._moved.set()  # a look soon, so that whoever follows starts with the present
        return self._latest.follow()

    def thoughts(self) -> AsyncIterator[ThoughtRecord]:
        """Follow the journal from the moment of this call on."""
        return self._thoughts(self._bus.stream(kinds=("thought.noted",)))

    def close_streams(self) -> None:
        """End every stream of the self-model."""
        self._latest.close()

    async def _thoughts(
        self, events: AsyncGenerator[EventRecord, None]
    ) -> AsyncIterator[ThoughtRecord]:
        async with aclosing(events):
            async for event in events:
                (thought,) = await self._store.thoughts.get([event.subject or ""])
                if thought is not None:
                    yield thought

    async def _kept(self, model: SelfModelInfo) -> SelfModelInfo:
        """Store a version where it is worth one; else the newest one still holds."""
        state = encoded(model)
        if self._state is not None and self._model is not None and not differs(self._state, state):
            return replace(model, hash=self._model.hash)
        version = await self._store.self_versions.add(state)
        self._state = state
        kept = replace(model, as_of=version.at, hash=version.hash)
        self._latest.put(kept)
        return kept

    async def _tell(self, body: BodyInfo) -> None:
        """Write into the log what changed about the machine."""
        before, self._body = self._body, body
        for what, was, now in changes(before, body) if before is not None else ():
            payload = {"what": what, "was": was, "is": now}
            await self._store.events.append("body.changed", None, payload)

    async def _pursue(self) -> None:
        """Measure how far goals are, and set those of its own that can be measured by now."""
        measured = await self._measuring.figures()
        goals = tuple(await self._store.goals.all())
        for new in own_goals(goals, measured):
            await self._store.goals.add(new)
        for goal in goals:
            value = measured.get(goal.measure or "")
            if value is None:
                continue
            far = progress(goal, value)
            if (far, value) != (goal.progress, goal.current):
                await self._store.goals.save(goal.id, progress=far, current=value)

    async def _known(self, id: str) -> GoalRecord:
        goal = await self.goal(id)
        if goal is None:
            raise NotFoundError("goal", id)
        return goal

    def _notice(self, events: Sequence[EventRecord]) -> None:
        if any(each.kind.startswith(MOVING) for each in events):
            self._moved.set()


@contextmanager
def _tolerated(consequence: str) -> Iterator[None]:
    """Go on after the store refused something, such as a write on a full disk, and log it."""
    try:
        yield
    except StorageError as error:
        log.warning(consequence, error=str(error))
