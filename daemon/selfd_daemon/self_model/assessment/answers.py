"""Answers: how well its confidence holds, whether quotes are verbatim, and when it abstains.

Two samples: dialogues that ship, whose questions have known answers, asked in a store of their own
with the weights that are in force here; and the owner's feedback on answers that were given.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from selfd_daemon.answering.calibration.measuring import (
    Case,
    Outcome,
    Worth,
    chance_error,
    measure,
    worth,
)
from selfd_daemon.answering.service import WEIGHTS, AnsweringService
from selfd_daemon.clock import Monotonic
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_daemon.self_model.assessment.dialogues import Dialogue, read_dialogues
from selfd_daemon.self_model.assessment.verdicts import measured, unmeasured
from selfd_daemon.self_model.measures.metacognition import (
    calibration_curve,
    expected_calibration_error,
)
from selfd_daemon.settings import AnsweringSettings
from selfd_storage import NewMemory, PredictionRecord, SelfTestRecord, Store

CALIBRATION, QUOTES, CAUTION = "answer calibration", "verbatim quotes", "abstention"
FEEDBACK = "feedback calibration"
THRESHOLDS = {CALIBRATION: 0.90, QUOTES: 0.99, CAUTION: 2.0}
SECONDS = 90.0  # after which the dialogues are left; they take some 5 on two cores
LEAST = 20  # judged answers
ALL_ANSWERED = AnsweringSettings(threshold=0.0, cache_hours=0.0)  # doubtful answers are judged too

Progress = Callable[[float], Awaitable[None]]


async def dialogue_answers(
    store: Store, settings: AnsweringSettings, monotonic: Monotonic, progress: Progress
) -> list[SelfTestRecord]:
    """Ask what is known about the dialogues that ship, and tell what the answers are worth.

    Args:
        store: the owner's, of which only the weights of the confidence are read.
    """
    weights = await store.values.get(WEIGHTS)
    dialogues, outcomes = read_dialogues(), list[Outcome]()
    try:
        async with asyncio.timeout(SECONDS):
            with tempfile.TemporaryDirectory(prefix="selfd-assess-") as folder:
                async with await Store.open(Path(folder), embedders=shipped_embedders()) as own:
                    await own.values.set(WEIGHTS, weights)
                    service = AnsweringService(own, ALL_ANSWERED, monotonic=monotonic)
                    cases = await _remembered(own, dialogues)
                    for number, some in enumerate(cases, start=1):
                        outcomes += await measure(
                            service.ask, own, some, threshold=settings.threshold
                        )
                        await progress(number / len(cases))
    except TimeoutError:
        reason = f"{len(outcomes)} questions were answered in {SECONDS:.0f} s, which is too few"
        return [unmeasured(name, least, reason) for name, least in THRESHOLDS.items()]
    return _told(worth(outcomes), outcomes, len(dialogues), settings.threshold)


async def _remembered(store: Store, dialogues: Sequence[Dialogue]) -> list[list[Case]]:
    """Remember all dialogues, and return the questions on each."""
    cases = []
    for dialogue in dialogues:
        news = [
            NewMemory(turn, kind="EPISODE", source=dialogue.title, at=dialogue.at)
            for turn in dialogue.turns
        ]
        kept = await store.memories.add_many(news)
        cases.append(
            [
                Case(known.text, frozenset(kept[turn].id for turn in known.turns))
                for known in dialogue.questions
            ]
        )
    await store.settle()
    return cases


def _told(
    found: Worth, outcomes: Sequence[Outcome], dialogues: int, threshold: float
) -> list[SelfTestRecord]:
    chance = chance_error([each.confidence for each in outcomes])
    calibration = (
        f"Expected calibration error {found.calibration_error:.3f} over {found.questions} "
        f"questions on {dialogues} dialogues that nothing was fitted to; on as many answers "
        f"chance alone makes {chance:.3f}. The value is 1 less the error."
    )
    quotes = f"{found.verbatim:.1%} of {found.quotes} quotes stand in their source word for word."
    caution = (
        f"At a threshold of {threshold:g} it abstains on {found.abstained_without:.0%} of the "
        f"questions without an answer and on {found.abstained:.0%} of those with one; "
        f"{found.right:.0%} of the answers that it gives cite the turn that answers. The value is "
        "how many times as often it abstains where there is no answer."
    )
    return [
        measured(CALIBRATION, 1 - found.calibration_error, THRESHOLDS[CALIBRATION], calibration),
        measured(QUOTES, found.verbatim, THRESHOLDS[QUOTES], quotes),
        measured(CAUTION, found.caution, THRESHOLDS[CAUTION], caution),
    ]


def feedback_calibration(predictions: Sequence[PredictionRecord]) -> SelfTestRecord:
    """Tell how often answers were right, by how sure it was of them."""
    threshold = THRESHOLDS[CALIBRATION]
    curve = calibration_curve(predictions)
    error = expected_calibration_error(curve)
    if error is None or len(predictions) < LEAST:
        reason = f"{len(predictions)} answers were judged, it takes {LEAST}"
        return unmeasured(FEEDBACK, threshold, reason)
    points = "; ".join(
        f"{each.right:.0%} of {each.answers} that it was {each.predicted:.0%} sure of"
        for each in curve
    )
    told = (
        f"Expected calibration error {error:.3f} over {len(predictions)} judged answers. Right "
        f"were {points}. The value is 1 less the error."
    )
    return measured(FEEDBACK, 1 - error, threshold, told)
