"""The clocks that are handed down at the wiring point; nothing below reads one on its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Now: TypeAlias = Callable[[], datetime]
Monotonic: TypeAlias = Callable[[], float]


def utc_now() -> datetime:
    """Return the present as an aware datetime in UTC."""
    return datetime.now(UTC)
