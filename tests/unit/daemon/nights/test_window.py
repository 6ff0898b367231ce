"""The hours of the night, over midnight and over a morning that was slept through."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from selfd_daemon.errors import SettingError
from selfd_daemon.nights.window import Window

ZONE = timezone(timedelta(hours=2))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "day", "start"),
    [
        (at(5, 0, 30), "2026-01-05", at(5, 1)),
        (at(5, 3), "2026-01-05", at(5, 1)),
        (at(5, 6), "2026-01-06", at(6, 1)),
        (at(5, 20), "2026-01-06", at(6, 1)),
    ],
)
def test_the_open_window_comes_first_then_the_next(
    now: datetime, day: str, start: datetime
) -> None:
    found = Window.parse("01:00-06:00").hours(now)
    assert (found.day, found.start) == (day, start)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = Window.parse("22:30-4:00")
    assert window.hours(at(6, 1)).day == "2026-01-05"
    assert window.hours(at(6, 1)).end == at(6, 4)
    assert window.hours(at(6, 5)).day == "2026-01-06"


def test_a_window_that_closed_today_can_be_made_up_for_until_the_evening() -> None:
    window = Window.parse("01:00-06:00")
    missed = window.missed(at(5, 12))
    assert missed is not None
    assert missed.day == "2026-01-05"
    assert window.missed(at(5, 23)) is None


@pytest.mark.parametrize("text", ["1-6", "25:00-06:00", "01:60-06:00", "always"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"nights\.window must be like 01:00-06:00"):
        Window.parse(text)
