"""How text lies in a row: a codec number, perhaps a dictionary's id, the raw size, and the bytes.

The codec table is part of the file format: numbers are appended, never changed. Fresh rows are
`hot` and take LZ4; rows that a night has packed are `cold` and take zstd, short ones with a
dictionary. What a codec would not make smaller stays raw.

zstd frames carry neither magic number nor size nor checksum: the row says the same. Large texts are
cut into chunks of 256 KiB, each a frame of its own, so that no text takes more memory than that to
pack. A frame that needs a dictionary stands behind the dictionary's key.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import lz4.block
import zstandard

from selfd_storage.packing.dictionaries import Dictionary, decompressor

RAW = 0
LZ4 = 1
ZSTD = 2
ZSTD_DICTIONARY = 3

MAX_SIZE = 128 * 1024 * 1024  # a damaged size must not ask for all memory
CHUNK_BYTES = 256 * 1024
WINDOW_LOG = 18  # a window of one chunk

HOT = 0
COLD = 1
TIERS: dict[int, str] = {HOT: "hot", COLD: "cold"}
LEVEL = 19  # 58 bytes a turn of LoCoMo with a dictionary of 32 KiB, 60 at level 3

_LENGTH = struct.Struct("<I")

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


def _decode_zstd(stored: bytes, size: int) -> bytes:
    pieces = []
    left = size
    for frame in _frames(stored):
        if left <= 0:
            raise ValueError("more chunks stored than were written")
        pieces.append(_unpacked(decompressor(None), frame, min(left, CHUNK_BYTES)))
        left -= CHUNK_BYTES
    return _decode_raw(b"".join(pieces), size)


def _decode_dictionary(stored: bytes, size: int) -> bytes:
    if len(stored) < _LENGTH.size:
        raise ValueError("no key of a dictionary is stored")
    (key,) = _LENGTH.unpack_from(stored)
    return _decode_raw(_unpacked(decompressor(key), stored[_LENGTH.size :], size), size)


def _unpacked(opened: zstandard.ZstdDecompressor, frame: bytes, size: int) -> bytes:
    try:
        return opened.decompress(frame, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _frames(stored: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(stored):
        start = place + _LENGTH.size
        if start > len(stored):
            raise ValueError("a chunk has no length")
        place = start + int(_LENGTH.unpack_from(stored, place)[0])
        if place > len(stored):
            raise ValueError("a chunk is cut off")
        yield stored[start:place]


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to store bytes."""

    name: Literal["raw", "lz4", "zstd", "zstd with a dictionary"]
    decode: Decoder


CODECS: dict[int, Codec] = {
    RAW: Codec("raw", _decode_raw),
    LZ4: Codec("lz4", _decode_lz4),
    ZSTD: Codec("zstd", _decode_zstd),
    ZSTD_DICTIONARY: Codec("zstd with a dictionary", _decode_dictionary),
}


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


class Packer:
    """Packs rows for the cold tier, with a dictionary where there is one; for one thread."""

    def __init__(self, dictionary: Dictionary | None = None) -> None:
        self._dictionary = dictionary
        plain = zstandard.ZstdCompressionParameters.from_level(
            LEVEL,
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            window_log=WINDOW_LOG,
            write_content_size=False,
            write_dict_id=False,
        )
        self._plain = zstandard.ZstdCompressor(compression_params=plain)
        if dictionary is not None:
            self._with_dictionary = zstandard.ZstdCompressor(
                dict_data=dictionary.data, compression_params=plain
            )

    def pack(self, raw: bytes) -> Stored:
        """Return the cold form of some bytes, never longer than they are."""
        known = self._dictionary
        if known is not None and len(raw) <= CHUNK_BYTES:
            data = _LENGTH.pack(known.key) + self._with_dictionary.compress(raw)
            found = Stored(ZSTD_DICTIONARY, known.number, len(raw), data)
        else:
            chunks = (raw[at : at + CHUNK_BYTES] for at in range(0, len(raw), CHUNK_BYTES))
            frames = (self._plain.compress(chunk) for chunk in chunks)
            data = b"".join(_LENGTH.pack(len(frame)) + frame for frame in frames)
            found = Stored(ZSTD, None, len(raw), data)
        return found if len(found.data) < len(raw) else Stored(RAW, None, len(raw), raw)


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
