"""Streams of ports as subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from selfd_graphql import Finished, Generation, TextPiece
from selfd_graphql.streams import MAX_WAITING, coalesced, mapped
from support.fakes.channel import Channel

pytestmark = pytest.mark.anyio

DONE = Finished(None, None, 1.0)


async def test_closing_a_mapped_stream_closes_its_source() -> None:
    channel: Channel[int] = Channel()
    stream = mapped(channel.stream(), str)
    channel.put(1)
    assert await anext(stream) == "1"
    await stream.aclose()
    assert channel.readers == 0


async def test_cancelling_a_mapped_stream_closes_its_source() -> None:
    channel: Channel[int] = Channel()
    stream = mapped(channel.stream(), str)
    waiting = asyncio.ensure_future(anext(stream))
    await channel.wait_for_readers(1)
    waiting.cancel()
    await channel.wait_for_readers(0)


async def test_pieces_that_wait_are_joined() -> None:
    channel: Channel[Generation] = Channel()
    stream = coalesced(channel.stream())
    channel.put(TextPiece("a"))
    assert await anext(stream) == TextPiece("a")
    channel.put(TextPiece("b"), TextPiece("c"), DONE, None)
    await channel.wait_for_readers(0)  # the source has gone on while nobody read
    assert await anext(stream) == TextPiece("bc")
    assert await anext(stream) == DONE
    assert [piece async for piece in stream] == []


async def test_a_source_waits_for_a_reader_that_is_far_behind() -> None:
    made = 0

    async def source() -> AsyncGenerator[Generation, None]:
        nonlocal made
        while True:
            made += 1
            yield TextPiece("x" * 1000)

    stream = coalesced(source())
    first = await anext(stream)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert isinstance(first, TextPiece)
    assert made * 1000 <= len(first.text) + MAX_WAITING + 2000
    await stream.aclose()


async def test_closing_a_joined_stream_cancels_its_source() -> None:
    channel: Channel[Generation] = Channel()
    stream = coalesced(channel.stream())
    channel.put(TextPiece("a"))
    await anext(stream)
    await stream.aclose()
    assert channel.readers == 0


async def test_an_error_comes_after_the_text_before_it() -> None:
    channel: Channel[Generation] = Channel()
    stream = coalesced(channel.stream())
    channel.put(TextPiece("a"), RuntimeError("the mind broke"))
    assert await anext(stream) == TextPiece("a")
    with pytest.raises(RuntimeError, match="the mind broke"):
        await anext(stream)


async def test_a_stream_with_nothing_in_it_ends() -> None:
    channel: Channel[Generation] = Channel()
    channel.put(None)
    assert [piece async for piece in coalesced(channel.stream())] == []
