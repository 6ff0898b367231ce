"""The arithmetic: intervals, trends, calibration, Brier scores, affect."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_daemon.self_model.assessment.examiner import area_under_curve
from selfd_daemon.self_model.measures.affect import Signals, appraise
from selfd_daemon.self_model.measures.intervals import trend, wilson
from selfd_daemon.self_model.measures.metacognition import (
    base_rate_brier,
    brier,
    calibration_curve,
    expected_calibration_error,
)
from selfd_storage import PredictionRecord

AT = datetime(2026, 1, 1, tzinfo=UTC)
CALM = Signals(
    rating=None,
    job_success=None,
    problems=0,
    events_per_minute=0.0,
    running_jobs=0,
    surprise=None,
    abstained=None,
    predicted=None,
    calibration_error=None,
    cpu_load=0.0,
    memory_in_use=0.5,
    battery_share=None,
    thermal_pressure="nominal",
)
FIGURES = ("valence", "arousal", "curiosity", "confidence", "fatigue")


def said(*pairs: tuple[float, float]) -> list[PredictionRecord]:
    return [PredictionRecord("answer:1", AT, predicted, outcome) for predicted, outcome in pairs]


@pytest.mark.parametrize(
    ("successes", "attempts", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval_is_that_of_the_tables(
    successes: int, attempts: int, low: float, high: float
) -> None:
    """The last two are from Newcombe (1998), table I, within its four digits."""
    assert wilson(successes, attempts) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_lies_within_bounds(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0.0 <= low <= pair[0] / pair[1] + 1e-12
    assert pair[0] / pair[1] - 1e-12 <= high <= 1.0


def test_a_trend_needs_five_attempts_on_either_side() -> None:
    assert trend((20, 15), (20, 5)) == pytest.approx(0.5)
    assert trend((20, 15), (4, 0)) is None


def test_calibration_is_measured_by_ranges_of_confidence() -> None:
    curve = calibration_curve(said((0.05, 0), (0.95, 1), (0.95, 0), (1.0, 1)))
    assert [(each.low, each.answers) for each in curve] == [(0.0, 1), (0.9, 3)]
    assert curve[1].right == pytest.approx(2 / 3)
    gaps = (1 * 0.05 + 3 * abs((0.95 + 0.95 + 1.0) / 3 - 2 / 3)) / 4
    assert expected_calibration_error(curve) == pytest.approx(gaps)
    assert expected_calibration_error(()) is None


def test_a_forecast_that_knows_beats_the_base_rate_and_one_that_errs_does_not() -> None:
    good, bad = said((0.9, 1), (0.1, 0), (0.8, 1)), said((0.1, 1), (0.9, 0), (0.2, 1))
    assert brier(good) < base_rate_brier(good)
    assert brier(bad) > base_rate_brier(bad)
    assert brier(good) == pytest.approx((0.01 + 0.01 + 0.04) / 3)


def test_the_area_under_the_curve_counts_pairs_and_halves_ties() -> None:
    assert area_under_curve([1.0, 2.0], [3.0, 4.0]) == 1.0
    assert area_under_curve([1.0, 3.0], [3.0]) == 0.75


@given(
    st.builds(
        Signals,
        rating=st.none() | st.floats(-1, 1),
        job_success=st.none() | st.floats(0, 1),
        problems=st.integers(0, 50),
        events_per_minute=st.floats(0, 1e5),
        running_jobs=st.integers(0, 100),
        surprise=st.none() | st.floats(0, 50),
        abstained=st.none() | st.floats(0, 1),
        predicted=st.none() | st.floats(0, 1),
        calibration_error=st.none() | st.floats(0, 1),
        cpu_load=st.floats(0, 1),
        memory_in_use=st.floats(0, 1),
        battery_share=st.none() | st.floats(0, 1),
        thermal_pressure=st.sampled_from([None, "nominal", "fair", "serious", "critical"]),
    )
)
def test_affect_is_a_function_of_its_signals_and_stays_within_its_ranges(signals: Signals) -> None:
    affect = appraise(signals)
    assert affect == appraise(replace(signals))
    assert -1.0 <= affect.valence <= 1.0
    for name in FIGURES[1:]:
        assert 0.0 <= getattr(affect, name) <= 1.0
    assert set(affect.inputs) == {each.name for each in fields(Signals)}


# What moves which figure: a signal, a value for it, and how the figure then stands to a calm one.
@pytest.mark.parametrize(
    ("signal", "value", "moved"),
    [
        ("rating", 1.0, {"valence": 0.5}),
        ("rating", -1.0, {"valence": -0.5}),
        ("job_success", 0.0, {"valence": -0.3}),
        ("problems", 3, {"valence": -0.2}),
        ("events_per_minute", 6.0, {"arousal": 1 - math.exp(-1)}),
        ("running_jobs", 2, {"arousal": 1 - math.exp(-1)}),
        ("surprise", 1.0, {"curiosity": 0.5}),
        ("surprise", 1.3, {"curiosity": 0.8}),
        ("abstained", 0.4, {"curiosity": 0.4}),
        ("predicted", 0.9, {"confidence": 0.9}),
        ("calibration_error", 0.5, {}),
        ("cpu_load", 1.0, {"fatigue": 0.5}),
        ("memory_in_use", 0.9, {"fatigue": 0.5}),
        ("battery_share", 0.0, {"fatigue": 0.5}),
        ("thermal_pressure", "serious", {"fatigue": 0.7}),
    ],
)
def test_each_signal_moves_its_figure_as_documented_and_no_other(
    signal: str, value: float | str, moved: dict[str, float]
) -> None:
    calm, found = appraise(CALM), appraise(replace(CALM, **{signal: value}))  # type: ignore[arg-type]  # the table above fits
    for name in FIGURES:
        expected = moved.get(name, getattr(calm, name))
        assert getattr(found, name) == pytest.approx(expected), name


def test_confidence_is_worth_less_the_less_it_was_true() -> None:
    found = appraise(replace(CALM, predicted=0.8, calibration_error=0.25))
    assert found.confidence == pytest.approx(0.6)
