"""What a night's refit of the confidence is worth to owners who rate a third of their answers.

    PYTHONPATH=tests python -m bench refits --data DIR

Each dialogue of LoCoMo is an owner's. Twenty times a third of its questions is drawn; of those that
get an answer each is rated, right when it cites a turn of the annotated evidence, and a night
refits. The answers to the other questions tell what that was worth. How far a refit may go
(`refitting.FITTED_PULL`) was chosen on the first three dialogues; the rows tell of them and of the
others apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.answers import DEVELOPMENT, ask_all
from bench.row import Row
from selfd_daemon.answering.calibration.measuring import Outcome, calibration_error
from selfd_daemon.answering.calibration.refitting import refit
from selfd_daemon.answering.retrieval.confidence import SHIPPED, Judged, Weights, confidence

RATED = 1 / 3
DRAWS = 20


def rows(data: Path | None) -> Sequence[Row]:
    """Return the loss and the calibration error of unrated answers, before and after the night."""
    if data is None:
        return []
    dialogues = list(asyncio.run(ask_all(data)).values())
    parts = {"development": dialogues[:DEVELOPMENT], "held out": dialogues[DEVELOPMENT:]}
    return [row for name, some in parts.items() for row in _told(name, some)]


def _told(name: str, dialogues: Sequence[Sequence[Outcome]]) -> list[Row]:
    found = np.array([_night(each, seed) for each in dialogues for seed in range(DRAWS)])
    rated, accepted, *figures = found.mean(axis=0)
    loss, worse, error, off = figures
    note = f"from {loss:.4f}; {rated:.0f} rated, {accepted:.0%} of refits taken"
    return [
        Row(f"refit, {name}: change of log loss", worse - loss, "nats", 0.0, "lower", note),
        Row(f"refit, {name}: calibration error", off, "", None, "lower", f"{error:.3f} before"),
    ]


def _night(outcomes: Sequence[Outcome], seed: int) -> tuple[float, ...]:
    """Rate some answers and refit.

    Returns: how many were rated, whether the refit was taken, and the log loss and calibration
        error of the answers that were not rated, each before and after.
    """
    given = [each for each in outcomes if not each.abstained and each.signals]
    is_rated = np.random.default_rng(seed).random(len(given)) < RATED
    rated = [each for each, its in zip(given, is_rated, strict=True) if its]
    others = [each for each, its in zip(given, is_rated, strict=True) if not its]
    found = refit([Judged(each.signals, float(each.is_right)) for each in rated])
    (loss, error), (worse, off) = (_worth(others, each) for each in (SHIPPED, found.weights))
    return len(rated), float(found.accepted), loss, worse, error, off


def _worth(outcomes: Sequence[Outcome], weights: Weights) -> tuple[float, float]:
    sure = np.array([confidence(each.signals, weights) for each in outcomes])
    right = np.array([float(each.is_right) for each in outcomes])
    p = np.clip(sure, 1e-6, 1 - 1e-6)
    loss = -(right * np.log(p) + (1 - right) * np.log(1 - p)).mean()
    return float(loss), calibration_error(sure, right)
