"""The form of a backup file: a header, compressed chunks, and a SHA-256 over all of it.

    magic       8 bytes
    header      length (u32, little-endian), JSON, SHA-256 of everything up to here
    chunks      length (u32; its highest bit marks the last), a zstd frame, sealed if encrypted
    end         SHA-256 of everything before it

The first chunk is the manifest, the others are the files it names, one after the other. Each chunk
stands for itself, so that a damaged one takes only its own bytes with it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import zstandard

from selfd_storage.backups.lock import Lock
from selfd_storage.errors import BackupError

MAGIC = b"SELFDBK\x01"
FORMAT = 1
CHUNK_BYTES = 256 << 10
MANIFEST_BYTES = 64 << 20
_LEVEL = 6
_LENGTH = struct.Struct("<I")
_LAST = 1 << 31
_DIGEST_BYTES = 32
_LONGEST_HEADER = 1 << 16


class ChunkWriter:
    """Writes a header and then chunks to an open file."""

    def __init__(self, file: BinaryIO, lock: Lock | None) -> None:
        self._file = file
        self._lock = lock
        self._digest = hashlib.sha256()
        self._number = 0
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        header = orjson.dumps({"format": FORMAT, "cipher": lock.facts() if lock else None})
        self._write(MAGIC + _LENGTH.pack(len(header)) + header)
        self._write(self._digest.digest())

    def put(self, raw: bytes, *, last: bool = False) -> None:
        """Add a chunk."""
        packed = self._compressor.compress(raw)
        if self._lock:
            packed = self._lock.seal(self._number, packed, last=last)
        self._number += 1
        self._write(_LENGTH.pack(len(packed) | (_LAST if last else 0)))
        self._write(packed)

    def end(self) -> str:
        """Write the end; return the SHA-256 that it holds."""
        self._file.write(self._digest.digest())
        return self._digest.hexdigest()

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


class ChunkReader:
    """Reads an open backup file; `encrypted` is known before there is a passphrase."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._lock: Lock | None = None
        self._number = 0
        self._decompressor = zstandard.ZstdDecompressor()
        self.whole = False  # the end was reached and everything before it is as it was written
        self._facts = self._header()

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed."""
        return self._facts["cipher"] is not None

    def unlock(self, passphrase: str | None) -> None:
        """Use a passphrase where one is needed.

        Raises:
            PassphraseError: there is none, or it is another one.
        """
        if self.encrypted:
            self._lock = Lock.open(self._facts["cipher"], passphrase)

    def chunks(self, most: int = CHUNK_BYTES) -> Iterator[bytes | None]:
        """Yield each chunk, None in the place of a damaged one, up to the last or a cut."""
        last = False
        while not last:
            packed, last = self._next()
            if packed is None:
                return
            yield self._unpack(packed, last, most)
        expected = self._digest.digest()
        self.whole = self._file.read(_DIGEST_BYTES + 1) == expected

    def manifest(self) -> dict[str, Any]:
        """Return the first chunk, what the file holds.   Raises: BackupError: it is damaged."""
        packed, last = self._next()
        raw = None if packed is None else self._unpack(packed, last, MANIFEST_BYTES)
        if raw is None:
            raise BackupError("its table of contents is damaged, so nothing in it can be read")
        found: dict[str, Any] = orjson.loads(raw)
        return found

    def _next(self) -> tuple[bytes | None, bool]:
        head = self._read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None, False
        (length,) = _LENGTH.unpack(head)
        last, length = bool(length & _LAST), length & ~_LAST
        packed = self._read(length) if length <= MANIFEST_BYTES else b""
        return (packed if len(packed) == length else None), last

    def _unpack(self, packed: bytes, last: bool, most: int) -> bytes | None:
        number, self._number = self._number, self._number + 1
        if self._lock:
            opened = self._lock.unseal(number, packed, last=last)
            if opened is None:
                return None
            packed = opened
        try:
            if zstandard.frame_content_size(packed) > most:
                return None
            return self._decompressor.decompress(packed)
        except zstandard.ZstdError:
            return None

    def _header(self) -> dict[str, Any]:
        if self._read(len(MAGIC)) != MAGIC:
            raise BackupError("it is no backup of selfd")
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
        header = self._read(min(length, _LONGEST_HEADER))
        if self._file_digest() != self._read(_DIGEST_BYTES):
            raise BackupError("its header is damaged, so nothing in it can be read")
        facts: dict[str, Any] = orjson.loads(header)
        if facts["format"] > FORMAT:
            raise BackupError(
                f"it has format {facts['format']}, this selfd knows {FORMAT}: upgrade selfd"
            )
        return facts

    def _file_digest(self) -> bytes:
        return self._digest.copy().digest()

    def _read(self, count: int) -> bytes:
        data = self._file.read(count)
        self._digest.update(data)
        return data


def is_backup(path: Path) -> bool:
    """Tell whether a file begins as a backup file does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
