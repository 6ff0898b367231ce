"""Exact bytes: compressed chunks, each found and checked by the SHA-256 of what it unpacks to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import zstandard

from selfd_storage.engram.catalog import Catalog, Changes
from selfd_storage.engram.log import Kind, Log

CHUNK_BYTES = 256 * 1024
DICTIONARY_BYTES = 110 * 1024  # zstd's own default
SAMPLE_BYTES = 8 * 1024 * 1024  # a hundred times the dictionary, as zstd advises
FEWEST_SAMPLES = 64  # fewer texts give a dictionary that is worth less than it takes
LEVEL = 9


def cut(data: bytes) -> Iterator[bytes]:
    """Yield a file's pieces; an empty file has none."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


def train_dictionary(samples: Iterable[bytes]) -> bytes:
    """Return a dictionary for small files, empty when there are too few to learn from."""
    kept: list[bytes | bytearray | memoryview] = []
    size = 0
    for sample in samples:
        if size >= SAMPLE_BYTES:
            break
        kept.append(sample[:CHUNK_BYTES])
        size += len(kept[-1])
    if len(kept) < FEWEST_SAMPLES or size < 10 * DICTIONARY_BYTES:
        return b""
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, kept).as_bytes()
    except zstandard.ZstdError:  # texts without anything in common
        return b""


class ChunkStore:
    """Reads and writes the chunks of one log."""

    def __init__(self, log: Log, catalog: Catalog) -> None:
        self._log = log
        self._catalog = catalog
        self._use(self._read_dictionary())

    def _use(self, dictionary: bytes) -> None:
        data = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=data)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=data)

    def start(self, dictionary: bytes, changes: Changes) -> None:
        """Write the dictionary of a new engram."""
        if dictionary:
            changes.dictionaries.append(self._log.append(Kind.DICTIONARY, dictionary))
        self._use(dictionary)

    def end(self, dictionary: bytes, changes: Changes) -> None:
        """Write the dictionary once more, far from the first: all chunks depend on it."""
        if dictionary:
            changes.dictionaries.append(self._log.append(Kind.DICTIONARY, dictionary))

    def put(self, data: bytes, changes: Changes) -> str:
        """Store a piece, unless it is there, and return its hash."""
        digest = hashlib.sha256(data)
        name = digest.hexdigest()
        if name not in self._catalog.chunks and name not in changes.chunks:
            payload = digest.digest() + self._compressor.compress(data)
            changes.chunks[name] = self._log.append(Kind.CHUNK, payload)
        return name

    def get(self, name: str) -> bytes | None:
        """Return a piece, None when it is missing or not what its hash says."""
        offset = self._catalog.chunks.get(name)
        record = self._log.read(offset) if offset is not None else None
        if record is None or record.kind != Kind.CHUNK:
            return None
        try:
            data = self._decompressor.decompress(record.payload[32:], max_output_size=CHUNK_BYTES)
        except zstandard.ZstdError:
            return None
        return data if hashlib.sha256(data).hexdigest() == name else None

    def _read_dictionary(self) -> bytes:
        for offset in self._catalog.dictionaries:
            record = self._log.read(offset)
            if record is not None and record.kind == Kind.DICTIONARY:
                return record.payload
        return b""
