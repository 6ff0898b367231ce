"""Bounds on what comes in and on how long a reader may keep us waiting."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Send

from selfd_graphql.errors import BodyTooLargeError

MAX_DRAINED = 64 * 1024 * 1024  # of a body too large, read and dropped so that our answer is read


def limited(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that raises BodyTooLargeError past `limit` bytes."""
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise BodyTooLargeError(size + await _drain(receive, message), limit)
        return message

    return receiving


async def _drain(receive: Receive, message: Message) -> int:
    """Read the rest of a body and return its size: a client still sending hears no answer."""
    size = 0
    while size < MAX_DRAINED and message["type"] == "http.request" and message.get("more_body"):
        message = await receive()
        size += len(message.get("body", b""))
    return size


def impatient(send: Send, seconds: float) -> Send:
    """Return a `send` that raises TimeoutError when the reader has stopped reading."""

    async def sending(message: Message) -> None:
        async with asyncio.timeout(seconds):
            await send(message)

    return sending


class Stream(StreamingResponse):
    """A streamed response that closes its source however it ends."""

    body_iterator: Any  # an async generator of text

    async def stream_response(self, send: Send) -> None:
        """Send the stream; starlette leaves its source to the garbage collector."""
        async with aclosing(self.body_iterator):
            await super().stream_response(send)
