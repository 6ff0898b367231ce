"""The API behind a real server on loopback, over fake services, and clients for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from selfd_graphql.app import graphql_app, graphql_routes
from support.services import FakeServices
from support.serving import served

TOKEN = "Bearer of good news"


@dataclass(frozen=True)
class Api:
    """A served API; the token is not sent where `authorization` says so."""

    port: int
    http: httpx2.AsyncClient
    services: FakeServices = field(default_factory=FakeServices)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def post(
        self, body: object, *, accept: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Send a JSON body, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json", "authorization": TOKEN, **(headers or {})}
        if accept is not None:
            sent["accept"] = accept
        return await self.http.post(self.url, content=content, headers=sent)

    @asynccontextmanager
    async def socket(self, *, init: bool = True) -> AsyncIterator[ClientConnection]:
        """Open a WebSocket, with its token shown unless `init` is off."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
            proxy=None,
            max_size=None,
        ) as socket:
            if init:
                await say(socket, type="connection_init", payload={"authorization": TOKEN})
                assert (await hear(socket))["type"] == "connection_ack"
            yield socket


async def say(socket: ClientConnection, **message: Any) -> None:
    """Send one message."""
    await socket.send(json.dumps(message))


async def subscribe(socket: ClientConnection, id: str, query: str, **variables: Any) -> None:
    """Start an operation."""
    await say(socket, id=id, type="subscribe", payload={"query": query, "variables": variables})


async def hear(socket: ClientConnection) -> dict[str, Any]:
    """Receive one message, which must come as text."""
    received = await socket.recv()
    assert isinstance(received, str)
    message: dict[str, Any] = json.loads(received)
    return message


@asynccontextmanager
async def api(services: FakeServices | None = None, **options: Any) -> AsyncIterator[Api]:
    """Serve an API."""
    services = services or FakeServices()
    app = graphql_app(services, authenticate=lambda shown: shown == TOKEN, **options)
    async with (
        served(Starlette(routes=graphql_routes(app))) as port,
        httpx2.AsyncClient(timeout=30, trust_env=False) as http,
    ):
        yield Api(port, http, services)
