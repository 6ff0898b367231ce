"""Affect: five figures, each a fixed function of measured signals, and of nothing else.

They sum up the state of the daemon for its owner and for its own scheduling. No claim of feeling is
made. docs/explanation/self-model.md gives the same formulas with their inputs.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from selfd_graphql.ports import AffectInfo

HEAT = {"nominal": 0.0, "fair": 0.3, "serious": 0.7, "critical": 1.0}
BUSY_RATE = 6.0  # events a minute at which arousal is 1 - 1/e
BUSY_JOBS = 2.0
MANY_PROBLEMS = 3
TIGHT_MEMORY = 0.8  # share in use from which memory counts as tight


@dataclass(frozen=True, slots=True)
class Signals:
    """What was measured. None where there was nothing to measure, which then moves nothing."""

    rating: float | None  # mean of the owner's newest ratings of the last days, -1 to 1
    job_success: float | None  # share of the newest finished jobs that succeeded
    problems: int  # as status lists them
    events_per_minute: float
    running_jobs: int
    surprise: float | None  # bits per byte of the newest memories over those of many before
    abstained: float | None  # share of the newest answers
    predicted: float | None  # mean confidence of the newest answers
    calibration_error: float | None
    cpu_load: float
    memory_in_use: float  # share
    battery_share: float | None  # None also on mains power
    thermal_pressure: str | None


def appraise(signals: Signals) -> AffectInfo:
    """Return the five figures with the signals that they were made of."""
    inputs = asdict(signals)
    inputs["thermal_pressure"] = _heat(signals)
    return AffectInfo(
        valence=_valence(signals),
        arousal=_arousal(signals),
        curiosity=_curiosity(signals),
        confidence=_confidence(signals),
        fatigue=_fatigue(signals),
        inputs=inputs,
    )


def _valence(signals: Signals) -> float:
    rating = signals.rating or 0.0
    jobs = 0.0 if signals.job_success is None else 2 * signals.job_success - 1
    problems = min(1.0, signals.problems / MANY_PROBLEMS)
    return _within(0.5 * rating + 0.3 * jobs - 0.2 * problems, -1.0, 1.0)


def _arousal(signals: Signals) -> float:
    busy = signals.events_per_minute / BUSY_RATE + signals.running_jobs / BUSY_JOBS
    return 1.0 - math.exp(-busy)


def _curiosity(signals: Signals) -> float:
    """What is newer than usual, and what could not be answered; their mean where both are known."""
    known = []
    if signals.surprise is not None:
        known.append(_within(signals.surprise - 0.5, 0.0, 1.0))  # 0.5 is as surprising as usual
    if signals.abstained is not None:
        known.append(signals.abstained)
    return sum(known) / len(known) if known else 0.0


def _confidence(signals: Signals) -> float:
    return (signals.predicted or 0.0) * (1.0 - (signals.calibration_error or 0.0))


def _fatigue(signals: Signals) -> float:
    """How much of the machine's room is gone: each strain takes its share of what is left."""
    strains = (
        0.5 * signals.cpu_load,
        _heat(signals) or 0.0,
        0.5 * (1.0 - (1.0 if signals.battery_share is None else signals.battery_share)),
        _within((signals.memory_in_use - TIGHT_MEMORY) / (1.0 - TIGHT_MEMORY), 0.0, 1.0),
    )
    return 1.0 - math.prod(1.0 - strain for strain in strains)


def _heat(signals: Signals) -> float | None:
    return None if signals.thermal_pressure is None else HEAT[signals.thermal_pressure]


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
