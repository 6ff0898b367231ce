"""What storage tests share: a clock that moves when it is told to, and a disk with any room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from selfd_storage import RoomLimits

ANY_ROOM = RoomLimits(floor=0, ballast=0)


class Clock:
    """A clock that stands still between `advance`s."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **step: float) -> datetime:
        """Move on by a timedelta and return the new moment."""
        self.moment += timedelta(**step)
        return self.moment
