"""Learning from what became of answers: the confidence model, moved as far as they speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.answering.retrieval.confidence import SHIPPED, Judged, Weights, confidence

LEAST = 20  # judged answers, below which nothing is learned
LEAST_OF_A_KIND = 10  # of them, for the weights of that kind: two in each fold
FOLDS = 5
PULL = 8.0  # towards the shipped weights, as so many answers on the edge of doubt
FITTED_PULL = 128.0  # where those were fitted and are no first guess (docs/lab/0002)
FITTED = ("told.", "read.")
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
    """Fit the weights to judged answers, and keep those that predict others of their kind better.

    Answers of one kind share no names with those of another, so each kind is fitted by itself: what
    a mind wrote is learned from where quotes teach nothing, and the other way round.

    Args: current: the weights in force, against which the new ones are measured.
    """
    known = [each for each in judged if each.signals]
    weights, before, after = dict(current), 0.0, 0.0
    for some in _kinds(known):
        old = _loss(some, current)
        enough = len(known) >= LEAST and len(some) >= LEAST_OF_A_KIND
        new = _unseen_loss(some) if enough else old
        if new < old:
            names = {name for each in some for name in each.signals}
            weights.update((name, fit) for name, fit in fitted(some).items() if name in names)
        before += old * len(some) / len(known)
        after += min(old, new) * len(some) / len(known)
    accepted = after < before
    return Refit(len(known), before, after, accepted, weights if accepted else current)


def fitted(judged: Sequence[Judged], prior: Weights = SHIPPED) -> dict[str, float]:
    """Return the most likely weights under a Gaussian prior around the shipped ones."""
    names = sorted(prior.keys() | {name for each in judged for name in each.signals})
    x = np.array([[each.signals.get(name, 0.0) for name in names] for each in judged])  # (N, F)
    right = np.array([each.right for each in judged])  # (N,)
    start = np.array([prior.get(name, 0.0) for name in names])  # (F,)
    pull = np.array([FITTED_PULL if name.startswith(FITTED) else PULL for name in names]) / 4
    weights = start.copy()
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(pull)
        slope = x.T @ (right - p) - pull * (weights - start)
        weights += np.linalg.solve(curvature, slope)
    return dict(zip(names, map(float, weights), strict=True))


def _kinds(judged: Sequence[Judged]) -> list[list[Judged]]:
    """Sort answers by whose signals they have, as in `told.coverage`."""
    kinds: dict[str, list[Judged]] = {}
    for each in judged:
        kinds.setdefault(min(each.signals).partition(".")[0], []).append(each)
    return list(kinds.values())


def _unseen_loss(judged: Sequence[Judged]) -> float:
    """Return the loss on answers of weights that were fitted to the others, fold by fold."""
    total = 0.0
    for fold in range(FOLDS):
        seen = [each for place, each in enumerate(judged) if place % FOLDS != fold]
        unseen = [each for place, each in enumerate(judged) if place % FOLDS == fold]
        total += _loss(unseen, fitted(seen)) * len(unseen) / len(judged)
    return total


def _loss(judged: Sequence[Judged], weights: Mapping[str, float]) -> float:
    """Return the mean log loss; an outcome of one half counts half each way."""
    if not judged:
        return 0.0
    p = np.clip([confidence(each.signals, weights) for each in judged], 1e-6, 1 - 1e-6)
    right = np.array([each.right for each in judged])
    return float(-(right * np.log(p) + (1 - right) * np.log(1 - p)).mean())
