"""Stretches of time as people name them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from selfd_daemon.self_model.introspection.periods import named_period

HERE = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 4, 15, 30, tzinfo=HERE)  # a Wednesday


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=HERE)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("what did you do today?", at(4), at(5)),
        ("what did you do yesterday", at(3), at(4)),
        ("and yesterday morning?", at(3, 5), at(3, 12)),
        ("what happened last night", at(3, 20), at(4, 8)),
        ("this morning", at(4, 5), at(4, 12)),
        ("in the last 3 hours", at(4, 12, 30), NOW),
        ("over the past week", NOW - timedelta(days=7), NOW),
        ("on monday", at(2), at(3)),
        ("on wednesday", datetime(2026, 2, 25, tzinfo=HERE), datetime(2026, 2, 26, tzinfo=HERE)),
        ("on 2026-03-01", at(1), at(2)),
        ("on 2026-03-01 09:05", at(1, 9, 5), at(1, 9, 6)),
    ],
)
def test_a_named_period_has_its_bounds_by_the_clock_here(
    text: str, since: datetime, until: datetime
) -> None:
    found = named_period(text, NOW)
    assert found is not None
    assert (found.since, found.until) == (since, until)


@pytest.mark.parametrize("text", ["what is your name", "on 2026-13-45", "some day"])
def test_where_no_period_is_named_there_is_none(text: str) -> None:
    assert named_period(text, NOW) is None
