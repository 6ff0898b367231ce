"""The API over WebSockets."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from selfd_graphql import TextPiece
from selfd_graphql.transport import sockets as sockets_module
from selfd_storage import EventRecord
from support.api import TOKEN, api, hear, say, subscribe
from support.fakes.samples import NOON
from support.services import FakeServices

pytestmark = pytest.mark.anyio

EVENTS = "subscription { events { sequence kind payload } }"
SECONDS = 20.0  # for anything to happen on a busy machine


def event(number: int, payload: str = "") -> EventRecord:
    """Return an event."""
    return EventRecord(number, NOON, "memory.added", None, {"text": payload})


async def closing_code(socket: ClientConnection) -> int | None:
    """Read until the server closes, and return its code."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def test_a_socket_answers_queries_and_mutations() -> None:
    async with api() as served, served.socket() as socket:
        await subscribe(socket, "1", "{ status { version } }")
        assert await hear(socket) == {
            "id": "1",
            "type": "next",
            "payload": {"data": {"status": {"version": "1.0"}}},
        }
        assert await hear(socket) == {"id": "1", "type": "complete"}


async def test_events_come_as_they_happen_and_end_with_the_source() -> None:
    async with api() as served, served.socket() as socket:
        await subscribe(socket, "1", EVENTS)
        served.services.events.channel.put(event(1), event(2), None)
        sequences = [(await hear(socket))["payload"]["data"]["events"]["sequence"] for _ in "12"]
        assert sequences == [1, 2]
        assert await hear(socket) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    "payload", [{}, {"authorization": "Bearer wrong"}, {"authorization": 5}, {"token": TOKEN}]
)
async def test_a_socket_without_the_token_is_closed(payload: dict[str, Any]) -> None:
    async with api() as served, served.socket(init=False) as socket:
        await say(socket, type="connection_init", payload=payload)
        assert await closing_code(socket) == 4403


async def test_a_socket_that_says_nothing_is_closed() -> None:
    async with api(init_timeout=0.05) as served, served.socket(init=False) as socket:
        assert await closing_code(socket) == 4408


async def test_nothing_is_answered_before_the_token() -> None:
    async with api() as served, served.socket(init=False) as socket:
        await subscribe(socket, "1", "{ status { version } }")
        assert await closing_code(socket) == 4401


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "5",
        "null",
        "{}",
        '{"type": "unheard of"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": [1]}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": {}}}',
        '{"type": "complete"}',
    ],
)
async def test_a_message_that_is_none_closes_the_socket(text: str) -> None:
    async with api() as served, served.socket() as socket:
        await socket.send(text)
        assert await closing_code(socket) == 4400


async def test_an_invalid_query_leaves_the_other_operations_alone() -> None:
    async with api() as served, served.socket() as socket:
        await subscribe(socket, "events", EVENTS)
        await subscribe(socket, "broken", "{ status {")
        message = await hear(socket)
        assert (message["id"], message["type"]) == ("broken", "error")
        assert message["payload"][0]["extensions"]["code"] == "INVALID_QUERY"
        served.services.events.channel.put(event(1))
        assert (await hear(socket))["id"] == "events"


async def test_completing_an_operation_stops_its_source() -> None:
    async with api() as served, served.socket() as socket:
        channel = served.services.events.channel
        await subscribe(socket, "1", EVENTS)
        await channel.wait_for_readers(1)
        await say(socket, type="complete", id="1")
        await asyncio.wait_for(channel.wait_for_readers(0), SECONDS)


async def test_completing_a_generation_stops_the_mind() -> None:
    query = 'subscription { generate(input: {question: "?"}) { ... on TextDelta { text } } }'
    async with api() as served, served.socket() as socket:
        channel = served.services.answering.channel
        await subscribe(socket, "1", query)
        channel.put(TextPiece("Three"))
        assert (await hear(socket))["payload"]["data"] == {"generate": {"text": "Three"}}
        await say(socket, type="complete", id="1")
        await asyncio.wait_for(channel.wait_for_readers(0), SECONDS)


async def test_a_client_that_vanishes_frees_every_source() -> None:
    async with api() as served:
        channel = served.services.events.channel
        async with served.socket() as socket:
            for number in range(5):
                await subscribe(socket, str(number), EVENTS)
            await channel.wait_for_readers(5)
            socket.transport.abort()
            await asyncio.wait_for(channel.wait_for_readers(0), SECONDS)


async def test_a_socket_carries_32_operations_and_no_more() -> None:
    async with api() as served, served.socket() as socket:
        for number in range(32):
            await subscribe(socket, str(number), EVENTS)
        await served.services.events.channel.wait_for_readers(32)
        await subscribe(socket, "one more", EVENTS)
        message = await hear(socket)
        assert (message["id"], message["type"]) == ("one more", "error")


async def test_loaders_of_one_operation_are_not_those_of_the_next() -> None:
    query = "{ articles(first: 1) { edges { node { feed { title } } } } }"
    async with api() as served, served.socket() as socket:
        for number in "12":
            await subscribe(socket, number, query)
            await hear(socket)
            await hear(socket)
        assert served.services.feeds.reads == [["feed:1"], ["feed:1"]]


async def test_a_ping_is_answered() -> None:
    async with api() as served, served.socket() as socket:
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}


async def test_an_idle_socket_is_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets_module, "KEEP_ALIVE", 0.02)
    async with api() as served, served.socket() as socket:
        assert await hear(socket) == {"type": "ping"}


async def test_a_socket_of_the_old_protocol_is_closed() -> None:
    from websockets.asyncio.client import connect
    from websockets.typing import Subprotocol

    async with (
        api() as served,
        connect(
            f"ws://127.0.0.1:{served.port}/graphql",
            subprotocols=[Subprotocol("graphql-ws")],
            proxy=None,
        ) as socket,
    ):
        assert await closing_code(socket) == 4406


class Endless:
    """An event port that has always more to say."""

    def __init__(self) -> None:
        self.open = 0
        self.ended = asyncio.Event()

    async def stream(self, *, kinds: Any, after: Any) -> Any:
        self.open += 1
        try:
            number = 0
            while True:
                number += 1
                yield event(number, "x" * 16_384)
                await asyncio.sleep(0)
        finally:
            self.open -= 1
            self.ended.set()


def frame(**message: Any) -> bytes:
    """Return a text frame as a client sends it, masked with zeros."""
    text = json.dumps(message).encode()
    assert 125 < len(text) < 65_536 or len(text) <= 125
    size = bytes([0x80 | len(text)]) if len(text) <= 125 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + text


async def test_a_reader_that_stops_reading_a_socket_frees_its_stream() -> None:
    services = FakeServices()
    endless = Endless()
    services.events = endless  # type: ignore[assignment]  # only `stream` is asked for
    async with api(services, send_timeout=0.3) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        key = base64.b64encode(os.urandom(16)).decode()
        handshake = (
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )
        writer.write(handshake.encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(type="connection_init", payload={"authorization": TOKEN}))
        writer.write(frame(type="subscribe", id="1", payload={"query": EVENTS}))
        # Nothing is read from here on; the kernel's and the server's buffers fill up.
        await asyncio.wait_for(endless.ended.wait(), SECONDS)
        assert endless.open == 0
        writer.close()


async def test_a_reader_that_stops_reading_server_sent_events_frees_its_stream() -> None:
    services = FakeServices()
    endless = Endless()
    services.events = endless  # type: ignore[assignment]  # only `stream` is asked for
    async with api(services, send_timeout=0.3) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        body = json.dumps({"query": EVENTS})
        request = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
            f"Authorization: {TOKEN}\r\nAccept: text/event-stream\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        writer.write(request.encode())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait_for(endless.ended.wait(), SECONDS)
        assert endless.open == 0
        writer.close()
