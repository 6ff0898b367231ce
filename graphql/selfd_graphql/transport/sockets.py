"""graphql-transport-ws: text frames, liveness, and an end for readers that stopped reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import suppress
from json import JSONDecodeError
from typing import cast

import structlog
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from selfd_graphql.context import Context

log = structlog.get_logger(__name__)

KEEP_ALIVE = 15.0  # seconds between pings of ours


class Frames(ASGIWebSocketAdapter):
    """Text frames to and from one client, which has `patience` seconds to take something."""

    patience = 10.0
    _waiting = 0
    _since = 0.0

    @property
    def stalled(self) -> bool:
        """Whether something waits to be sent and nothing was taken for too long.

        The server's own pings notice such a client too, but do not free a send that waits for it.
        """
        return self._waiting > 0 and _now() - self._since > self.patience

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield what the client says, until it leaves."""
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED:
                text = await self.ws.receive_text()
                yield self.view.decode_json(text)
        except JSONDecodeError as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message as text; a binary frame, as bytes would make, is none clients read."""
        written = self.view.encode_json(message)
        text = written.decode() if isinstance(written, bytes) else written
        await self._taken(self.ws.send_text(text))

    async def close(self, code: int, reason: str) -> None:
        """Say why, and hang up."""
        await self._taken(self.ws.close(code=code, reason=reason))

    async def _taken(self, sending: Awaitable[None]) -> None:
        """Wait until something is sent, and note since when. A timer for each is too slow."""
        if self._waiting == 0:
            self._since = _now()
        self._waiting += 1
        try:
            await sending
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise WebSocketDisconnected from error
        finally:
            self._waiting -= 1
            self._since = _now()


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection and its operations."""

    _given_up = False

    async def handle(self) -> None:
        """Serve the connection until it ends or no longer takes anything."""
        handler = asyncio.current_task()
        assert handler is not None
        helpers = [asyncio.create_task(self._watch(handler)), asyncio.create_task(self._ping())]
        try:
            await super().handle()  # when cancelled, it cancels the operations
        except asyncio.CancelledError:
            if not self._given_up:
                raise
            handler.uncancel()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def handle_message(self, message: Message) -> None:
        """Take one message; strawberry looks into it without checking its shape."""
        if _well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Failed to parse message")

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what ended an operation, unless its client has left."""
        if not isinstance(error, WebSocketDisconnected):
            log.error("operation failed", exc_info=error)

    async def _watch(self, handler: asyncio.Task[object]) -> None:
        frames = cast(Frames, self.websocket)
        while True:
            await asyncio.sleep(frames.patience / 4)
            if frames.stalled:
                log.info("client stopped reading", seconds=frames.patience)
                self._given_up = True
                handler.cancel()
                return

    async def _ping(self) -> None:
        with suppress(WebSocketDisconnected):
            while True:
                await asyncio.sleep(KEEP_ALIVE)
                if self.connection_acknowledged:
                    await self.send_message({"type": "ping"})


def _now() -> float:
    return asyncio.get_running_loop().time()


def _well_formed(message: object) -> bool:
    if not isinstance(message, dict):
        return False
    if message.get("type") not in ("subscribe", "complete"):
        return True
    payload = message.get("payload")
    return isinstance(message.get("id"), str) and (
        message["type"] == "complete"
        or (
            isinstance(payload, dict)
            and isinstance(payload.get("query"), str)
            and isinstance(payload.get("variables"), dict | None)
            and isinstance(payload.get("operationName"), str | None)
        )
    )
