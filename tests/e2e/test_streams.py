"""What a real WebSocket client sees: pushes, replay, jobs, answers as they are made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from support.daemon import (
    RunningDaemon,
    data_of,
    eventually,
    messages,
    running_daemon,
    send_subscribe,
)

pytestmark = pytest.mark.anyio

EVENTS = """
subscription ($kinds: [String!], $after: Int) {
  events(kinds: $kinds, after: $after) { sequence kind subject payload }
}
"""
GENERATE = """
subscription ($q: String!) {
  generate(input: {question: $q}) {
    __typename
    ... on TextDelta { text }
    ... on GenerationDone {
      answer { text abstained citations { quote item { ... on Memory { id } } } }
    }
  }
}
"""


async def _take(stream: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        return [await anext(stream) for _ in range(count)]


async def _remember(daemon: RunningDaemon, text: str) -> str:
    return await asyncio.to_thread(daemon.remember, text)


async def _subscribed(daemon: RunningDaemon, count: int) -> None:
    """Wait until the daemon holds this many sockets: their subscriptions follow the handshake."""
    await eventually(lambda: daemon.metric("selfd_websockets") == count)


async def test_a_memory_is_pushed_as_it_comes_changes_and_goes(daemon: RunningDaemon) -> None:
    document = "subscription { memoryChanged { kind id memory { text tags } } }"
    async with daemon.socket() as socket:
        await send_subscribe(socket, "1", document)
        await send_subscribe(socket, "2", "{ status { ready } }")
        stream = messages(socket)
        while (await anext(stream))["type"] != "complete":
            pass
        id = await _remember(daemon, "the ferry leaves at nine")
        update = 'mutation ($i: ID!) { updateMemory(id: $i, tags: ["ferry"]) { id } }'
        await asyncio.to_thread(daemon.query, update, i=id)
        await asyncio.to_thread(daemon.query, "mutation ($i: ID!) { forget(id: $i) }", i=id)
        changes = [data_of(message)["memoryChanged"] for message in await _take(stream, 3)]
    text = "the ferry leaves at nine"
    assert changes == [
        {"kind": "ADDED", "id": id, "memory": {"text": text, "tags": []}},
        {"kind": "UPDATED", "id": id, "memory": {"text": text, "tags": ["ferry"]}},
        {"kind": "FORGOTTEN", "id": id, "memory": None},
    ]


async def test_a_client_that_was_away_gets_what_it_missed(daemon: RunningDaemon) -> None:
    kinds = ["memory.added"]
    async with aclosing(daemon.subscribe(EVENTS, kinds=kinds, after=0)) as stream:
        first = await _remember(daemon, "before the break")
        seen = await anext(stream)
        while seen["events"]["subject"] != first:
            seen = await anext(stream)
    missed = [await _remember(daemon, f"during the break {number}") for number in range(5)]
    after = seen["events"]["sequence"]
    async with aclosing(daemon.subscribe(EVENTS, kinds=kinds, after=after)) as stream:
        replayed = [event["events"]["subject"] for event in await _take(stream, 5)]
        assert replayed == missed
        live = await _remember(daemon, "after the break")
        assert (await _take(stream, 1))[0]["events"]["subject"] == live


async def test_the_log_goes_on_over_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_daemon(folder) as daemon:
        await _remember(daemon, "in the first life")
        await asyncio.to_thread(daemon.stop)
    with running_daemon(folder) as daemon:
        lived = ["daemon.started", "memory.added", "daemon.stopping"]
        async with aclosing(daemon.subscribe(EVENTS, kinds=lived, after=0)) as stream:
            kinds = [event["events"]["kind"] for event in await _take(stream, 4)]
    assert kinds == ["daemon.started", "memory.added", "daemon.stopping", "daemon.started"]


async def test_a_job_is_followed_to_its_end(daemon: RunningDaemon) -> None:
    start = "mutation { startJob(kind: BACKUP) { id state } }"
    id = (await asyncio.to_thread(daemon.query, start))["startJob"]["id"]
    follow = "subscription ($i: ID!) { jobProgress(id: $i) { state progress metrics error } }"
    async with asyncio.timeout(30):
        seen = [data["jobProgress"] async for data in daemon.subscribe(follow, i=id)]
    assert seen[-1]["state"] == "SUCCEEDED"
    assert seen[-1]["error"] is None
    assert Path(seen[-1]["metrics"]["path"]).parent == daemon.folder / "backups"
    assert Path(seen[-1]["metrics"]["path"]).stat().st_size == seen[-1]["metrics"]["bytes"]


async def test_an_answer_comes_in_pieces_and_quotes_what_was_remembered(
    daemon: RunningDaemon,
) -> None:
    id = await _remember(daemon, "The wifi password of the cabin is blue-otter-42.")
    async with asyncio.timeout(30):
        question = "What is the wifi password of the cabin?"
        seen = [data["generate"] async for data in daemon.subscribe(GENERATE, q=question)]
    *pieces, done = seen
    assert {piece["__typename"] for piece in pieces} == {"TextDelta"}
    assert done["__typename"] == "GenerationDone"
    assert "".join(piece["text"] for piece in pieces) == done["answer"]["text"]
    assert done["answer"]["abstained"] is False
    assert done["answer"]["citations"][0]["item"] == {"id": id}
    assert (
        done["answer"]["citations"][0]["quote"]
        in "The wifi password of the cabin is blue-otter-42."
    )


async def test_ending_a_generation_stops_its_work(daemon: RunningDaemon) -> None:
    """The daemon counts the generations that are alive; an ended one is closed, not run out."""
    for number in range(40):
        await _remember(daemon, f"The cabin key number {number} hangs behind door {number}.")
    async with daemon.socket() as socket:
        for number in range(20):
            await send_subscribe(socket, str(number), GENERATE, q="Where does the cabin key hang?")
            await socket.send(json.dumps({"id": str(number), "type": "complete"}))
        await eventually(lambda: daemon.metric("selfd_generations") == 0)
        await send_subscribe(socket, "last", "{ status { ready } }")
        async for message in messages(socket):
            if message["id"] == "last" and message["type"] == "complete":
                break
    assert await asyncio.to_thread(daemon.metric, "selfd_generations") == 0


async def test_a_dropped_connection_frees_its_streams(daemon: RunningDaemon) -> None:
    async with daemon.socket() as socket:
        for number in range(5):
            await send_subscribe(socket, str(number), EVENTS)
        await _subscribed(daemon, 1)
        socket.transport.abort()
    await _subscribed(daemon, 0)


async def test_a_wrong_token_in_connection_init_closes_the_socket(daemon: RunningDaemon) -> None:
    stranger = replace(daemon, token="guess")
    with pytest.raises(ConnectionClosed, match="4403"):
        async with stranger.socket():
            pass


async def test_a_stop_tells_sockets_to_come_back_later(tmp_path: Path) -> None:
    """Not that their subscriptions are complete: a client would not ask again after that."""
    with running_daemon(tmp_path / "data") as daemon:
        stream = daemon.subscribe(EVENTS, kinds=["daemon.started"], after=0)
        await _take(stream, 1)
        stopping = asyncio.create_task(asyncio.to_thread(daemon.stop))
        with pytest.raises(ConnectionClosed, match="1012"):
            await _take(stream, 1)
        assert await stopping == 0
