"""A narrow token: its own documents are run, everything else is refused, on every way in."""

from __future__ import annotations

import pytest

from support.api import api, hear, say, subscribe
from support.services import FakeServices

pytestmark = pytest.mark.anyio

MINE = "{ status { version } }"
FORBIDDEN = [
    'mutation { forget(id: "memory:1") }',
    'mutation { backup(path: "/tmp/copy") { path } }',
    "{ memories { totalCount } }",
    "{ __schema { types { name } } }",
    MINE + " ",
    "{ no such thing",
]
FOLLOWING = "subscription { memoryChanged { id } }"


def mine_only(shown: str | None, document: str) -> bool:
    return document == MINE


async def test_a_document_of_its_own_is_run() -> None:
    async with api(permits=mine_only) as served:
        response = await served.post({"query": MINE})
    assert response.json() == {"data": {"status": {"version": "1.0"}}}


@pytest.mark.parametrize("document", FORBIDDEN)
async def test_any_other_document_is_refused_over_http(document: str) -> None:
    async with api(permits=mine_only) as served:
        response = await served.post({"query": document})
        asked = dict(served.services.memories.asked)
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert "was made for" in error["message"]
    assert not response.json().get("data")
    assert asked == {}


@pytest.mark.parametrize("document", [*FORBIDDEN, FOLLOWING])
async def test_any_other_document_is_refused_over_a_websocket(document: str) -> None:
    async with api(permits=mine_only) as served, served.socket() as socket:
        await subscribe(socket, "1", document)
        message = await hear(socket)
        await subscribe(socket, "2", MINE)
        answer = await hear(socket)
    assert message["type"] == "error"
    assert [error["extensions"]["code"] for error in message["payload"]] == ["FORBIDDEN"]
    assert answer["payload"]["data"] == {"status": {"version": "1.0"}}


async def test_any_other_document_is_refused_over_server_sent_events() -> None:
    async with api(permits=mine_only) as served:
        response = await served.post({"query": FOLLOWING}, accept="text/event-stream")
    assert "FORBIDDEN" in response.text


async def test_a_websocket_is_judged_by_the_token_that_it_showed_last() -> None:
    judged: list[str | None] = []

    def note(shown: str | None, document: str) -> bool:
        judged.append(shown)
        return True

    async with api(FakeServices(), permits=note) as served, served.socket(init=False) as socket:
        payload = {"authorization": "Bearer of good news"}
        await say(socket, type="connection_init", payload=payload)
        await hear(socket)
        await subscribe(socket, "1", MINE)
        await hear(socket)
    assert judged == ["Bearer of good news"]


async def test_a_request_without_a_document_is_no_matter_of_permission() -> None:
    async with api(permits=mine_only) as served:
        response = await served.post({"variables": {}})
    assert "FORBIDDEN" not in response.text
