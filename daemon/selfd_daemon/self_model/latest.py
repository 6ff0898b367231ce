"""A value that is followed: each follower gets the newest one, never a backlog."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Hands each new value to whoever follows; a slow follower skips to the newest one."""

    def __init__(self) -> None:
        self._value: Value | None = None
        self._number = 0
        self._wake = asyncio.Event()
        self._closed = False
        self.followers = 0

    def put(self, value: Value) -> None:
        """Tell followers."""
        self._value = value
        self._number += 1
        self._rouse()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._rouse()

    async def follow(self) -> AsyncGenerator[Value, None]:
        """Give out the value that there is, and then each new one."""
        seen = 0
        self.followers += 1
        try:
            while not self._closed:
                if seen != self._number and self._value is not None:
                    seen = self._number
                    yield self._value
                else:
                    await self._wake.wait()
        finally:
            self.followers -= 1

    def _rouse(self) -> None:
        waiting, self._wake = self._wake, asyncio.Event()
        waiting.set()
