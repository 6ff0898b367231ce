"""How many requests run at once: a few in all, and never more than two to the same host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class HostGate:
    """Slots per host and in all.

    A request waits for its host first and takes one of the common slots only then, so that a queue
    before one slow host does not keep others waiting.
    """

    def __init__(self, *, per_host: int, total: int) -> None:
        self._per_host = per_host
        self._total = asyncio.Semaphore(total)
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @contextlib.asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[None]:
        """Hold one slot of the host and one of all."""
        turns, waiting = self._hosts.get(host) or (asyncio.Semaphore(self._per_host), 0)
        self._hosts[host] = (turns, waiting + 1)
        try:
            async with turns, self._total:
                yield
        finally:
            turns, waiting = self._hosts[host]
            if waiting == 1:
                del self._hosts[host]
            else:
                self._hosts[host] = (turns, waiting - 1)
