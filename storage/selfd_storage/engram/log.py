"""The container: a log of records, each with its own length and hash, that survives damage.

A record is a 32-byte head and a payload. Whatever happens to a part of the file, a scan for heads
finds every record that is whole. Records are appended and never changed, so a crash while one is
written leaves all earlier ones as they were.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, Self

from selfd_storage.errors import EngramError

MAGIC = b"\x93EGR"
HEAD = struct.Struct("<4sB3xQ16s")  # magic, kind, length of the payload, BLAKE2b-128 of both
LARGEST = 1 << 30
USUAL = 1 << 13  # bytes of a head and its payload: most are read in one go


class Kind(IntEnum):
    """What a record holds; numbers are appended, never changed."""

    HEADER = 1
    DICTIONARY = 2
    CHUNK = 3
    FILE = 4
    REMOVED = 5
    FOLDER = 6
    CATALOG = 7


KINDS = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it starts."""

    kind: Kind
    payload: bytes
    offset: int


class Log:
    """Reads and appends records. Closing it is the caller's, as with any file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def create(cls, path: Path) -> Self:
        """Start a new file; there must be none."""
        return cls(path.open("x+b"))

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Self:
        """Open a file that is there."""
        return cls(path.open("r+b" if writable else "rb"))

    def close(self) -> None:
        self._file.close()

    def size(self) -> int:
        """Return the file's length in bytes."""
        return os.fstat(self._file.fileno()).st_size

    def append(self, kind: Kind, payload: bytes) -> int:
        """Write a record at the end and return where it starts; `flush` makes it durable."""
        if len(payload) > LARGEST:
            raise EngramError(f"a record may hold {LARGEST} bytes, got {len(payload)}")
        offset = self._file.seek(0, os.SEEK_END)
        head = HEAD.pack(MAGIC, kind, len(payload), _digest(kind, payload))
        self._file.write(head + payload)
        return offset

    def append_raw(self, data: bytes) -> None:
        """Write bytes that are no record at the end: the trailer."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(data)

    def tail(self, length: int) -> bytes:
        """Return the last bytes of the file, fewer when it is shorter."""
        self._file.seek(max(0, self.size() - length))
        return self._file.read(length)

    def flush(self) -> None:
        """Wait until everything that was appended is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def read(self, offset: int) -> Record | None:
        """Return the record that starts at `offset`, None when it is not whole."""
        begun = self._read(offset, USUAL)
        if len(begun) < HEAD.size:
            return None
        magic, kind, length, digest = HEAD.unpack_from(begun)
        if magic != MAGIC or kind not in KINDS or length > LARGEST:
            return None
        payload = begun[HEAD.size : HEAD.size + length]
        if len(payload) < length:
            payload += self._read(offset + len(begun), length - len(payload))
        if len(payload) < length or _digest(kind, payload) != digest:
            return None
        return Record(Kind(kind), payload, offset)

    def scan(self) -> Iterator[Record]:
        """Yield every whole record from the start, stepping over whatever is damaged."""
        offset, end = 0, self.size()
        while offset < end:
            record = self.read(offset)
            if record is None:
                offset = self._next_magic(offset + 1)
            else:
                yield record
                offset += HEAD.size + len(record.payload)

    def _read(self, offset: int, length: int) -> bytes:
        """Return bytes from a place, fewer at the end: in one call, which a buffer would not do."""
        self._file.flush()
        return os.pread(self._file.fileno(), length, offset)

    def _next_magic(self, offset: int) -> int:
        """Return where the next head may start, the file's end when there is none."""
        block = 1 << 20
        while True:
            self._file.seek(offset)
            data = self._file.read(block)
            found = data.find(MAGIC)
            if found >= 0:
                return offset + found
            if len(data) < block:
                return self.size()
            offset += block - len(MAGIC) + 1


def _digest(kind: int, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=16, salt=bytes([kind])).digest()
