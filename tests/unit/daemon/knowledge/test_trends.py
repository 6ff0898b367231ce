"""Terms burst against their own past, and forecasts beat the last window on what has a rhythm."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_daemon.knowledge.forecast import forecast
from selfd_daemon.knowledge.terms import MOST, trend_terms

WEEKS = 8
HOURS = WEEKS * 168


def rhythm() -> NDArray[np.float64]:
    """Articles per hour: busy by day, quiet by night and at the weekend."""
    hours = np.arange(HOURS)
    by_day = 30 + 25 * np.sin((hours % 24 - 8) / 24 * 2 * np.pi)
    return by_day * np.where(hours // 24 % 7 >= 5, 0.4, 1.0)


def test_a_term_with_its_usual_share_does_not_burst() -> None:
    volume = rhythm().round()
    found = forecast(np.stack([volume / 10]), volume, hours=24)
    assert found.count[0] / found.expected[0] == pytest.approx(1.0, abs=0.05)


def test_a_term_that_comes_up_ten_times_as_often_bursts() -> None:
    volume = rhythm().round()
    counts = np.stack([np.full(HOURS, 0.2)])
    counts[0, -24:] = 2.0
    found = forecast(counts, volume, hours=24)
    assert found.count[0] == pytest.approx(48)
    assert found.count[0] / found.expected[0] > 7
    assert found.following[0] > found.expected[0], "some of a burst lasts"


def test_more_articles_of_everything_are_no_burst() -> None:
    """As when the owner follows twice as many feeds."""
    volume = np.full(HOURS, 20.0)
    volume[-24:] = 60.0
    found = forecast(np.stack([volume / 10]), volume, hours=24)
    assert found.count[0] / found.expected[0] == pytest.approx(1.0, abs=0.05)


def test_the_hour_and_the_weekday_are_foreseen() -> None:
    volume = rhythm().round()
    found = forecast(np.stack([volume / 10]), volume, hours=12)
    assert found.windows > 40
    assert found.error[0] < 0.5 * found.naive_error[0]


def test_without_a_past_nothing_is_tested() -> None:
    volume = np.zeros(HOURS)
    volume[-5:] = 4.0
    found = forecast(np.stack([volume]), volume, hours=24)
    assert found.windows == 0
    assert np.isnan(found.error).all()
    assert np.isfinite(found.expected).all()
    assert (found.expected > 0).all()


def test_an_empty_store_has_an_empty_forecast() -> None:
    found = forecast(np.zeros((1, HOURS)), np.zeros(HOURS), hours=24)
    assert found.count[0] == 0
    assert np.isfinite(found.following).all()


@pytest.mark.parametrize(
    ("title", "text", "terms"),
    [
        (
            "Harbour bridge collapses",
            "On Monday the Harbour Bridge in Larvik fell, Ingrid Moe's office said.",
            ["Harbour Bridge", "Larvik", "Ingrid Moe", "collapses"],
        ),
        ("Rain again", "", ["rain"]),
        ("", "", []),
    ],
)
def test_an_article_is_about_its_names_and_the_words_of_its_title(
    title: str, text: str, terms: list[str]
) -> None:
    assert trend_terms(title, text) == terms


def test_an_article_is_about_so_many_things() -> None:
    assert len(trend_terms(" ".join(f"word{chr(97 + n)}" for n in range(26)), "")) == MOST
