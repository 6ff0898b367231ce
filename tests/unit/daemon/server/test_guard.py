"""The door: a table of who may come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send

from selfd_daemon.server.guard import SECURITY_HEADERS, Guard, OpenPaths
from selfd_daemon.server.token import bearer_of

TOKEN = "a-token-that-nobody-guesses"
BEARER = ("authorization", f"Bearer {TOKEN}")
HOST = ("host", "127.0.0.1:7353")
OPEN = OpenPaths(exact=frozenset({"/health"}), folders=("/static/",))


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


async def _ask(
    headers: Sequence[tuple[str, str]],
    *,
    path: str = "/graphql",
    method: str = "POST",
    query: bytes = b"",
    type: str = "http",
) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the guard reads no body")

    scope: dict[str, Any] = {
        "type": type,
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    guard = Guard(_inside, port=7353, authenticate=bearer_of(TOKEN), open_paths=OPEN)
    await guard(scope, receive, send)
    return sent


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([HOST, BEARER], 200),
        ([("host", "localhost:7353"), BEARER], 200),
        ([("host", "[::1]:7353"), BEARER], 200),
        ([("host", "LOCALHOST:7353"), BEARER], 200),
        ([HOST, BEARER, ("origin", "http://127.0.0.1:7353")], 200),
        ([HOST, BEARER, ("sec-fetch-site", "same-origin")], 200),
        ([BEARER], 421),
        ([("host", ""), BEARER], 421),
        ([HOST, HOST, BEARER], 421),
        ([("host", "127.0.0.1"), BEARER], 421),
        ([("host", "127.0.0.1:80"), BEARER], 421),
        ([("host", "evil.example:7353"), BEARER], 421),
        ([("host", "127.0.0.1:7353.evil.example"), BEARER], 421),
        ([("host", "localhost.:7353"), BEARER], 421),
        ([HOST, BEARER, ("origin", "null")], 403),
        ([HOST, BEARER, ("origin", "https://127.0.0.1:7353")], 403),
        ([HOST, BEARER, ("origin", "http://127.0.0.1:7354")], 403),
        ([HOST, BEARER, ("origin", "http://evil.example")], 403),
        ([HOST, BEARER, ("origin", "chrome-extension://abc")], 403),
        (
            [HOST, BEARER, ("origin", "http://localhost:7353"), ("origin", "http://evil.example")],
            403,
        ),
        ([HOST, BEARER, ("sec-fetch-site", "cross-site")], 403),
        ([HOST, BEARER, ("sec-fetch-site", "same-site")], 403),
        ([HOST], 401),
        ([HOST, ("authorization", "Bearer wrong")], 401),
        ([HOST, ("authorization", TOKEN)], 401),
        ([HOST, ("authorization", f"Basic {TOKEN}")], 401),
        ([HOST, BEARER, ("authorization", "Bearer wrong")], 401),
        ([HOST, ("authorization", "Bearer t\xf6ken")], 401),
    ],
)
async def test_who_may_come_in(headers: Sequence[tuple[str, str]], status: int) -> None:
    sent = await _ask(headers)
    assert sent[0]["status"] == status
    if status != 200:
        (error,) = orjson.loads(sent[1]["body"])["errors"]
        assert error["message"]
        assert error["extensions"]["code"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ({"path": "/health", "method": "GET"}, 200),
        ({"path": "/static/a.js", "method": "GET"}, 200),
        ({"path": "/health", "method": "GET", "query": b"query={status{version}}"}, 401),
        ({"path": "/health", "method": "POST"}, 401),
        ({"path": "/static/a.js", "method": "POST"}, 401),
        ({"path": "/healthy", "method": "GET"}, 401),
        ({"path": "/graphql", "method": "DELETE"}, 405),
        ({"path": "/graphql", "method": "TRACE"}, 405),
    ],
)
async def test_what_needs_no_token(request_line: Mapping[str, Any], status: int) -> None:
    sent = await _ask([HOST], **request_line)
    assert sent[0]["status"] == status


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers",
    [
        [("host", "evil.example:7353")],
        [HOST, ("origin", "http://evil.example")],
        [HOST, ("origin", "null")],
    ],
)
async def test_a_foreign_websocket_is_refused_before_it_opens(
    headers: Sequence[tuple[str, str]],
) -> None:
    (message,) = await _ask(headers, type="websocket", method="GET")
    assert message["type"] == "websocket.close"


@pytest.mark.anyio
@pytest.mark.parametrize("headers", [[HOST, BEARER], [HOST], [("host", "evil.example")]])
async def test_every_reply_carries_the_security_headers(
    headers: Sequence[tuple[str, str]],
) -> None:
    sent = await _ask(headers)
    assert set(SECURITY_HEADERS) <= set(sent[0]["headers"])
    names = [name for name, _ in sent[0]["headers"]]
    assert b"access-control-allow-origin" not in names
    assert len(names) == len(set(names))


@pytest.mark.anyio
async def test_a_known_token_that_is_not_for_this_path_is_refused() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the guard reads no body")

    guard = Guard(
        _inside,
        port=7353,
        authenticate=bearer_of(TOKEN),
        open_paths=OPEN,
        opens=lambda shown, path: path == "/graphql",
    )
    headers = [(name.encode(), value.encode()) for name, value in (HOST, BEARER)]
    for path in ("/graphql", "/session/code"):
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
        await guard({**scope, "headers": headers}, receive, send)
    assert [message["status"] for message in sent if "status" in message] == [200, 403]
    assert orjson.loads(sent[-1]["body"])["errors"][0]["extensions"]["code"] == "FORBIDDEN"
