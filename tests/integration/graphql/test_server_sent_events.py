"""The API as server-sent events, for clients without WebSockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from selfd_storage import EventRecord
from support.api import TOKEN, Api, api
from support.fakes.samples import NOON

pytestmark = pytest.mark.anyio

EVENTS = "subscription { events { sequence } }"


@asynccontextmanager
async def opened(served: Api, query: str) -> AsyncIterator[httpx2.Response]:
    """Open a stream."""
    headers = {"accept": "text/event-stream", "authorization": TOKEN}
    async with served.http.stream(
        "POST", served.url, json={"query": query}, headers=headers
    ) as response:
        yield response


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    """Yield the name and the data of each event."""
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field in ("data", "data:"):
            yield name, json.loads(value) if value.strip() else None


async def test_events_come_one_by_one_and_then_the_end() -> None:
    async with api() as served, opened(served, EVENTS) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        channel = served.services.events.channel
        channel.put(EventRecord(1, NOON, "a", None, {}), EventRecord(2, NOON, "a", None, {}), None)
        assert [event async for event in events(response)] == [
            ("next", {"data": {"events": {"sequence": 1}}}),
            ("next", {"data": {"events": {"sequence": 2}}}),
            ("complete", None),
        ]


async def test_a_query_is_one_event() -> None:
    async with api() as served, opened(served, "{ status { version } }") as response:
        assert [event async for event in events(response)] == [
            ("next", {"data": {"status": {"version": "1.0"}}}),
            ("complete", None),
        ]


async def test_an_invalid_query_is_told_in_the_stream() -> None:
    async with api() as served, opened(served, "{ nothing }") as response:
        (name, data), *_ = [event async for event in events(response)]
    assert name == "next"
    assert data["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


async def test_leaving_stops_the_source() -> None:
    async with api() as served:
        channel = served.services.events.channel
        async with opened(served, EVENTS):
            await channel.wait_for_readers(1)
        await asyncio.wait_for(channel.wait_for_readers(0), 20)


async def test_a_stream_needs_the_token() -> None:
    async with api() as served:
        headers = {"accept": "text/event-stream", "authorization": "Bearer wrong"}
        response = await served.http.post(served.url, json={"query": EVENTS}, headers=headers)
    assert response.status_code == 401
