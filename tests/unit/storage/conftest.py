"""A store on a real file, and a clock that moves when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_storage import RoomLimits, Store

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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as opened:
        yield opened
