"""One look at everything that selfd can measure of itself, put together as its self-model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import model_ships
from selfd_daemon.self_model.goals import (
    BITS_PER_BYTE,
    CALIBRATION_ERROR,
    JUDGED_FOR_A_GOAL,
    RIGHT,
    Measured,
)
from selfd_daemon.self_model.measures.affect import Signals, appraise
from selfd_daemon.self_model.measures.body import Body
from selfd_daemon.self_model.measures.identity import Identity
from selfd_daemon.self_model.measures.intervals import trend, wilson
from selfd_daemon.self_model.measures.limits import limits, unknown
from selfd_daemon.self_model.measures.metacognition import (
    calibration_curve,
    expected_calibration_error,
)
from selfd_daemon.self_model.workspace import Workspace
from selfd_daemon.settings import Settings
from selfd_graphql.ports import BodyInfo, CapabilityInfo, MindPort, SelfModelInfo
from selfd_storage import (
    AttemptsRecord,
    EventRecord,
    PredictionRecord,
    Store,
    SurpriseRecord,
)
from selfd_storage.self_model.track_record import TrackRecord

RATED_DAYS = 7
NOTES_MEASURED = "self.bits_per_byte"  # of the first notes, as the last assessment measured it
_COUNTED = ("answer.", "conversation.", "feedback.", "job.")
_QUIET = frozenset(("thought.noted", "goal.set", "self.assessed"))


class Activity:
    """How many events a minute the log gets: a mean over the last minutes, older ones fading."""

    def __init__(self, monotonic: Monotonic, minutes: float = 5.0) -> None:
        self._monotonic = monotonic
        self._minutes = minutes
        self._rate = 0.0
        self._at = monotonic()

    def notice(self, events: Sequence[EventRecord]) -> None:
        """Count what was committed, but not what selfd writes about itself."""
        self._fade()
        self._rate += sum(each.kind not in _QUIET for each in events) / self._minutes

    def per_minute(self) -> float:
        """Return the rate now."""
        self._fade()
        return self._rate

    def _fade(self) -> None:
        at = self._monotonic()
        self._rate *= math.exp(-(at - self._at) / (60 * self._minutes))
        self._at = at


class Tally:
    """How work went, counted anew only after some of it was done or judged."""

    def __init__(self, record: TrackRecord) -> None:
        self._record = record
        self._stale = True
        self._attempts: Sequence[AttemptsRecord] = ()
        self._predictions: Sequence[PredictionRecord] = ()
        self._verified: Sequence[PredictionRecord] = ()

    def notice(self, events: Sequence[EventRecord]) -> None:
        """Count anew at the next look where something of what is counted was committed."""
        self._stale = self._stale or any(each.kind.startswith(_COUNTED) for each in events)

    async def attempts(self) -> Sequence[AttemptsRecord]:
        """Return every kind of task that was tried."""
        await self._count()
        return self._attempts

    async def predictions(self) -> Sequence[PredictionRecord]:
        """Return judged answers with what was said of them beforehand, newest first."""
        await self._count()
        return self._predictions

    async def verified(self) -> Sequence[PredictionRecord]:
        """Return answers of which only a check of their sentences has said how they turned out."""
        await self._count()
        return self._verified

    async def _count(self) -> None:
        if not self._stale:
            return
        self._stale = False  # first, so that what is committed meanwhile counts next time
        try:
            self._attempts = await self._record.attempts()
            self._predictions = await self._record.predictions()
            self._verified = await self._record.verified()
        except BaseException:
            self._stale = True
            raise


class Measuring:
    """Takes the look; every figure comes from the store, the host or a counter."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        minds: MindPort,
        settings: Settings,
        *,
        body: Body,
        identity: Identity,
        workspace: Workspace,
        problems: Callable[[], Sequence[str]],
        now: Now,
        monotonic: Monotonic,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._minds = minds
        self._settings = settings
        self._body = body
        self._identity = identity
        self._workspace = workspace
        self._problems = problems
        self._now = now
        self._activity = Activity(monotonic)
        self._tally = Tally(store.track_record)
        store.on_commit(self._activity.notice)
        store.on_commit(self._tally.notice)

    async def look(self) -> SelfModelInfo:
        """Return the self-model as it is; it has no hash before it is stored."""
        record, now = self._store.track_record, self._now()
        body = await self._body.sample()
        tried = await self._tally.attempts()
        capabilities = tuple(_capability(each) for each in tried)
        predictions = await self._tally.predictions()
        curve = calibration_curve(predictions)
        error = expected_calibration_error(curve)
        surprise = await record.surprise()
        held = self._workspace.attention(now)
        return SelfModelInfo(
            as_of=now,
            hash="",
            identity=await self._identity.read(),
            body=body,
            affect=appraise(await self._signals(body, tried, surprise, error)),
            capabilities=capabilities,
            goals=tuple(await self._store.goals.all()),
            attention=None if held is None else held.text,
            attention_id=None if held is None else held.id,
            calibration_error=error,
            calibration=curve,
            counts=await self._counts(tried, predictions),
            limits=await self._limits(),
            unknown=unknown(
                body,
                capabilities,
                judged=len(predictions),
                assessed=bool(await self._store.assessments.newest(1)),
                surprise=surprise.recent,
            ),
        )

    async def figures(self) -> Measured:
        """Return what goals are measured by."""
        predictions = await self._tally.predictions()
        enough = len(predictions) >= JUDGED_FOR_A_GOAL
        right = sum(each.outcome for each in predictions) / len(predictions) if enough else None
        error = expected_calibration_error(calibration_curve(predictions)) if enough else None
        return {
            "memories": await self._store.memories.count(),
            "articles": await self._store.articles.count(),
            "documents": await self._store.documents.count(),
            "feeds": len(await self._store.feeds.all()),
            BITS_PER_BYTE: await self._store.values.get(NOTES_MEASURED),
            RIGHT: right,
            CALIBRATION_ERROR: error,
        }

    async def _signals(
        self,
        body: BodyInfo,
        tried: Sequence[AttemptsRecord],
        surprise: SurpriseRecord,
        error: float | None,
    ) -> Signals:
        record = self._store.track_record
        ratings = await record.ratings(self._now() - timedelta(days=RATED_DAYS))
        said = await record.confidences()
        jobs = [each.recent for each in tried if each.name.startswith("job ")]
        return Signals(
            rating=_mean(ratings),
            job_success=_share(jobs),
            problems=len(self._problems()),
            events_per_minute=self._activity.per_minute(),
            running_jobs=self._jobs.running,
            surprise=_ratio(surprise),
            abstained=_mean([float(abstained) for _, abstained in said]),
            predicted=_mean([confidence for confidence, _ in said]),
            calibration_error=error,
            cpu_load=body.cpu_load,
            memory_in_use=1.0 - body.memory_available / body.memory_total,
            battery_share=body.battery_share if body.on_battery else None,
            thermal_pressure=body.thermal_pressure,
        )

    async def _counts(
        self, tried: Sequence[AttemptsRecord], predictions: Sequence[PredictionRecord]
    ) -> dict[str, int]:
        talk = [each for each in tried if not each.name.startswith("job ")]
        return {
            "memories": await self._store.memories.count(),
            "articles": await self._store.articles.count(),
            "documents": await self._store.documents.count(),
            "feeds": len(await self._store.feeds.all()),
            "answers": sum(each.attempts + each.unjudged for each in talk),
            "judged": len(predictions),
            "verified": len(await self._tally.verified()),
            "runningJobs": self._jobs.running,
            "problems": len(self._problems()),
        }

    async def _limits(self) -> tuple[str, ...]:
        return limits(
            self._settings,
            jobs=self._jobs.kinds,
            minds=await self._minds.minds(),
            has_weights=model_ships(),
            short_of_room=self._store.database.is_short_of_room,
        )


def _capability(record: AttemptsRecord) -> CapabilityInfo:
    low, high = wilson(record.successes, record.attempts)
    return CapabilityInfo(
        name=record.name,
        attempts=record.attempts,
        successes=record.successes,
        unjudged=record.unjudged,
        low=low,
        high=high,
        trend=trend(record.recent, record.earlier),
    )


def _ratio(surprise: SurpriseRecord) -> float | None:
    if not surprise.recent or not surprise.usual:
        return None
    return surprise.recent / surprise.usual


def _share(counts: Sequence[tuple[int, int]]) -> float | None:
    attempts = sum(tried for tried, _ in counts)
    return sum(went for _, went in counts) / attempts if attempts else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
