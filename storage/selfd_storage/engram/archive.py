"""An open engram: search, extract, update, info."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import numpy as np
import orjson
import pathspec
import zstandard

from selfd_storage.engram import search as searching
from selfd_storage.engram.blocks import Bundle, Codes, Held, bundle
from selfd_storage.engram.catalog import (
    Catalog,
    Changes,
    Description,
    read_catalog,
    write_catalog,
)
from selfd_storage.engram.chunks import ChunkStore
from selfd_storage.engram.files import check_path, folders_above, write_file, write_out
from selfd_storage.engram.log import Kind, Log
from selfd_storage.engram.terms import BLOCKS, file_terms, slots_for
from selfd_storage.errors import EngramError

FORMAT = 2
EVERYTHING = np.full((BLOCKS, 8), 255, np.uint8)  # what a damaged bundle may hold


@dataclass(frozen=True, slots=True)
class EngramInfo:
    """What an engram holds. Sizes in bytes; `damaged` says that only a scan could read it."""

    name: str
    path: str
    files: int
    folders: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime
    damaged: bool


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that could not be given back, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extraction wrote, and what it could not."""

    files: int
    bytes: int
    damaged: Sequence[Damage]


class Engram:
    """An open engram. `open` it, `close` it, or use it as a context."""

    def __init__(self, path: Path, log: Log, catalog: Catalog) -> None:
        self._path = path
        self._log = log
        self._catalog = catalog
        self._chunks = ChunkStore(log, catalog)
        self._entries: dict[str, Sequence[searching.Entry]] = {}
        self._unpacker = zstandard.ZstdDecompressor()
        self._below = _children(catalog)
        self._header = self._read_header()

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Self:
        """Open a file.   Raises: EngramError: it is no engram, or cannot be read."""
        try:
            log = Log.open(path, writable=writable)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise EngramError(f"cannot open {str(path)!r}: {reason}") from error
        try:
            return cls(path, log, read_catalog(log))
        except EngramError as error:
            log.close()
            raise EngramError(f"{str(path)!r}: {error}") from error

    def close(self) -> None:
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def info(self) -> EngramInfo:
        """Return what the engram holds."""
        described = [self._describe(offset, Kind.FILE) for offset in self._catalog.files.values()]
        header = self._header
        created = header.get("created_at", datetime.fromtimestamp(0, UTC).isoformat())
        return EngramInfo(
            name=header.get("name", self._path.stem),
            path=str(self._path),
            files=len(self._catalog.files),
            folders=len(self._catalog.folders),
            raw_bytes=sum(entry.meta["size"] for entry in described if entry),
            stored_bytes=self._log.size(),
            created_at=datetime.fromisoformat(created),
            damaged=self._catalog.scanned or None in described,
        )

    def paths(self) -> list[str]:
        """Return every file's path, sorted."""
        return sorted(self._catalog.files)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None when any of them is damaged or there is no such file."""
        entry = self._file(path)
        return self._bytes(entry) if entry else None

    def search(self, query: str, first: int = 10) -> list[searching.Found]:
        """Return the `first` files that fit best, best first."""
        return searching.search(self, query, first)

    def extract(self, target: Path, patterns: Sequence[str] = ()) -> Extracted:
        """Write files below `target`, all or those that match patterns as in .gitignore.

        Every file is checked before it is written; damaged ones are named, the rest is given back.

        Raises:
            EngramError: a file would land outside `target`, or there is no room.
        """
        chosen = pathspec.GitIgnoreSpec.from_lines(patterns) if patterns else None
        written = size = 0
        damaged = []
        for path in self.paths():
            if chosen is not None and not chosen.match_file(path):
                continue
            entry = self._file(path)
            data = self._bytes(entry) if entry else None
            if entry is None or data is None:
                reason = "its record is damaged" if entry is None else "a chunk of it is damaged"
                damaged.append(Damage(path, reason))
                continue
            write_out(target, path, data, entry.meta)
            written += 1
            size += len(data)
        return Extracted(written, size, damaged)

    def update(self, path: str, source: Path | None) -> None:
        """Replace or add one file, or remove it when `source` is None; the engram must be writable.

        Costs what that file takes, and the bundles of the folders that it lies in.

        Raises:
            EngramError: there is no such file to remove, or the path leaves the folder.
        """
        check_path(path)
        path = str(PurePosixPath(path))
        old = self.read(path)
        if source is None and path not in self._catalog.files:
            raise EngramError(f"{path!r} is not in the engram")
        changes = Changes(header=self._renewed_header())
        gone = file_terms(path, old) if old is not None else np.zeros((0, BLOCKS), np.uint16)
        if source is None:
            self._log.append(Kind.REMOVED, path.encode())
            changes.removed.append(path)
            came = np.zeros((0, BLOCKS), np.uint16)
        else:
            came = write_file(self._log, self._chunks, changes, path, source)
        grown = (source is not None) - (path in self._catalog.files)
        for folder in folders_above(path):
            self._refresh_folder(folder, gone, came, grown, changes)
        self._catalog.take_in(changes)
        write_catalog(self._log, self._catalog, changes)
        self._below = _children(self._catalog)
        self._entries.clear()

    def _refresh_folder(
        self, folder: str, gone: Codes, came: Codes, grown: int, changes: Changes
    ) -> None:
        offset = self._catalog.folders.get(folder)
        known = self._describe(offset, Kind.FOLDER) if offset is not None else None
        if known is None:
            counts, files = bundle(came, slots_for(len(came))), 1
        else:
            slots = known.meta["slots"]
            added = known.counts.astype(np.int64) + bundle(came, slots) - bundle(gone, slots)
            counts, files = np.maximum(added, 0).astype(np.uint32), known.meta["files"] + grown
        described = Description.of({"path": folder, "files": files}, counts, is_folder=True)
        changes.folders[folder] = self._log.append(Kind.FOLDER, described.pack())

    def _read_header(self) -> dict[str, Any]:
        """Return the header, empty when it is damaged.   Raises: EngramError: it is too new."""
        offset = self._catalog.header
        record = self._log.read(offset) if offset is not None else None
        header: dict[str, Any] = orjson.loads(record.payload) if record else {}
        if header.get("format", FORMAT) > FORMAT:
            raise EngramError(
                f"it has format {header['format']}, this selfd knows {FORMAT}: upgrade selfd"
            )
        return header

    def _renewed_header(self) -> int | None:
        """Keep an earlier selfd from what this one adds; None where the header does it already."""
        if self._header.get("format", FORMAT) == FORMAT:
            return None
        self._header |= {"format": FORMAT}
        return self._log.append(Kind.HEADER, orjson.dumps(self._header))

    def size(self) -> int:
        """Return how many files there are."""
        return len(self._catalog.files)

    def counts(self) -> Bundle:
        """Return the project's bundle; one in which nothing is rare when it is damaged."""
        offset = self._catalog.folders.get("")
        described = self._describe(offset, Kind.FOLDER) if offset is not None else None
        return described.counts if described else np.ones((BLOCKS, 64), np.uint32)

    def children(self, folder: str) -> Sequence[searching.Entry]:
        """Return what lies directly in a folder; a damaged bundle lets everything through."""
        if folder not in self._entries:
            self._entries[folder] = [
                searching.Entry(path, kind == Kind.FOLDER, self._held(offset, kind))
                for path, offset, kind in self._below.get(folder, [])
            ]
        return self._entries[folder]

    def _held(self, offset: int | None, kind: Kind) -> Held:
        described = self._describe(offset, kind) if offset is not None else None
        return EVERYTHING if described is None else described.held(self._unpacker)

    def _describe(self, offset: int, kind: Kind) -> Description | None:
        record = self._log.read(offset)
        return Description.unpack(record.payload) if record and record.kind == kind else None

    def _file(self, path: str) -> Description | None:
        offset = self._catalog.files.get(path)
        return self._describe(offset, Kind.FILE) if offset is not None else None

    def _bytes(self, entry: Description) -> bytes | None:
        pieces = [self._chunks.get(name) for name in entry.meta["chunks"]]
        whole = [piece for piece in pieces if piece is not None]
        if len(whole) < len(pieces):
            return None
        data = b"".join(whole)
        return data if hashlib.sha256(data).hexdigest() == entry.meta["sha256"] else None


def _children(catalog: Catalog) -> dict[str, list[tuple[str, int | None, Kind]]]:
    """Return what lies directly in each folder. Folders whose record is lost are there, too."""
    below: dict[str, list[tuple[str, int | None, Kind]]] = {}
    for path, offset in catalog.files.items():
        below.setdefault(path.rpartition("/")[0], []).append((path, offset, Kind.FILE))
    folders = set(catalog.folders)
    for folder in tuple(below):
        folders.update(folders_above(folder))
    for folder in folders.union(below) - {""}:
        entry = (folder, catalog.folders.get(folder), Kind.FOLDER)
        below.setdefault(folder.rpartition("/")[0], []).append(entry)
    return below
