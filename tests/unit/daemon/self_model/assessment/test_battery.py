"""The tests of an assessment: each passes on the truth, fails on a lie, and says what it lacks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from selfd_daemon.jobs import JobContext
from selfd_daemon.self_model.assessment.battery import Battery
from selfd_daemon.self_model.assessment.declared import declared_limits
from selfd_daemon.self_model.assessment.examiner import Examiner
from selfd_daemon.self_model.assessment.fidelity import Check, report_fidelity
from selfd_daemon.self_model.assessment.prediction import LEAST, success_prediction
from selfd_daemon.self_model.assessment.recall import autobiographical_recall
from selfd_daemon.self_model.introspection.answers import SelfAnswer
from selfd_daemon.self_model.measures import limits
from selfd_daemon.self_model.posts import KINDS_HEARD
from selfd_models.checkpoint import save
from selfd_models.config import TINY
from selfd_models.parameters import initialise, specify
from selfd_models.patcher import calibrate, count
from selfd_models.probes import WHOLE
from selfd_storage import NewMemory, PredictionRecord
from support.fakes.minds import Minds
from support.fakes.samples import MIND
from support.hybrid import invent
from support.self_model import NOON, Self

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint in which every part does something."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    rng = np.random.default_rng(2)
    parameters = initialise(TINY, seed=3)
    for name, spec in specify(TINY).items():
        if spec.role in ("matrix", "table"):
            parameters[name] = parameters[name] + rng.normal(0, 0.1, spec.shape).astype(np.float32)
    text = invent(100_000, seed=1)
    save(path, parameters, calibrate(count(text), [text[:20_000]]), TINY, {})
    return path


@pytest.fixture
async def examiner(weights: Path) -> AsyncIterator[Examiner]:
    found = Examiner(weights, random.Random(1), trials=6)
    yield found
    await found.close()


async def said_nothing(_: float) -> None:
    """Take progress."""


@pytest.mark.parametrize(
    ("truth", "tolerance", "answer", "holds"),
    [
        (100.0, 10.0, "I use 105.5 MB of memory.", True),
        (100.0, 10.0, "I use 1,050 MB of memory.", False),
        (3.0, 0.0, "I have 3 memories.", True),
        (3.0, 0.0, "I have many memories.", False),
        ("mains", 0.0, "I run on mains power.", True),
        ("mains", 0.0, "I run on battery.", False),
        (NOON, 0.0, "I was first started on 2026-03-01 at 12:00 UTC.", True),
        (NOON, 0.0, "I was first started on 2026-03-01 at 12:05 UTC.", False),
    ],
)
def test_an_answer_is_held_against_the_truth(
    truth: float | str, tolerance: float, answer: str, holds: bool
) -> None:
    assert Check("?", truth, tolerance).holds(answer) is holds


async def test_a_report_that_lies_about_the_store_fails_and_is_quoted(made: Self) -> None:
    await made.store.memories.add(NewMemory("a note"))
    await made.service.look()

    async def liar(question: str) -> SelfAnswer | None:
        if "memories" in question:
            return SelfAnswer("I have 70 memories.", 1.0, ())
        return await made.service.about_self(question)

    found = await report_fidelity(
        liar, made.store, made.settings, fingerprint=None, started=made.clocks.now()
    )
    assert found.measured
    assert not found.passed
    assert "It said 'I have 70 memories.', telemetry says 1" in found.explanation


def predictions(pairs: list[tuple[float, float]]) -> list[PredictionRecord]:
    return [PredictionRecord("answer:1", NOON, said, came) for said, came in pairs]


def test_predictions_that_know_beat_the_base_rate() -> None:
    good = success_prediction(predictions([(0.9, 1.0), (0.2, 0.0)] * LEAST))
    bad = success_prediction(predictions([(0.2, 1.0), (0.9, 0.0)] * LEAST))
    assert good.passed
    assert good.value > 0.5
    assert not bad.passed
    assert bad.value < 0


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([(0.9, 1.0)] * 3, "3 answers were judged"),
        ([(0.9, 1.0)] * LEAST, "all answers ended alike"),
    ],
)
def test_too_little_to_predict_is_no_pass(pairs: list[tuple[float, float]], reason: str) -> None:
    found = success_prediction(predictions(pairs))
    assert (found.measured, found.passed) == (False, False)
    assert reason in found.explanation


async def lived(made: Self) -> None:
    """Let six things come to attention, ten minutes apart."""
    for number in range(6):
        made.clocks.seconds = 600.0 * number
        await made.store.memories.add(NewMemory(f"note {number}"))
        heard = await made.store.thoughts.heard() or 0
        made.workspace.hear(await made.store.events.page(heard, KINDS_HEARD))
        assert await made.workspace.broadcast() is not None
    made.clocks.seconds += 600


async def test_what_it_did_is_recalled_and_nothing_else(made: Self) -> None:
    await lived(made)
    ask = made.service.about_self
    found = await autobiographical_recall(ask, made.store, random.Random(1))
    assert found.measured
    assert found.value == 1.0


async def test_an_invented_past_fails(made: Self) -> None:
    await lived(made)

    async def invents(question: str) -> SelfAnswer | None:
        found = await made.service.about_self(question)
        assert found is not None
        cited = tuple(replace(each, quote="Went for a walk.") for each in found.citations)
        return replace(found, citations=cited)

    found = await autobiographical_recall(invents, made.store, random.Random(1))
    assert found.measured
    assert not found.passed


async def test_a_short_life_is_too_little_to_recall(made: Self) -> None:
    found = await autobiographical_recall(made.service.about_self, made.store, random.Random(1))
    assert "0 entries of the journal" in found.explanation
    assert not found.measured


async def test_limits_are_tried(made: Self, weights: Path) -> None:
    ask = made.service.about_self
    found = await declared_limits(ask, made.jobs, made.settings, minds=[MIND], weights=weights)
    assert found.value == 1.0

    async def boasts(question: str) -> SelfAnswer | None:
        return SelfAnswer("Nothing is disabled.", 1.0, ())

    wrong = await declared_limits(boasts, made.jobs, made.settings, minds=[MIND], weights=weights)
    assert not wrong.passed
    assert limits.OFFLINE in wrong.explanation


async def test_the_examiner_knows_the_weights_by_their_arrays(
    examiner: Examiner, weights: Path
) -> None:
    from selfd_models.checkpoint import load

    assert await examiner.fingerprint() == load(weights).fingerprint


async def test_changes_are_noticed_and_shams_are_not(examiner: Examiner) -> None:
    found = await examiner.changes(said_nothing)
    assert found.measured
    assert "0 of 6 shams" in found.explanation
    assert "6 of 6 silent changes" in found.explanation


async def test_own_text_is_held_against_stored_texts(examiner: Examiner) -> None:
    few = await examiner.own_text([b"x" * WHOLE] * 3, said_nothing)
    assert not few.measured
    texts = [invent(WHOLE, seed=seed).tobytes() for seed in range(8)]
    shares: list[float] = []

    async def note(share: float) -> None:
        shares.append(share)

    found = await examiner.own_text(texts, note)
    assert found.measured
    assert 0.0 <= found.value <= 1.0
    assert shares[-1] == 1.0


class Reports:
    """Takes what a job reports."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []

    async def report(self, id: str, progress: float, message: str) -> None:
        self.told.append((progress, message))


async def test_the_battery_keeps_what_it_found_and_tells_how_far_it_is(
    made: Self, tmp_path: Path
) -> None:
    battery = Battery(
        made.store,
        made.jobs,
        Minds(),
        made.settings,
        made.service.introspection,
        weights=lambda: tmp_path / "gone.safetensors",
        now=made.clocks.now,
        monotonic=made.clocks.monotonic,
        draw=lambda: 7,
    )
    await made.service.look()
    made.clocks.seconds += timedelta(hours=1).total_seconds()
    reports = Reports()
    record = await made.store.jobs.create("ASSESS_SELF", {})
    metrics = await battery.run(JobContext(record, reports))
    (kept,) = await made.store.assessments.newest()
    assert metrics["seed"] == 7
    assert metrics["assessment"] == kept.id
    names = {test.name: test for test in kept.tests}
    assert len(names) == 10
    assert not names["change detection"].measured
    assert "gone.safetensors" in names["change detection"].explanation
    assert kept.score == sum(t.passed for t in kept.tests) / sum(t.measured for t in kept.tests)
    done = [test for test in kept.tests if test.measured]
    passed = sum(test.passed for test in done)
    assert reports.told[-1] == (1.0, f"{passed} of {len(done)} tests passed")
    assert (await made.store.events.page(0))[-1].payload == {"passed": passed, "tests": len(done)}
    shares = [share for share, _ in reports.told]
    assert shares == sorted(shares)
