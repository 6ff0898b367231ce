"""The clocks that are handed down at the wiring point; nothing below reads one on its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Now: TypeAlias = Callable[[], datetime]
Monotonic: TypeAlias = Callable[[], float]


def utc_now() -> datetime:
    """Return the present as an aware datetime in UTC."""
    return datetime.now(UTC)


def next_night(last: datetime, hour: int) -> datetime:
    """Return the first moment after `last` at which a clock on the wall here shows the hour."""
    here = last.astimezone()
    night = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if night <= here:
        night += timedelta(days=1)
    return night.replace(tzinfo=None).astimezone()
