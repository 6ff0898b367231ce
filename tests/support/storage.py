"""What storage tests share: a clock that moves when it is told to, and a disk with any room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

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


async def scrubbed(store: Store) -> None:
    """Wait until nothing lies in the write-ahead log any more."""
    log = store.database.path.with_name(f"{store.database.path.name}-wal")
    async with asyncio.timeout(20):
        while log.stat().st_size > 0:  # noqa: ASYNC110 - the file is all there is to look at
            await asyncio.sleep(0.01)


async def packed(store: Store) -> None:
    """Move every row to the cold tier, as a night does."""
    for table in store.tiers.tables():
        after: int | None = 0
        while after is not None:
            after = (await store.tiers.move(table, after)).last


async def purged(store: Store) -> None:
    """Have the words of what was forgotten leave the index now, not within seconds."""
    assert store._words is not None
    await store._words.catch_up()
    await store._words.purge()
