"""Decompression that stops at a limit and notices a stream that was cut short."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_OR_ZLIB = 47  # window bits: 32 KiB and "find out which of the two"
_STEP = 256 * 1024  # bytes between two pauses


class TooMuchError(Exception):
    """More came out than the limit allows."""


class CutShortError(Exception):
    """The stream ended before its end, or is damaged."""


class Inflater:
    """Collects a body, decompressing it when it is gzip or zlib, whatever its headers said.

    Servers declare gzip and send plain text, and send `.xml.gz` without declaring it; the first two
    bytes tell. At most `limit` bytes are kept, and no more than one chunk beyond is ever made.
    """

    def __init__(self, limit: int, *, zlib_declared: bool = False) -> None:
        self.body = bytearray()
        self._limit = limit
        self._start = b""  # bytes too few to tell what they begin
        self._zlib_declared = zlib_declared
        self._started = False
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[None]:
        """Take the next bytes from the wire; the pauses are for others, a bomb takes its time."""
        data, self._start = self._start + data, b""
        if not self._started:
            if len(data) < 2:
                self._start = data
                return
            self._begin(data)
        yield from self._take(data)

    def finish(self) -> bytes:
        """Return the body once the wire has ended."""
        self.body += self._start if not self._started else b""
        if self._stream and not self._stream.eof:
            raise CutShortError
        return bytes(self.body)

    def _begin(self, data: bytes) -> None:
        self._started = True
        if data[:2] == _GZIP_MAGIC or (self._zlib_declared and data[:1] == b"\x78"):
            self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def _take(self, data: bytes) -> Iterator[None]:
        while data:
            if self._stream is None:
                self.body += data
                data = b""
            elif self._stream.eof:
                if len(data) < 2:
                    self._start = data  # of the next member, or padding
                    return
                if data[:2] != _GZIP_MAGIC:
                    return  # padding after the last member
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
            else:
                room = min(self._limit - len(self.body) + 1, _STEP)
                try:
                    self.body += self._stream.decompress(data, room)
                except zlib.error as error:
                    raise CutShortError from error
                data = self._stream.unconsumed_tail or self._stream.unused_data
            if len(self.body) > self._limit:
                raise TooMuchError
            yield
