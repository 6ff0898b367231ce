"""Writing a backup file, and reading it back before it gets its name."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from selfd_storage.backups.copies import check_copy, sync, vacuum_into
from selfd_storage.backups.file import CHUNK_BYTES, ChunkReader, ChunkWriter
from selfd_storage.backups.lock import Lock
from selfd_storage.backups.rows import sum_file
from selfd_storage.connection import translated
from selfd_storage.errors import BackupError, DuplicateError, InvalidInputError
from selfd_storage.records import BackupRecord

DATABASE = "selfd.db"
KEPT = ("settings.toml", "checkpoints/**/*")  # beside the database, where they are there

Progress: TypeAlias = Callable[[float, str], None]  # from 0 to 1, and what is done


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup; its name is relative to the data folder."""

    name: str
    bytes: int
    sha256: str


def write_backup(
    folder: Path,
    target: Path,
    *,
    at: datetime,
    passphrase: str | None = None,
    progress: Progress = lambda _share, _what: None,
) -> BackupRecord:
    """Back up a data folder that may be in use to a new file; blocks until that is read back.

    `verified` says that the copy of the database is sound, that every row in it matches its content
    hash, and that the file, opened again, gave back exactly the bytes that went in.

    Raises:
        DuplicateError: there is a file of that name.
        NotADatabaseError: the store is damaged in its structure.
        BackupError: the file could not be read back as it was written.
    """
    if target.exists():
        raise DuplicateError(f"{str(target)!r} is there already: choose a new name", str(target))
    if not target.parent.is_dir():
        raise InvalidInputError(f"there is no folder {str(target.parent)!r}: make it first")
    started = time.perf_counter()
    part = target.with_name(target.name + ".part")
    # The plain copy stays in the data folder: what is encrypted may be meant for another disk.
    with (
        translated(target),
        tempfile.TemporaryDirectory(prefix="copying-", dir=folder) as space,
    ):
        copy = Path(space) / DATABASE
        progress(0.0, "copying")
        vacuum_into(folder / DATABASE, copy)
        progress(0.3, "checking the copy")
        damaged = check_copy(copy)
        files = [(DATABASE, copy), *_beside(folder)]
        members = [_member(name, path) for name, path in files]
        progress(0.5, "writing")
        manifest = _manifest(copy, members, damaged, at)
        try:
            sha256 = _write(part, files, manifest, passphrase)
            progress(0.8, "reading it back")
            _read_back(part, members, passphrase)
            part.rename(target)
            sync(target.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return BackupRecord(
        path=str(target),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        verified=not damaged,
        encrypted=passphrase is not None,
        sha256=sha256,
    )


def _beside(folder: Path) -> Iterator[tuple[str, Path]]:
    for pattern in KEPT:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def _member(name: str, path: Path) -> Member:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return Member(name, file.tell(), digest.hexdigest())


def _manifest(
    copy: Path, members: Sequence[Member], damaged: Sequence[str], at: datetime
) -> dict[str, Any]:
    tables = sum_file(copy)
    return {
        "created_at": at.isoformat(),
        "members": [asdict(member) for member in members],
        "tables": {name: asdict(found) for name, found in tables.items()},
        "damaged": list(damaged),
    }


def _write(
    part: Path, files: Sequence[tuple[str, Path]], manifest: dict[str, Any], passphrase: str | None
) -> str:
    lock = None if passphrase is None else Lock.make(passphrase)
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        writer = ChunkWriter(file, lock)
        writer.put(orjson.dumps(manifest))
        for _, path in files:
            with path.open("rb") as source:
                while data := source.read(CHUNK_BYTES):
                    writer.put(data)
        writer.put(b"", last=True)
        sha256 = writer.end()
    sync(part)
    return sha256


def _read_back(part: Path, members: Sequence[Member], passphrase: str | None) -> None:
    """Open what was written as a stranger would, and compare it with what went in."""
    with part.open("rb") as file:
        reader = ChunkReader(file)
        reader.unlock(passphrase)
        reader.manifest()
        pieces = Pieces(reader.chunks())
        for member in members:
            digest = hashlib.sha256()
            for piece in pieces.take(member.bytes):
                digest.update(piece)
            if digest.hexdigest() != member.sha256:
                raise BackupError(
                    f"{member.name!r} could not be read back as it was written, or changed "
                    "meanwhile: try again, on another disk if it stays so"
                )
        pieces.finish()
        if pieces.damaged or not reader.whole:
            raise BackupError("the backup could not be read back as it was written: try again")


class Pieces:
    """Chunks as one stream of bytes; damaged ones are filled with zeroes and counted."""

    def __init__(self, chunks: Iterator[bytes | None]) -> None:
        self._chunks = chunks
        self._left = b""
        self.damaged = 0

    def take(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes, less where the stream was cut."""
        while count:
            if not self._left:
                chunk = next(self._chunks, b"")
                if chunk is None:
                    self.damaged += 1
                    chunk = bytes(min(CHUNK_BYTES, count))  # a chunk never spans two files
                if not chunk:
                    return
                self._left = chunk
            piece, self._left = self._left[:count], self._left[count:]
            count -= len(piece)
            yield piece

    def finish(self) -> None:
        """Read on to the end, so that all of it was checked."""
        self.damaged += sum(chunk is None for chunk in self._chunks)
