"""The loop that polls feeds as they come due, and sleeps until the next one is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

import structlog

from selfd_daemon.clock import Now
from selfd_daemon.feeds.polling.rounds import Totals
from selfd_storage import FeedRecord, StorageError, Store

LONGEST_SLEEP = 60.0  # seconds; timers stop while a laptop sleeps, so the clock is looked at
LONGEST_WAIT = 3600.0
SHORTEST_WAIT = 1.0
WITHOUT_NETWORK = 300.0
FIRST_TROUBLE = 30.0
LONGEST_TROUBLE = 3600.0

log = structlog.get_logger(__name__)


class Schedule:
    """Polls what is due, again and again; `sleep` is a parameter so that tests can let time fly.

    While `is_metered` says so nothing is polled but what the owner asks for.
    """

    def __init__(
        self,
        store: Store,
        poll: Callable[[Sequence[FeedRecord]], Awaitable[Totals]],
        *,
        now: Now,
        sleep: Callable[[float], Awaitable[None]],
        is_metered: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._store = store
        self._poll = poll
        self._now = now
        self._sleep = sleep
        self._is_metered = is_metered
        self._is_quiet = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """End the present sleep: there may be something due that was not there before."""
        self._woken.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        trouble = FIRST_TROUBLE
        while True:
            self._woken.clear()
            try:
                await self._wait(await self.poll_due())
                trouble = FIRST_TROUBLE
            except StorageError as error:
                # What cannot be stored would be fetched again and again, so wait ever longer.
                log.warning("feeds are not polled", error=str(error), seconds=trouble)
                await self._wait(trouble)
                trouble = min(2 * trouble, LONGEST_TROUBLE)

    async def poll_due(self) -> float:
        """Poll what is due now; return after how many seconds to look again."""
        due = await self._store.feeds.due(self._now())
        if due and await self._must_be_quiet():
            return WITHOUT_NETWORK
        if due:
            totals = await self._poll(due)
            log.info("feeds polled", **asdict(totals))
            if totals.network_down:
                return WITHOUT_NETWORK
        following = await self._store.feeds.next_due()
        if following is None:
            return LONGEST_WAIT
        return min(max((following - self._now()).total_seconds(), SHORTEST_WAIT), LONGEST_WAIT)

    async def _must_be_quiet(self) -> bool:
        """Say whether the owner pays for what would be fetched."""
        was_quiet, self._is_quiet = self._is_quiet, bool(await asyncio.to_thread(self._is_metered))
        if self._is_quiet and not was_quiet:
            log.info("feeds wait", reason="the network is metered; feeds.on_metered polls anyway")
        return self._is_quiet

    async def _wait(self, seconds: float) -> None:
        """Wait until the clock has moved on, or until woken."""
        until = self._now() + timedelta(seconds=seconds)
        while not self._woken.is_set() and (left := (until - self._now()).total_seconds()) > 0:
            await self._pause(min(left, LONGEST_SLEEP))

    async def _pause(self, seconds: float) -> None:
        tasks = (
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._woken.wait()),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
