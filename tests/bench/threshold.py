"""Choose the confidence below which answers abstain, on development dialogues alone.

    PYTHONPATH=tests python -m bench threshold --data DIR

The rule, written down before it was first run: each of the development dialogues is left out in
turn. A thousand times, questions of the others are drawn with replacement, as many as each has, and
the threshold is taken at which the share answered of those with an answer exceeds that of those
without by most (Youden 1950), the middle one of equals. The mean over draws is the threshold of
that fold (Breiman 1996), tried on the dialogue that was left out; the mean over folds, to two
digits, is the setting `answering.threshold`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.answers import DEVELOPMENT, ask_all
from bench.row import Row
from selfd_daemon.answering.calibration.measuring import Outcome
from selfd_daemon.settings import AnsweringSettings

DRAWS = 1000
SEED = 7353
GRID = np.arange(1, 100) / 100.0  # thresholds

Numbers = NDArray[np.float64]


def rows(data: Path | None) -> Sequence[Row]:
    """Return the threshold that the rule chooses, and what each fold's does where it was tried."""
    if data is None:
        return []
    dialogues = list(asyncio.run(ask_all(data, DEVELOPMENT)).values())
    chosen, found = [], []
    for left_out, tried in enumerate(dialogues):
        others = [each for number, each in enumerate(dialogues) if number != left_out]
        threshold, spread = choose(others)
        chosen.append(threshold)
        with_, without = (abstained(tried, threshold, answerable=each) for each in (True, False))
        told = f"chosen {threshold:.3f} (draws ± {spread:.3f}); {without:.2f} against {with_:.2f}"
        name = f"threshold, dialogue {left_out + 1} left out: abstains without an answer, x"
        found.append(Row(name, without / max(with_, 1e-9), "", None, "higher", told))
    note = f"in force: {AnsweringSettings().threshold:g}"
    return [*found, Row("threshold, chosen", float(np.mean(chosen)), "", None, "lower", note)]


def choose(dialogues: Sequence[Sequence[Outcome]]) -> tuple[float, float]:
    """Return the bagged threshold, and the deviation of the thresholds over the draws."""
    rng = np.random.default_rng(SEED)
    sure = [np.array([each.confidence for each in some]) for some in dialogues]
    has_answer = [np.array([bool(each.case.evidence) for each in some]) for some in dialogues]
    best = []
    for _ in range(DRAWS):
        drawn = [rng.integers(0, len(each), len(each)) for each in sure]
        told = np.concatenate([each[at] for each, at in zip(sure, drawn, strict=True)])
        kinds = np.concatenate([each[at] for each, at in zip(has_answer, drawn, strict=True)])
        gain = _answered(told[kinds]) - _answered(told[~kinds])  # (thresholds,)
        best.append(float(np.median(GRID[gain >= gain.max() - 1e-12])))
    return float(np.mean(best)), float(np.std(best))


def abstained(outcomes: Sequence[Outcome], threshold: float, *, answerable: bool) -> float:
    """Return the share of questions of a kind that get no answer at a threshold."""
    kind = [each.confidence for each in outcomes if bool(each.case.evidence) == answerable]
    return float(np.mean(np.array(kind) < threshold))


def _answered(confidence: Numbers) -> Numbers:
    """Return the share answered at each threshold of the grid: (N,) to (thresholds,)."""
    share: Numbers = (confidence[None, :] >= GRID[:, None]).mean(axis=1)
    return share
