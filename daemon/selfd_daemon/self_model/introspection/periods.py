"""Stretches of time as people name them: yesterday, this morning, on 2026-11-20, 3 hours ago."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_SPAN = re.compile(
    r"\b(?:last|past|previous)\s+(?:(\d+)\s+)?(minute|hour|day|week)s?\b", re.IGNORECASE
)
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# From and to, in hours after the midnight of so many days ago.
_NAMED: tuple[tuple[re.Pattern[str], int, int, int], ...] = tuple(
    (re.compile(rf"\b{name}\b", re.IGNORECASE), days, since, until)
    for name, days, since, until in (
        ("yesterday morning", 1, 5, 12),
        ("yesterday afternoon", 1, 12, 18),
        ("yesterday evening", 1, 18, 24),
        ("last night", 1, 20, 32),
        ("this morning", 0, 5, 12),
        ("this afternoon", 0, 12, 18),
        ("(?:this evening|tonight)", 0, 18, 24),
        ("yesterday", 1, 0, 24),
        ("today", 0, 0, 24),
    )
)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until just before `until`, and how it was named."""

    since: datetime
    until: datetime
    name: str


def named_period(text: str, now: datetime) -> Period | None:
    """Return the first stretch of time that a text names, by the clock of `now`'s zone."""
    if found := _DATE.search(text):
        return _dated(found, now)
    for pattern, days, since, until in _NAMED:
        if found := pattern.search(text):
            midnight = _midnight(now.date() - timedelta(days=days), now)
            start, end = midnight + timedelta(hours=since), midnight + timedelta(hours=until)
            return Period(start, end, found[0].lower())
    if found := _SPAN.search(text):
        seconds = int(found[1] or 1) * _SECONDS[found[2].lower()]
        return Period(now - timedelta(seconds=seconds), now, f"the {found[0].lower()}")
    return _weekday(text, now)


def _dated(found: re.Match[str], now: datetime) -> Period | None:
    year, month, day, hour, minute = found.groups()
    try:
        midnight = _midnight(date(int(year), int(month), int(day)), now)
    except ValueError:
        return None
    if hour is None:
        return Period(midnight, midnight + timedelta(days=1), found[0])
    start = midnight + timedelta(hours=int(hour), minutes=int(minute))
    return Period(start, start + timedelta(minutes=1), found[0])


def _weekday(text: str, now: datetime) -> Period | None:
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\bon {name}\b", text, re.IGNORECASE):
            days = (now.weekday() - number - 1) % 7 + 1
            midnight = _midnight(now.date() - timedelta(days=days), now)
            return Period(midnight, midnight + timedelta(days=1), f"on {name.title()}")
    return None


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)
