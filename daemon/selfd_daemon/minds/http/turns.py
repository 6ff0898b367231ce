"""Whose turn it is at a server: so many at once, the most urgent first, and fair among clients.

What waits here is not yet in the server's own queue, where nobody can be put before it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from selfd_daemon.minds.door import Priority
from selfd_daemon.minds.errors import MindBusyError
from selfd_daemon.minds.line import MOST_OPEN

_Waiting = tuple[int, int, int, "asyncio.Future[None]"]


class Turns:
    """Hands out turns; a client's second request waits behind the first ones of all others."""

    def __init__(self, name: str, *, at_once: int, most_open: int = MOST_OPEN) -> None:
        self._name = name
        self._free = at_once
        self._most_open = most_open
        self._open = 0
        self._of_client: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._waiting: list[_Waiting] = []

    @asynccontextmanager
    async def turn(
        self, priority: Priority = Priority.PERSON, client: str = ""
    ) -> AsyncIterator[None]:
        """Wait for a turn and have it; without a client it has a share of its own.

        Raises:
            MindBusyError: too many wait already.
        """
        if self._open >= self._most_open:
            raise MindBusyError(
                f"{self._open} requests are open at {self._name}, which is all it is given: "
                "try again when some have ended",
                open=self._open,
            )
        number = next(self._numbers)
        client = client or f"request {number}"
        self._open += 1
        self._of_client[client] += 1
        try:
            await self._wait(priority, self._of_client[client], number)
            try:
                yield
            finally:
                self._hand_on()
        finally:
            self._open -= 1
            self._of_client[client] -= 1
            self._of_client += Counter()  # forget those who have none

    async def _wait(self, priority: Priority, place: int, number: int) -> None:
        if self._free:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, place, number, mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # its turn came as it was left
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        while self._waiting:
            *_, following = heapq.heappop(self._waiting)
            if not following.done():
                following.set_result(None)
                return
        self._free += 1
