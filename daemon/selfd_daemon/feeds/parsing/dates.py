"""The times that feeds write, as aware datetimes in UTC, or None where they mean nothing."""

from __future__ import annotations

import calendar
import re
import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # with year 1 the zeros that mean "unknown"
_AHEAD = timedelta(days=1)  # clocks and time zones go wrong; announcements of next year are no news
_UNITS = {
    "second": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_AGO = re.compile(r"(?:about\s+)?(\d{1,4}|an?)\s+([a-z]+?)s?\s+ago", re.IGNORECASE)
_WORDS = {"now": 0, "just now": 0, "today": 0, "yesterday": 1}


def from_struct(parsed: time.struct_time | None, now: datetime) -> datetime | None:
    """Read the UTC time that feedparser made of a date."""
    if parsed is None:
        return None
    try:
        return sensible(_EPOCH + timedelta(seconds=calendar.timegm(parsed)), now)
    except (ValueError, OverflowError, TypeError):
        return None


def from_relative(text: str, now: datetime) -> datetime | None:
    """Read "3 hours ago", "yesterday" and the like."""
    text = text.strip().lower()
    if text in _WORDS:
        return now - timedelta(days=_WORDS[text])
    match = _AGO.fullmatch(text)
    unit = _UNITS.get(match[2]) if match else None
    if match is None or unit is None:
        return None
    return now - unit * (int(match[1]) if match[1].isdigit() else 1)


def from_iso(text: str, now: datetime) -> datetime | None:
    """Read the RFC 3339 time of a JSON Feed; without a zone it counts as UTC."""
    try:
        parsed = datetime.fromisoformat(text.strip())
        zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return sensible(zoned.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None


def sensible(at: datetime, now: datetime) -> datetime | None:
    """Drop zeros, and bring what is ahead of the clock back to it."""
    if at == _EPOCH or at.year <= 1:
        return None
    return at if at <= now + _AHEAD else now
