"""The event bus: the durable log replayed, and then what happens, with nothing lost in between."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from selfd_storage import EventRecord, Store

RING = 1024
PAGE = 256
TURN = 32


class EventBus:
    """Recent events in a ring, and a wake-up for everybody who waits for the next one.

    A stream holds nothing but the number of the last event that it gave out. While that number is
    in the ring, events come from memory; a reader that fell further behind reads the log page by
    page. So a slow reader costs no memory and loses nothing that the log still has.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ring: deque[EventRecord] = deque(maxlen=RING)
        self._latest = 0
        self._before_ring = 0  # the ring holds every event after this number
        self._wake = asyncio.Event()
        self._closed = False

    async def start(self) -> None:
        """Hear of every commit from here on, and find out where the log ended before."""
        self._store.on_commit(self._publish)
        latest = await self._store.events.latest()
        if self._ring:  # something was committed meanwhile
            self._before_ring = self._ring[0].sequence - 1
        else:
            self._latest = self._before_ring = latest

    def close(self) -> None:
        """End every stream once it has given out what there is."""
        self._closed = True
        self._wake.set()

    @property
    def latest(self) -> int:
        """The number of the newest event."""
        return self._latest

    def stream(
        self, *, kinds: Sequence[str] | None = None, after: int | None = None
    ) -> AsyncGenerator[EventRecord, None]:
        """Give out events after a number (None: from now on), of some kinds or of all.

        The place is taken when this is called, not at the first `anext`. A number from the future,
        as a client has after an older backup was restored, counts as now.
        """
        start = self._latest if after is None else max(0, min(after, self._latest))
        return self._events(start, None if kinds is None else frozenset(kinds))

    async def _events(
        self, position: int, kinds: frozenset[str] | None
    ) -> AsyncGenerator[EventRecord, None]:
        while True:
            wake = self._wake
            if position < self._before_ring:
                announced = self._latest
                page = await self._store.events.page(
                    after=position, kinds=None if kinds is None else sorted(kinds), limit=PAGE
                )
                for event in page:
                    position = event.sequence
                    yield event
                if len(page) < PAGE:
                    position = max(position, announced)
            elif position < self._latest:
                recent = self._recent(position)
                for event in recent:
                    position = event.sequence
                    if kinds is None or event.kind in kinds:
                        yield event
                if len(recent) == TURN:
                    await asyncio.sleep(0)  # others must have their turn, too
            elif self._closed:
                return
            else:
                await wake.wait()

    def _recent(self, position: int) -> Sequence[EventRecord]:
        first = bisect_right(self._ring, position, key=_sequence)
        return [self._ring[index] for index in range(first, min(first + TURN, len(self._ring)))]

    def _publish(self, events: Sequence[EventRecord]) -> None:
        for event in events:
            if event.sequence <= self._latest:
                continue
            if len(self._ring) == RING:
                self._before_ring = self._ring[0].sequence
            self._ring.append(event)
            self._latest = event.sequence
        waiting, self._wake = self._wake, asyncio.Event()
        waiting.set()


def _sequence(event: EventRecord) -> int:
    return event.sequence
