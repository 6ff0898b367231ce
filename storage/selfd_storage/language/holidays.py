"""Feasts and seasons as people name them: days of a year, by the Western calendar of the north."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

Days = tuple[date, date]  # from the first until just before the second


def easter(year: int) -> date:
    """Return Easter Sunday of a year (Meeus 1991, chapter 8, Gregorian)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _fixed(month: int, day: int, count: int = 1) -> Callable[[int], Days]:
    return lambda year: _from(date(year, month, day), count)


def _season(month: int) -> Callable[[int], Days]:
    def days(year: int) -> Days:
        after = month + 3
        return date(year, month, 1), date(year + (after > 12), after - 12 * (after > 12), 1)

    return days


def _thanksgiving(year: int) -> Days:
    first = date(year, 11, 1)
    return _from(first + timedelta(days=(3 - first.weekday()) % 7 + 21), 4)


def _from(first: date, count: int) -> Days:
    return first, first + timedelta(days=count)


NAMED: dict[str, Callable[[int], Days]] = {
    "christmas eve": _fixed(12, 24),
    "christmas": _fixed(12, 24, 3),
    "xmas": _fixed(12, 24, 3),
    "new year's eve": _fixed(12, 31),
    "new year's day": _fixed(1, 1),
    "new year": _fixed(1, 1),
    "valentine's day": _fixed(2, 14),
    "halloween": _fixed(10, 31),
    "thanksgiving": _thanksgiving,
    "easter": lambda year: _from(easter(year) - timedelta(days=2), 4),
    "spring": _season(3),
    "summer": _season(6),
    "autumn": _season(9),
    "fall": _season(9),
    "winter": _season(12),
}
