"""Goals: which of them can be measured, and how far each is.

A goal in the owner's words is measured where it names something countable and a number; otherwise
only its owner can say how far it is. Those of its own selfd sets once there is a first measurement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from selfd_storage import GoalRecord, NewGoal

BITS_PER_BYTE = "bits per byte"
RIGHT = "right answers"
CALIBRATION_ERROR = "calibration error"
LOWER_IS_BETTER = frozenset((BITS_PER_BYTE, CALIBRATION_ERROR))
JUDGED_FOR_A_GOAL = 20  # answers

_NUMBER = r"(\d+(?:,\d{3})*(?:\.\d+)?)"
_MORE = re.compile(r"\bmore\b", re.IGNORECASE)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (measure, re.compile(pattern, re.IGNORECASE))
    for measure, pattern in (
        ("memories", rf"\bremember\D*{_NUMBER}\s+(?:\w+\s+)?(?:memor|note|thing|fact)"),
        ("articles", rf"\bread\D*{_NUMBER}\s+(?:\w+\s+)?articles?\b"),
        ("documents", rf"\bread\D*{_NUMBER}\s+(?:\w+\s+)?(?:document|file|book)s?\b"),
        ("feeds", rf"\bfollow\D*{_NUMBER}\s+(?:\w+\s+)?feeds?\b"),
        (BITS_PER_BYTE, rf"\bbits per byte\D*{_NUMBER}"),
        (CALIBRATION_ERROR, r"\bcalibration error\D*(\d*\.\d+)"),
        (RIGHT, rf"{_NUMBER}\s*%.*\b(?:right|correct)\b"),
        (RIGHT, rf"\b(?:right|correct)\b\D*{_NUMBER}\s*%"),
    )
)

Measured = Mapping[str, float | None]  # what was measured of selfd, by name


@dataclass(frozen=True, slots=True)
class _Own:
    measure: str
    text: str

    def target(self, baseline: float) -> float:
        """Set the mark: a twentieth better, or what is good in itself."""
        if self.measure == BITS_PER_BYTE:
            return round(0.95 * baseline, 4)
        return 0.05 if self.measure == CALIBRATION_ERROR else 0.9


_OWN = (
    _Own(BITS_PER_BYTE, "Lower my bits per byte on your first notes by a twentieth."),
    _Own(RIGHT, "Be right in nine of ten answers that are judged."),
    _Own(CALIBRATION_ERROR, "Know how sure to be: a calibration error of .05 at most."),
)


def owners_goal(text: str, measured: Measured) -> NewGoal:
    """Read a goal as its owner puts it: `remember 500 notes`, `bits per byte below 1.8`."""
    for measure, pattern in _PATTERNS:
        found = pattern.search(text)
        value = measured.get(measure)
        if found is None or value is None:
            continue
        number = _number(found[1])
        if measure == RIGHT:
            return NewGoal(text, measure=measure, baseline=0.0, target=number / 100)
        if measure in LOWER_IS_BETTER:
            return NewGoal(text, measure=measure, baseline=value, target=number)
        start = value if _MORE.search(text) else 0.0
        return NewGoal(text, measure=measure, baseline=start, target=start + number)
    return NewGoal(text)


def own_goals(goals: tuple[GoalRecord, ...], measured: Measured) -> list[NewGoal]:
    """Return what selfd wants of itself and has not set yet, where a first measurement is there."""
    known = {goal.measure for goal in goals if goal.is_own}
    found = []
    for own in _OWN:
        value = measured.get(own.measure)
        if own.measure not in known and value is not None:
            target = own.target(value)
            found.append(NewGoal(own.text, True, own.measure, value, target))
    return found


def progress(goal: GoalRecord, value: float) -> float:
    """Return how far a measured goal is, from 0 where it began to 1 at its target."""
    if goal.baseline is None or goal.target is None:
        return goal.progress
    lower = goal.measure in LOWER_IS_BETTER
    if value <= goal.target if lower else value >= goal.target:
        return 1.0
    way = goal.target - goal.baseline
    gone = value - goal.baseline
    return max(0.0, min(1.0, gone / way)) if way else 0.0


def _number(text: str) -> float:
    """Read `1,000` as a thousand and `1.8` as it stands."""
    return float(text.replace(",", ""))
