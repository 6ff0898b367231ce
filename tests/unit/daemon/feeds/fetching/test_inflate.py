"""Decompression keeps its limit, and notices a stream that was cut short."""

from __future__ import annotations

import gzip
import zlib
from collections import deque

import pytest

from selfd_daemon.feeds.fetching.inflate import CutShortError, Inflater, TooMuchError

TEXT = b"<rss>" + b"one two three " * 500 + b"</rss>"


def inflate(data: bytes, *, limit: int = 1 << 20, step: int = 7, declared: bool = False) -> bytes:
    inflater = Inflater(limit, zlib_declared=declared)
    for start in range(0, len(data), step):
        for _ in inflater.feed(data[start : start + step]):
            pass
    return inflater.finish()


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize(
    "wire",
    [TEXT, gzip.compress(TEXT), gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])],
    ids=["plain", "packed", "in two members"],  # what is packed holds the time
)
def test_plain_packed_and_twice_packed_bodies_come_out_the_same(wire: bytes, step: int) -> None:
    assert inflate(wire, step=step) == TEXT


def test_zlib_is_unpacked_only_where_it_was_declared() -> None:
    packed = zlib.compress(TEXT)
    assert inflate(packed, declared=True) == TEXT
    assert inflate(packed) == packed


def test_padding_after_the_end_is_ignored() -> None:
    assert inflate(gzip.compress(TEXT) + b"\0" * 512) == TEXT


@pytest.mark.parametrize("data", [b"", b"x", b"\x1f"])
def test_a_body_too_short_to_tell_is_returned_as_it_is(data: bytes) -> None:
    assert inflate(data) == data


@pytest.mark.parametrize(
    "wire",
    [gzip.compress(TEXT)[:-40], gzip.compress(TEXT)[:30] + b"!" * 90],
    ids=["cut short", "damaged"],
)
def test_a_stream_that_is_cut_short_or_damaged_is_noticed(wire: bytes) -> None:
    with pytest.raises(CutShortError):
        inflate(wire)


def test_a_bomb_is_stopped_at_the_limit_and_not_after_it() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    inflater = Inflater(1 << 20)
    pauses: deque[None] = deque()
    with pytest.raises(TooMuchError):
        pauses.extend(inflater.feed(bomb))
    assert len(inflater.body) == (1 << 20) + 1
    assert len(pauses) == 4, "others get their turn every 256 KiB"
