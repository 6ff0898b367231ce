"""The rule that chooses the threshold of answers, on outcomes made for the purpose."""

import numpy as np
import pytest

from bench.threshold import abstained, choose
from selfd_daemon.answering.calibration.measuring import Case, Outcome


def test_the_threshold_lies_where_answerable_questions_part_from_the_others() -> None:
    dialogue = [*_asked(0.5, 0.9, answerable=True), *_asked(0.1, 0.4, answerable=False)]
    threshold, spread = choose([dialogue, dialogue])
    assert threshold == pytest.approx(0.45, abs=0.02)
    assert spread < 0.02


def test_the_threshold_follows_the_confidences_when_all_of_them_rise() -> None:
    low = [*_asked(0.3, 0.5, answerable=True), *_asked(0.1, 0.2, answerable=False)]
    high = [*_asked(0.8, 0.95, answerable=True), *_asked(0.5, 0.7, answerable=False)]
    assert choose([high])[0] > choose([low])[0] + 0.4


def test_abstentions_are_counted_for_each_kind_of_question() -> None:
    dialogue = [*_asked(0.0, 0.9, answerable=True), *_asked(0.0, 0.9, answerable=False)[:20]]
    assert abstained(dialogue, 0.45, answerable=True) == 0.5
    assert abstained(dialogue, 0.45, answerable=False) == 1.0


def _asked(low: float, high: float, *, answerable: bool) -> list[Outcome]:
    """Forty questions whose confidences are spread evenly."""
    case = Case("Where?", frozenset({"memory:1"} if answerable else ()))
    return [
        Outcome(case, False, float(sure), answerable, 1, 1, None, None)
        for sure in np.linspace(low, high, 40)
    ]
