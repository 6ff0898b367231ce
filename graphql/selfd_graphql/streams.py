"""Port streams as subscriptions: closed with the subscription, joined when the reader is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeVar

from selfd_graphql.ports import Finished, Generation, TextPiece

Record = TypeVar("Record")
Result = TypeVar("Result")

MAX_WAITING = 65_536  # characters that wait for a slow reader before the mind has to


async def mapped(
    source: AsyncIterator[Record], convert: Callable[[Record], Result]
) -> AsyncGenerator[Result, None]:
    """Yield each record translated; closing this closes the source."""
    try:
        async for record in source:
            yield convert(record)
    finally:
        await _close(source)


async def coalesced(source: AsyncIterator[Generation]) -> AsyncGenerator[Generation, None]:
    """Yield what a mind makes, joining the pieces that gather while the reader is busy.

    Closing this cancels the source at once, wherever it is.
    """
    waiting = _Waiting()
    pump = asyncio.create_task(_pump(source, waiting))
    try:
        while (piece := await waiting.take()) is not None:
            yield piece
        await pump  # raises what the source raised
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _pump(source: AsyncIterator[Generation], waiting: _Waiting) -> None:
    try:
        async for piece in source:
            await waiting.put(piece)
    finally:
        waiting.end()
        await _close(source)


async def _close(source: AsyncIterator[object]) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()


class _Waiting:
    """Text that waits for its reader, and the end of the generation behind it."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._size = 0
        self._finished: Finished | None = None
        self._ended = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, piece: Generation) -> None:
        """Add a piece; wait while too much lies here."""
        if isinstance(piece, Finished):
            self._finished = piece
        else:
            self._text.append(piece.text)
            self._size += len(piece.text)
        self._something.set()
        if self._size > MAX_WAITING:
            self._room.clear()
        await self._room.wait()

    def end(self) -> None:
        """Say that nothing more will come."""
        self._ended = True
        self._something.set()

    async def take(self) -> Generation | None:
        """Wait for something and take all of its text; None at the end."""
        while not (self._text or self._finished or self._ended):
            self._something.clear()
            await self._something.wait()
        if self._text:
            text = "".join(self._text)
            self._text.clear()
            self._size = 0
            self._room.set()
            return TextPiece(text)
        finished, self._finished = self._finished, None
        return finished
