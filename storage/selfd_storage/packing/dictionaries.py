"""Dictionaries of zstd: what short texts have in common, learned from the owner's own.

A dictionary's key is made of its content by zstd itself. So those of every open store can be known
to the whole process by their keys, and a packed row is read without asking whose it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
import zstandard

from selfd_storage._sqlite import sqlite3
from selfd_storage.ranges import pack_ranges, unpack_ranges

DICTIONARY_BYTES = 64 * 1024  # 110 KiB save 2 bytes more a turn, which 20,000 turns do not repay
SMALLEST_BYTES = 1024
SHARE = 8  # of a small sample, one part of so many may become dictionary
FEWEST_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A trained dictionary. `number` is its row in `dictionaries`, 0 while it has none."""

    number: int
    key: int
    data: zstandard.ZstdCompressionDict


_known: dict[int, zstandard.ZstdCompressionDict] = {}
_of_thread = threading.local()


def decompressor(key: int | None) -> zstandard.ZstdDecompressor:
    """Return this thread's decompressor for bodies that need a dictionary, or that need none.

    Raises:
        ValueError: nobody knows that dictionary.
    """
    opened: dict[int | None, zstandard.ZstdDecompressor] = _of_thread.__dict__.setdefault("by", {})
    if key not in opened:
        data = None if key is None else _known.get(key)
        if key is not None and data is None:
            raise ValueError(f"there is no dictionary with key {key}")
        opened[key] = zstandard.ZstdDecompressor(
            dict_data=data, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        )
    return opened[key]


def learn(number: int, body: bytes) -> Dictionary:
    """Let bodies be read that need a dictionary; doing it again changes nothing."""
    data = zstandard.ZstdCompressionDict(body)
    return Dictionary(number, data.dict_id(), _known.setdefault(data.dict_id(), data))


def learn_all(db: sqlite3.Connection) -> None:
    """Let every body of a file be read."""
    for number, body in db.execute("SELECT id, body FROM dictionaries").fetchall():
        learn(number, body)


def train(samples: Sequence[bytes]) -> bytes | None:
    """Return a dictionary for texts like these; None where there are too few to learn from."""
    size = min(DICTIONARY_BYTES, sum(map(len, samples)) // SHARE)
    if len(samples) < FEWEST_SAMPLES or size < SMALLEST_BYTES:
        return None
    try:
        return zstandard.train_dictionary(size, list(samples)).as_bytes()
    except zstandard.ZstdError:  # texts without anything in common
        return None


def pack_samples(numbers: Iterable[int]) -> bytes:
    """Return the column `samples`."""
    return zstandard.ZstdCompressor(level=9).compress(orjson.dumps(pack_ranges(numbers)))


def unpack_samples(column: bytes) -> frozenset[int]:
    """Return the rows that a dictionary was trained on."""
    return frozenset(unpack_ranges(orjson.loads(zstandard.ZstdDecompressor().decompress(column))))
