"""How well selfd knows beforehand whether it will be right, from predictions and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_graphql.ports import CalibrationBinInfo
from selfd_storage import PredictionRecord

BINS = 10


def calibration_curve(predictions: Sequence[PredictionRecord]) -> tuple[CalibrationBinInfo, ...]:
    """Return what was said and what came true, by ten equal ranges of confidence; none empty."""
    places = [min(int(each.predicted * BINS), BINS - 1) for each in predictions]
    curve = []
    for place in sorted(set(places)):
        inside = [each for each, its in zip(predictions, places, strict=True) if its == place]
        curve.append(
            CalibrationBinInfo(
                low=place / BINS,
                high=(place + 1) / BINS,
                answers=len(inside),
                predicted=sum(each.predicted for each in inside) / len(inside),
                right=sum(each.outcome for each in inside) / len(inside),
            )
        )
    return tuple(curve)


def expected_calibration_error(curve: Sequence[CalibrationBinInfo]) -> float | None:
    """Return the mean gap between said and true, weighed by answers (Naeini et al. 2015)."""
    answers = sum(each.answers for each in curve)
    if not answers:
        return None
    return sum(each.answers * abs(each.predicted - each.right) for each in curve) / answers


def brier(predictions: Sequence[PredictionRecord]) -> float:
    """Return the mean squared error of the predictions (Brier 1950)."""
    return sum((each.predicted - each.outcome) ** 2 for each in predictions) / len(predictions)


def base_rate_brier(predictions: Sequence[PredictionRecord]) -> float:
    """Return the same for one who always says how often answers were right before.

    Each is predicted by the share of the others, so that none of them helps to predict itself.
    """
    total, count = sum(each.outcome for each in predictions), len(predictions)
    shares = [(total - each.outcome) / (count - 1) for each in predictions]
    return (
        sum((share - each.outcome) ** 2 for share, each in zip(shares, predictions, strict=True))
        / count
    )
