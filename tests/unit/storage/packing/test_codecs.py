"""Packed text comes back to the byte, and damaged text does not come back at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage.packing.codecs import (
    CHUNK_BYTES,
    CODECS,
    LZ4,
    MAX_SIZE,
    RAW,
    ZSTD,
    ZSTD_DICTIONARY,
    Packer,
    decode,
    encode,
)
from selfd_storage.packing.dictionaries import learn, train

TURNS = [b"Nova: On day %d I walked %d miles to the old harbour." % (n, n * 7) for n in range(2000)]
TRAINED = train(TURNS)
assert TRAINED is not None
PACKERS = {"alone": Packer(), "with a dictionary": Packer(learn(7, TRAINED))}


@pytest.mark.parametrize("packer", PACKERS)
@given(raw=st.one_of(st.binary(max_size=4096), st.text(max_size=500).map(str.encode)))
def test_any_bytes_come_back_from_the_cold_tier_and_never_grow(packer: str, raw: bytes) -> None:
    stored = PACKERS[packer].pack(raw)
    assert decode(stored.codec, stored.size, stored.data) == raw
    assert len(stored.data) <= len(raw)


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
@pytest.mark.parametrize("packer", PACKERS)
def test_large_texts_are_cut_and_come_back_whole(packer: str, size: int) -> None:
    raw = (b"".join(TURNS) * 20)[:size]
    stored = PACKERS[packer].pack(raw)
    assert decode(stored.codec, stored.size, stored.data) == raw
    assert len(stored.data) < len(raw) / 4


def test_a_dictionary_makes_short_texts_much_smaller() -> None:
    text = b"Nova: On day 77 I walked 9 miles to the old harbour."
    stored = PACKERS["with a dictionary"].pack(text)
    assert (stored.codec, stored.dictionary) == (ZSTD_DICTIONARY, 7)
    assert len(stored.data) < 30 < 45 < len(encode(text).data)
    assert PACKERS["alone"].pack(b"".join(TURNS)).codec == ZSTD


def test_a_body_whose_dictionary_is_unknown_is_no_text() -> None:
    stored = PACKERS["with a dictionary"].pack(TURNS[5])
    with pytest.raises(ValueError, match="no dictionary with key 1"):
        decode(stored.codec, stored.size, b"\x01\0\0\0" + stored.data[4:])


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
    coder = data.draw(st.sampled_from([encode, *(each.pack for each in PACKERS.values())]))
    stored = coder(raw * 4)
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
