"""The battery: all tests of an assessment in one job, with progress, at low priority."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.errors import ChildError
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.self_model.assessment.answers import dialogue_answers, feedback_calibration
from selfd_daemon.self_model.assessment.declared import declared_limits
from selfd_daemon.self_model.assessment.examiner import (
    CHANGE_THRESHOLD,
    CHANGES,
    OWN_TEXT,
    OWN_THRESHOLD,
    TEXTS,
    Examiner,
)
from selfd_daemon.self_model.assessment.fidelity import report_fidelity
from selfd_daemon.self_model.assessment.prediction import success_prediction
from selfd_daemon.self_model.assessment.recall import autobiographical_recall
from selfd_daemon.self_model.assessment.verdicts import unmeasured
from selfd_daemon.self_model.introspection.answers import Introspection
from selfd_daemon.self_model.measuring import NOTES_MEASURED
from selfd_daemon.settings import Settings
from selfd_graphql.ports import MindPort
from selfd_models.probes import WHOLE
from selfd_storage import AssessmentRecord, SelfTestRecord, Store
from selfd_storage.items import text_of

NOTES, NOTE_LEAST, NOTE_MOST = 16, 64, 4096  # notes of so many bytes that bits are measured on
READ = 500  # newest of each kind, among which long texts are drawn

log = structlog.get_logger(__name__)


class Battery:
    """Does jobs of kind ASSESS_SELF."""

    def __init__(
        self,
        store: Store,
        jobs: JobRunner,
        minds: MindPort,
        settings: Settings,
        introspection: Introspection,
        *,
        weights: Callable[[], Path],
        now: Now,
        monotonic: Monotonic,
        draw: Callable[[], int] = lambda: secrets.randbits(32),
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._minds = minds
        self._settings = settings
        self._introspection = introspection
        self._weights = weights
        self._now = now
        self._monotonic = monotonic
        self._origin = monotonic()
        self._draw = draw
        jobs.register("ASSESS_SELF", self.run)

    async def run(self, job: JobContext) -> Mapping[str, Any]:
        """Do every test, keep the assessment, and return its figures."""
        began, seed = self._monotonic(), self._draw()
        tests = await self._tests(job, random.Random(seed))
        done = [test for test in tests if test.measured]
        passed = sum(test.passed for test in done)
        score = passed / len(done) if done else 0.0
        await job.report(1.0, f"{passed} of {len(done)} tests passed")
        seconds = self._monotonic() - began
        kept = await self._store.assessments.add(tests, score=score, seconds=seconds)
        return {"seed": seed, "score": score, "assessment": kept.id, **_values(kept)}

    async def _tests(self, job: JobContext, rng: random.Random) -> list[SelfTestRecord]:
        ask = self._introspection.answer
        examiner = Examiner(self._weights(), rng)
        try:
            await job.report(0.01, "reading the weights that serve")
            fingerprint, *by_model = await self._of_the_model(job, examiner, rng)
        finally:
            await examiner.close()

        async def answered(share: float) -> None:
            await job.report(0.8 + 0.1 * share, "answering about dialogues that ship")

        answers = await dialogue_answers(
            self._store, self._settings.answering, self._monotonic, answered
        )
        await job.report(0.9, "asking about its own state")
        fidelity = await report_fidelity(
            ask, self._store, self._settings, fingerprint=fingerprint, started=self._started()
        )
        await job.report(0.94, "asking what happened when")
        recall = await autobiographical_recall(ask, self._store, rng)
        await job.report(0.98, "trying what it says it cannot do")
        minds = await self._minds.minds()
        declared = await declared_limits(
            ask, self._jobs, self._settings, minds=minds, weights=self._weights()
        )
        judged = await self._store.track_record.predictions()
        calibrated = [*answers, feedback_calibration(judged)]
        return [fidelity, success_prediction(judged), *calibrated, *by_model, recall, declared]

    async def _of_the_model(
        self, job: JobContext, examiner: Examiner, rng: random.Random
    ) -> tuple[str | None, SelfTestRecord, SelfTestRecord]:
        """Do the tests that take the model; where it cannot be had, say why they were not done."""

        async def own(share: float) -> None:
            await job.report(0.05 + 0.4 * share, "telling its own text from yours")

        async def changed(share: float) -> None:
            await job.report(0.45 + 0.35 * share, "looking for changes of its weights")

        try:
            fingerprint = await examiner.fingerprint()
            await self._measure_notes(examiner)
            return (
                fingerprint,
                await examiner.own_text(await self._texts(rng), own),
                await examiner.changes(changed),
            )
        except ChildError as error:
            log.warning("the model was not assessed", error=str(error))
            reason = str(error)
            return (
                None,
                unmeasured(OWN_TEXT, OWN_THRESHOLD, reason),
                unmeasured(CHANGES, CHANGE_THRESHOLD, reason),
            )

    async def _measure_notes(self, examiner: Examiner) -> None:
        """Measure the notes that its goal is about: always the same ones, the first."""
        record = self._store.track_record
        ids = await record.first_notes(NOTES, least=NOTE_LEAST, most=NOTE_MOST)
        notes = [text_of(note) for note in await self._store.items(ids) if note is not None]
        if len(notes) == NOTES:
            bits = await examiner.bits_per_byte(notes)
            await self._store.values.set(NOTES_MEASURED, round(bits, 4))

    async def _texts(self, rng: random.Random) -> list[bytes]:
        """Draw stored texts that are long enough to be continued."""
        ids = await self._store.track_record.long_texts(WHOLE, READ)
        drawn = await self._store.items(rng.sample(ids, min(TEXTS, len(ids))))
        texts = [text_of(item).encode() for item in drawn if item is not None]
        return [text[:WHOLE] for text in texts if len(text) >= WHOLE]

    def _started(self) -> datetime:
        return self._now() - timedelta(seconds=self._monotonic() - self._origin)


def _values(assessment: AssessmentRecord) -> dict[str, float]:
    return {test.name: test.value for test in assessment.tests if test.measured}
