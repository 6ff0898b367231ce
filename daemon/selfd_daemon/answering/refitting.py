"""Learning from what became of answers: the confidence model, moved as far as they speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.answering.confidence import SHIPPED, Judged, Weights, confidence

LEAST = 20  # judged answers, below which nothing is learned
FOLDS = 5
PULL = 8.0  # towards the shipped weights: what so many answers on the edge of doubt could move
STEPS = 30

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Refit:
    """What came of a refit: mean log loss in nats on answers that the weights had not seen.

    `weights` are those to use from now on: the new ones only where they were better.
    """

    answers: int
    before: float
    after: float
    accepted: bool
    weights: Weights


def refit(judged: Sequence[Judged], current: Weights = SHIPPED) -> Refit:
    """Fit the weights to judged answers, and keep them if they predict others better.

    Args: current: the weights in force, against which the new ones are measured.
    """
    known = [each for each in judged if each.signals]
    if len(known) < LEAST:
        loss = _loss(known, current)
        return Refit(len(known), loss, loss, accepted=False, weights=current)
    before = _loss(known, current)
    after = 0.0
    for fold in range(FOLDS):
        seen = [each for place, each in enumerate(known) if place % FOLDS != fold]
        unseen = [each for place, each in enumerate(known) if place % FOLDS == fold]
        after += _loss(unseen, fitted(seen)) * len(unseen) / len(known)
    accepted = after < before
    return Refit(len(known), before, after, accepted, fitted(known) if accepted else current)


def fitted(judged: Sequence[Judged], prior: Weights = SHIPPED) -> dict[str, float]:
    """Return the most likely weights under a Gaussian prior around the shipped ones."""
    names = sorted(prior.keys() | {name for each in judged for name in each.signals})
    x = np.array([[each.signals.get(name, 0.0) for name in names] for each in judged])  # (N, F)
    right = np.array([each.right for each in judged])  # (N,)
    start = np.array([prior.get(name, 0.0) for name in names])  # (F,)
    weights = start.copy()
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + PULL / 4 * np.eye(len(names))
        slope = x.T @ (right - p) - PULL / 4 * (weights - start)
        weights += np.linalg.solve(curvature, slope)
    return dict(zip(names, map(float, weights), strict=True))


def _loss(judged: Sequence[Judged], weights: Mapping[str, float]) -> float:
    """Return the mean log loss; an outcome of one half counts half each way."""
    if not judged:
        return 0.0
    p = np.clip([confidence(each.signals, weights) for each in judged], 1e-6, 1 - 1e-6)
    right = np.array([each.right for each in judged])
    return float(-(right * np.log(p) + (1 - right) * np.log(1 - p)).mean())
