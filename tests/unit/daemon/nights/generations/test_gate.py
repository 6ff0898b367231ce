"""The gate: surely better on new text, no worse on old, or the figures say why not."""

from __future__ import annotations

from typing import Any

import pytest

from selfd_daemon.nights.generations.gate import Limits, judge


def difference(before: float, after: float, spread: float = 0.005) -> dict[str, Any]:
    change = after - before
    return {"before": before, "after": after, "low": change - spread, "high": change + spread}


BETTER = difference(1.8, 1.7)
SAME = difference(1.6, 1.601)


def test_better_on_new_and_the_same_on_old_is_promoted() -> None:
    verdict = judge({"new": BETTER, "old": SAME})
    assert verdict.promoted
    assert "1.800 -> 1.700" in verdict.reason


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"new": difference(1.8, 1.799), "old": SAME}, "not surely better on new text"),
        ({"new": difference(1.8, 1.9), "old": SAME}, "not surely better on new text"),
        ({"new": BETTER, "old": difference(1.6, 1.62)}, "worse on old text than a margin of 0.01"),
        (
            {"new": BETTER, "old": SAME, "shipped": difference(1.58, 1.601)},
            "worse on old text than what ships",
        ),
        (
            {"new": BETTER, "old": SAME, "order": {"disorder": 0.3, "worth": 0.02, "pairs": 1.2}},
            "in no order: in 30% of its pieces (at most 25%), worth 0.020",
        ),
        (
            {"new": BETTER, "old": SAME, "preference": {"before": 0.7, "after": 0.6, "least": 0.7}},
            "preference fell from 0.700 to 0.600",
        ),
        (
            {"new": BETTER, "old": SAME, "states": difference(0.5, 0.448)},
            "states may be worse by more than 0.05: 0.500 -> 0.448 (95% -0.057 to -0.047)",
        ),
    ],
)
def test_anything_else_is_rejected_with_its_figures(figures: dict[str, Any], reason: str) -> None:
    verdict = judge(figures)
    assert not verdict.promoted
    assert reason in verdict.reason


def test_a_small_loss_on_old_text_passes_by_a_wider_margin() -> None:
    figures = {"new": BETTER, "old": difference(1.6, 1.62)}
    assert not judge(figures, Limits(old=0.01)).promoted
    assert judge(figures, Limits(old=0.05)).promoted


def test_a_loss_within_its_margin_passes_and_is_told() -> None:
    lost = difference(0.5, 0.49)
    verdict = judge({"new": BETTER, "old": SAME, "retrieval": lost})
    assert verdict.promoted
    assert "retrieval 0.500 -> 0.490" in verdict.reason


def test_all_that_has_a_limit_is_judged() -> None:
    assert {*Limits().judged} == {"order", "retrieval", "states", "own text", "changes"}
    assert Limits(disorder=1.0, lost={}).judged == []
