"""An ASGI layer that counts requests, their time, and open sockets."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfd_daemon.clock import Monotonic
from selfd_daemon.metrics import Metrics

KNOWN_PATHS = frozenset({"/", "/graphql", "/health", "/metrics"})


class Counting:
    """Count what passes; unknown paths share one label, so that nobody can make up new ones."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, monotonic: Monotonic) -> None:
        self._app = app
        self._metrics = metrics
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it when it is done."""
        if scope["type"] == "websocket":
            with self._metrics.sockets.track_inprogress():
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # what the server answers when the app fails before its first byte

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"] if scope["path"] in KNOWN_PATHS else "other"
        begun = self._monotonic()
        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(self._monotonic() - begun)
