"""Packed text comes back to the byte, and damaged text does not come back at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage.codecs import CODECS, LZ4, MAX_SIZE, RAW, decode, encode


@given(st.binary(max_size=4096))
def test_any_bytes_come_back_as_they_were(raw: bytes) -> None:
    stored = encode(raw)
    assert decode(stored.codec, stored.size, stored.data) == raw


@given(st.text(min_size=1, max_size=300), st.integers(2, 50))
def test_repetitive_text_comes_back_and_never_grows(text: str, times: int) -> None:
    raw = (text * times).encode("utf-8")
    stored = encode(raw)
    assert len(stored.data) <= len(raw)
    assert decode(stored.codec, stored.size, stored.data) == raw


def test_text_that_lz4_cannot_shrink_is_stored_raw() -> None:
    assert encode(b"short").codec == RAW
    assert encode(b"long and long and long and long and long").codec == LZ4


@given(st.binary(min_size=64, max_size=512), st.data())
def test_a_flipped_bit_never_goes_by_as_other_bytes_of_another_size(
    raw: bytes, data: st.DataObject
) -> None:
    stored = encode(raw * 4)
    position = data.draw(st.integers(0, len(stored.data) - 1))
    flipped = bytearray(stored.data)
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decode(stored.codec, stored.size, bytes(flipped))
    except ValueError:
        return
    assert len(found) == stored.size


@pytest.mark.parametrize("size", [-1, MAX_SIZE + 1, 2**40])
def test_a_damaged_size_is_refused_before_memory_is_taken(size: int) -> None:
    with pytest.raises(ValueError, match="is no size of stored bytes"):
        decode(LZ4, size, b"x")


def test_a_codec_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no codec has number 77"):
        decode(77, 1, b"x")


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_every_codec_notices_missing_bytes(codec: int) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        decode(codec, 10, b"abc")
