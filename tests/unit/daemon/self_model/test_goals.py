"""Goals in the owner's words, goals of its own, and how far each is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from selfd_daemon.self_model.goals import (
    BITS_PER_BYTE,
    CALIBRATION_ERROR,
    RIGHT,
    own_goals,
    owners_goal,
    progress,
)
from selfd_storage import GoalRecord

MEASURED = {
    "memories": 40.0,
    "articles": 7.0,
    "documents": 1.0,
    "feeds": 3.0,
    BITS_PER_BYTE: 2.0,
    RIGHT: 0.6,
    CALIBRATION_ERROR: 0.2,
}
GOAL = GoalRecord(
    "goal:1", "", False, "memories", 0.0, 100.0, None, 0.0, datetime(2026, 1, 1, tzinfo=UTC), None
)


@pytest.mark.parametrize(
    ("text", "measure", "baseline", "target"),
    [
        ("remember 1,000 notes", "memories", 0.0, 1000.0),
        ("Remember 10 more notes about the garden", "memories", 40.0, 50.0),
        ("read 50 articles", "articles", 0.0, 50.0),
        ("Read 5 long books", "documents", 0.0, 5.0),
        ("follow 20 feeds", "feeds", 0.0, 20.0),
        ("get bits per byte below 1.8", BITS_PER_BYTE, 2.0, 1.8),
        ("calibration error at most .05", CALIBRATION_ERROR, 0.2, 0.05),
        ("be right 90 % of the time", RIGHT, 0.0, 0.9),
        ("80% of answers right", RIGHT, 0.0, 0.8),
        ("be kind", None, None, None),
        ("call 3 friends", None, None, None),
    ],
)
def test_a_goal_is_measured_where_it_says_by_what(
    text: str, measure: str | None, baseline: float | None, target: float | None
) -> None:
    goal = owners_goal(text, MEASURED)
    assert (goal.text, goal.measure, goal.is_own) == (text, measure, False)
    assert (goal.baseline, goal.target) == (baseline, target)


def test_what_was_never_measured_cannot_be_a_measure() -> None:
    assert owners_goal("bits per byte below 1.8", {BITS_PER_BYTE: None}).measure is None


@pytest.mark.parametrize(
    ("measure", "baseline", "target", "value", "expected"),
    [
        ("memories", 0.0, 100.0, 25.0, 0.25),
        ("memories", 40.0, 50.0, 45.0, 0.5),
        ("memories", 0.0, 100.0, 250.0, 1.0),
        (BITS_PER_BYTE, 2.0, 1.8, 1.9, 0.5),
        (BITS_PER_BYTE, 2.0, 1.8, 2.2, 0.0),
        (BITS_PER_BYTE, 2.0, 1.8, 1.7, 1.0),
        (RIGHT, 0.95, 0.9, 0.95, 1.0),
    ],
)
def test_progress_runs_from_where_it_began_to_the_target(
    measure: str, baseline: float, target: float, value: float, expected: float
) -> None:
    goal = replace(GOAL, measure=measure, baseline=baseline, target=target)
    assert progress(goal, value) == pytest.approx(expected)


def test_goals_of_its_own_are_set_once_their_first_measurement_is_there() -> None:
    assert own_goals((), {BITS_PER_BYTE: None, RIGHT: None, CALIBRATION_ERROR: None}) == []
    found = {goal.measure: goal for goal in own_goals((), MEASURED)}
    assert (found[BITS_PER_BYTE].baseline, found[BITS_PER_BYTE].target) == (2.0, 1.9)
    assert all(goal.is_own for goal in found.values())
    known = replace(GOAL, is_own=True, measure=RIGHT)
    assert RIGHT not in {goal.measure for goal in own_goals((known,), MEASURED)}
