"""What an engram holds and where: a chain of catalogs, or a scan where that is broken.

Each build or update ends with a catalog of what it changed and the place of the catalog before it,
and the file ends with a trailer that names the last one. So opening reads a few records, and an
update costs what it changes.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import orjson
import zstandard

from selfd_storage.engram.blocks import Bundle, Held, held
from selfd_storage.engram.log import Kind, Log
from selfd_storage.errors import EngramError

TRAILER = struct.Struct("<8sQ")
TRAILER_MAGIC = b"EGR-END\n"
_LENGTH = struct.Struct("<I")
NO_CATALOG = (1 << 64) - 1
LONGEST_CHAIN = 256


@dataclass(slots=True)
class Changes:
    """What one build or update adds to the catalog, and takes out of it."""

    files: dict[str, int] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    chunks: dict[str, int] = field(default_factory=dict)
    dictionaries: list[int] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    header: int | None = None


@dataclass(slots=True)
class Catalog:
    """Where everything lies. Paths are relative with forward slashes, hashes hex SHA-256.

    files, chunks, folders: path or hash to the offset of its record. dictionaries: offsets of two
    equal copies. last: the newest catalog, and how many there are. scanned: the chain was broken.
    """

    header: int | None = None
    files: dict[str, int] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)
    dictionaries: list[int] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    last: int = NO_CATALOG
    links: int = 0
    scanned: bool = False

    def take_in(self, changes: Changes) -> None:
        """Apply what a build or update did."""
        for path in changes.removed:
            self.files.pop(path, None)
        self.files.update(changes.files)
        self.chunks.update(changes.chunks)
        self.folders.update(changes.folders)
        self.dictionaries += changes.dictionaries
        if changes.header is not None:
            self.header = changes.header


def write_catalog(log: Log, catalog: Catalog, changes: Changes) -> None:
    """Append what changed and the trailer, durably; now and then everything, to end the chain."""
    if catalog.links >= LONGEST_CHAIN or catalog.scanned:
        changes = Changes(
            catalog.files,
            [],
            catalog.chunks,
            catalog.dictionaries,
            catalog.folders,
            catalog.header,
        )
        catalog.last, catalog.links, catalog.scanned = NO_CATALOG, 0, False
    payload = orjson.dumps({"before": catalog.last, **asdict(changes)})
    catalog.last = log.append(Kind.CATALOG, payload)
    catalog.links += 1
    log.append_raw(TRAILER.pack(TRAILER_MAGIC, catalog.last))
    log.flush()


def read_catalog(log: Log) -> Catalog:
    """Read the chain from the trailer, or scan the file when it is cut or damaged.

    Raises:
        EngramError: the file is no engram.
    """
    catalog = _by_chain(log) or _by_scan(log)
    if catalog.header is None and not catalog.files:
        raise EngramError("this is no engram: it holds not one whole record")
    return catalog


def _by_chain(log: Log) -> Catalog | None:
    tail = log.tail(TRAILER.size)
    if len(tail) < TRAILER.size:
        return None
    magic, offset = TRAILER.unpack(tail)
    if magic != TRAILER_MAGIC:
        return None
    catalog = Catalog(last=offset)
    links: list[dict[str, Any]] = []
    while offset != NO_CATALOG:
        record = log.read(offset)
        if record is None or record.kind != Kind.CATALOG:
            return None
        links.append(orjson.loads(record.payload))
        offset = links[-1].pop("before")
    for link in reversed(links):
        catalog.take_in(Changes(**link))
    catalog.links = len(links)
    return catalog


def _by_scan(log: Log) -> Catalog:
    """Find every whole record; later ones win, as they were appended later."""
    catalog = Catalog(scanned=True)
    for record in log.scan():
        if record.kind == Kind.HEADER:
            catalog.header = record.offset
        elif record.kind == Kind.DICTIONARY:
            catalog.dictionaries.append(record.offset)
        elif record.kind == Kind.CHUNK:
            catalog.chunks[record.payload[:32].hex()] = record.offset
        elif record.kind == Kind.FILE:
            catalog.files[Description.unpack(record.payload).meta["path"]] = record.offset
        elif record.kind == Kind.FOLDER:
            catalog.folders[Description.unpack(record.payload).meta["path"]] = record.offset
        elif record.kind == Kind.REMOVED:
            catalog.files.pop(record.payload.decode(), None)
        else:
            # A whole catalog still names the files whose own records are not whole.
            for path, offset in orjson.loads(record.payload)["files"].items():
                catalog.files.setdefault(path, offset)
    return catalog


@dataclass(frozen=True, slots=True)
class Description:
    """What a file's or a folder's record holds: facts, and the bundle that it is found by.

    A file: path, size, mode, mtime_ns, sha256, chunks. A folder: path ("" is the project), files.
    Of a file's bundle only the slots that it holds are kept, of a folder's the counts as well, so
    that a file can be taken out of it. In format 1 both have nothing but counts.
    """

    meta: dict[str, Any]
    packed_held: bytes
    packed_counts: bytes

    @classmethod
    def of(cls, meta: dict[str, Any], counts: Bundle, *, is_folder: bool) -> Description:
        """Describe a file or a folder."""
        compress = zstandard.ZstdCompressor(level=3).compress
        slots = compress(held(counts).tobytes())
        facts = meta | {"slots": counts.shape[1], "held": len(slots)}
        if not is_folder:
            return cls(facts, slots, b"")
        narrow = counts.astype(np.min_scalar_type(counts.max(initial=0)))
        raw = narrow.astype(narrow.dtype.newbyteorder("<")).tobytes()
        return cls(facts | {"width": narrow.itemsize}, slots, compress(raw))

    @property
    def counts(self) -> Bundle:
        """Unpack a folder's bundle, (8, L), in as few bytes a count as will do."""
        raw = zstandard.ZstdDecompressor().decompress(self.packed_counts)
        return np.frombuffer(raw, dtype=f"<u{self.meta['width']}").reshape(-1, self.meta["slots"])

    def held(self, unpacker: zstandard.ZstdDecompressor) -> Held:
        """Unpack which slots a bundle holds, (8, L / 8)."""
        if not self.packed_held:
            return held(self.counts)
        raw = unpacker.decompress(self.packed_held)
        return np.frombuffer(raw, np.uint8).reshape(-1, self.meta["slots"] // 8)

    def pack(self) -> bytes:
        facts = orjson.dumps(self.meta)
        return _LENGTH.pack(len(facts)) + facts + self.packed_held + self.packed_counts

    @classmethod
    def unpack(cls, payload: bytes) -> Description:
        (length,) = _LENGTH.unpack_from(payload)
        begun = _LENGTH.size + length
        meta = orjson.loads(payload[_LENGTH.size : begun])
        ended = begun + meta.get("held", 0)
        return cls(meta, payload[begun:ended], payload[ended:])
