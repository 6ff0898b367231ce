"""graphql-transport-ws: text frames, liveness, and an end for readers that stopped reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from json import JSONDecodeError

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
    """Text frames to and from one client, which has `patience` seconds to take each of ours."""

    patience = 10.0
    _stalled = False
    _reading: asyncio.Timeout | None = None

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield what the client says, until it leaves or no longer listens."""
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED and not self._stalled:
                async with asyncio.timeout(None) as self._reading:
                    text = await self.ws.receive_text()
                self._reading = None
                yield self.view.decode_json(text)
        except JSONDecodeError as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except (WebSocketDisconnect, TimeoutError):
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message, or give up a client that does not take it in time.

        The server's own pings notice such a client too, but do not free a send that waits for it.
        """
        if self._stalled:
            raise WebSocketDisconnected
        try:
            async with asyncio.timeout(self.patience):
                await self.ws.send_text(self._text(message))
        except TimeoutError as error:
            log.info("client stopped reading", seconds=self.patience)
            self._stalled = True
            if self._reading is not None:  # the handler then cancels the socket's operations
                self._reading.reschedule(0)
            raise WebSocketDisconnected from error
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise WebSocketDisconnected from error

    def _text(self, message: Mapping[str, object]) -> str:
        """Write a message; a binary frame, as bytes would make, is none that clients read."""
        written = self.view.encode_json(message)
        return written.decode() if isinstance(written, bytes) else written


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection and its operations."""

    async def handle(self) -> None:
        """Serve the connection until it ends, with a ping now and then."""
        pings = asyncio.create_task(self._keep_alive())
        try:
            await super().handle()
        finally:
            pings.cancel()
            await asyncio.gather(pings, return_exceptions=True)

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

    async def _keep_alive(self) -> None:
        with suppress(WebSocketDisconnected):
            while True:
                await asyncio.sleep(KEEP_ALIVE)
                if self.connection_acknowledged:
                    await self.send_message({"type": "ping"})


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
