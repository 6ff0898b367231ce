"""What the fakes of streams and lists share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Generic, TypeVar

from selfd_storage import InvalidInputError, Page

T = TypeVar("T")


def page_of(items: Sequence[T], first: int, after: str | None) -> Page[T]:
    """Return a page with places in the list as cursors."""
    if after is not None and not after.isdigit():
        raise InvalidInputError(f"{after!r} is no cursor of this list")
    start = 0 if after is None else int(after)
    end = min(start + first, len(items))
    cursors = [str(place) for place in range(start + 1, end + 1)]
    return Page(items[start:end], cursors, end < len(items), start > 0, len(items))


class Channel(Generic[T]):
    """A stream that a test feeds; it knows how many read it and what they asked for."""

    def __init__(self) -> None:
        self.readers = 0
        self.asked: list[Any] = []
        self.changed = asyncio.Event()
        self._queue: asyncio.Queue[T | Exception | None] = asyncio.Queue()

    def put(self, *items: T | Exception | None) -> None:
        """Feed items; None ends the stream and an exception breaks it."""
        for item in items:
            self._queue.put_nowait(item)

    async def stream(self, asked: Any = None) -> AsyncGenerator[T, None]:
        """Yield what is fed."""
        self.asked.append(asked)
        self._count(1)
        try:
            while (item := await self._queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self._count(-1)

    async def wait_for_readers(self, count: int) -> None:
        """Wait until so many read."""
        while self.readers != count:
            self.changed.clear()
            await self.changed.wait()

    def _count(self, step: int) -> None:
        self.readers += step
        self.changed.set()
