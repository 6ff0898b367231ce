"""How text lies in a row: a codec number, perhaps a dictionary's id, the raw size, and the bytes.

The codec table is part of the file format: numbers are appended, never changed. Fresh rows are
`hot` and take LZ4, or stay raw where LZ4 would not make them smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import lz4.block

RAW = 0
LZ4 = 1

MAX_SIZE = 128 * 1024 * 1024  # a damaged size must not ask for all memory

HOT = 0
TIERS: dict[int, str] = {HOT: "hot"}

Decoder: TypeAlias = Callable[[bytes, int], bytes]


def _decode_raw(stored: bytes, size: int) -> bytes:
    if len(stored) != size:
        raise ValueError(f"{len(stored)} bytes stored where {size} were written")
    return stored


def _decode_lz4(stored: bytes, size: int) -> bytes:
    try:
        raw: bytes = lz4.block.decompress(stored, uncompressed_size=size)
    except lz4.block.LZ4BlockError as error:
        raise ValueError(str(error)) from error
    return _decode_raw(raw, size)


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to store bytes."""

    name: Literal["raw", "lz4"]
    decode: Decoder


CODECS: dict[int, Codec] = {RAW: Codec("raw", _decode_raw), LZ4: Codec("lz4", _decode_lz4)}


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes as a row holds them. `dictionary` is None where the codec needs none."""

    codec: int
    dictionary: int | None
    size: int
    data: bytes


def encode(raw: bytes) -> Stored:
    """Return the hot form of some bytes."""
    packed: bytes = lz4.block.compress(raw, store_size=False)
    if len(packed) < len(raw):
        return Stored(LZ4, None, len(raw), packed)
    return Stored(RAW, None, len(raw), raw)


def decode(codec: int, size: int, data: bytes) -> bytes:
    """Return the raw bytes of a row.

    Raises:
        ValueError: the row is damaged: no such codec, or bytes that do not give `size` bytes.
    """
    known = CODECS.get(codec)
    if known is None:
        raise ValueError(f"no codec has number {codec}")
    if not isinstance(data, bytes) or not 0 <= size <= MAX_SIZE:
        raise ValueError(f"{size} is no size of stored bytes")
    return known.decode(data, size)
