"""Putting a backup into a new folder, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from selfd_storage._sqlite import sqlite3
from selfd_storage.backups.copies import check_copy, sync
from selfd_storage.backups.file import ChunkReader, is_backup
from selfd_storage.backups.rows import TableSum, intact_rows, sum_file
from selfd_storage.backups.writing import DATABASE, Member, Pieces
from selfd_storage.connection import translated
from selfd_storage.errors import BackupError, DamagedBackupError, DuplicateError
from selfd_storage.schema.migrations import check_file
from selfd_storage.schema.steps import APPLICATION_ID, STEPS


@dataclass(frozen=True, slots=True)
class Restored:
    """A folder that a backup was restored into.

    `rows` is how many each table has; `damaged` are the ids of rows that were damaged already when
    the backup was written. `created_at` is None for a plain copy, which does not say.
    """

    folder: Path
    created_at: datetime | None
    files: Sequence[str]
    rows: Mapping[str, int]
    damaged: Sequence[str]


def restore_backup(
    backup: Path,
    into: Path,
    *,
    ask_passphrase: Callable[[], str | None] = lambda: None,
) -> Restored:
    """Restore a backup file, or a plain copy of `selfd.db`, into a folder that is new or empty.

    Every table is counted, and every row in it hashed and compared with what the backup says.

    Raises:
        BackupError: there is no such file.
        DuplicateError: the folder holds something.
        PassphraseError: it is encrypted, and `ask_passphrase` gave none or another one.
        DamagedBackupError: it is damaged; the error says what is intact.
        SchemaTooNewError: a newer selfd wrote it.
    """
    if not backup.is_file():
        raise BackupError(f"there is no backup at {str(backup)!r}")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise DuplicateError(
            f"{str(into)!r} is there already and not empty: choose a new folder", str(into)
        )
    into.parent.mkdir(parents=True, exist_ok=True)
    part = into.with_name(into.name + ".part")
    with translated(into):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        try:
            if is_backup(backup):
                restored = _restore_file(backup, part, ask_passphrase)
            else:
                restored = _restore_copy(backup, part)
            sync(part)
            part.replace(into)
            sync(into.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return Restored(into, restored.created_at, restored.files, restored.rows, restored.damaged)


def _restore_copy(copy: Path, part: Path) -> Restored:
    check_file(copy, APPLICATION_ID, len(STEPS))
    damaged = check_copy(copy)
    target = part / DATABASE
    shutil.copyfile(copy, target)
    target.chmod(0o600)
    sync(target)
    tables = sum_file(target)
    if tables != sum_file(copy):
        raise BackupError(f"{str(target)!r} is not what was copied: check the disk")
    rows = {name: table.rows for name, table in tables.items()}
    return Restored(part, None, [DATABASE], rows, damaged)


def _restore_file(backup: Path, part: Path, ask_passphrase: Callable[[], str | None]) -> Restored:
    with backup.open("rb") as file:
        try:
            reader = ChunkReader(file)
            reader.unlock(ask_passphrase() if reader.encrypted else None)
            manifest = reader.manifest()
        except BackupError as error:
            raise type(error)(f"{str(backup)!r}: {error}") from error
        members = [Member(**member) for member in manifest["members"]]
        tables = {name: TableSum(**found) for name, found in manifest["tables"].items()}
        faults = _unpack(reader, members, part)
    if faults:
        intact = _intact(part / DATABASE, tables)
        raise DamagedBackupError(str(backup), faults[0], intact)
    _compare(part / DATABASE, tables, manifest["damaged"])
    return Restored(
        folder=part,
        created_at=datetime.fromisoformat(manifest["created_at"]),
        files=[member.name for member in members],
        rows={name: table.rows for name, table in tables.items()},
        damaged=manifest["damaged"],
    )


def _unpack(reader: ChunkReader, members: Sequence[Member], part: Path) -> list[str]:
    """Write every file; return what is wrong with them."""
    pieces, faults = Pieces(reader.chunks()), []
    for member in members:
        path = part / _checked_name(member.name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            if not _write(pieces, member, file):
                faults.append(f"{member.name} is not as it was written")
        sync(path)
    pieces.finish()
    if not reader.whole and not faults:
        faults.append("the hash over the whole file does not fit")
    return faults


def _write(pieces: Pieces, member: Member, file: BinaryIO) -> bool:
    """Write one file, and tell whether it is what was backed up."""
    digest = hashlib.sha256()
    for piece in pieces.take(member.bytes):
        digest.update(piece)
        file.write(piece)
    file.truncate(member.bytes)  # a cut one is filled up, so that what is there can be looked at
    return digest.hexdigest() == member.sha256


def _checked_name(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BackupError(f"the backup holds {name!r}, which leaves its folder: it is none of ours")
    return path


def _intact(database: Path, tables: dict[str, TableSum]) -> dict[str, tuple[int, int]]:
    db = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        found = intact_rows(db, tables)
    finally:
        db.close()
    return {name: (each.rows, each.of) for name, each in found.items()}


def _compare(database: Path, tables: Mapping[str, TableSum], damaged: Sequence[str]) -> None:
    """Compare what was restored with what was backed up, row by row."""
    check_file(database, APPLICATION_ID, len(STEPS))
    if set(check_copy(database)) != set(damaged):
        raise BackupError("rows that were sound no longer match their hash: check the disk")
    found = sum_file(database)
    for name in tables.keys() | found.keys():
        if tables.get(name) != found.get(name):
            raise BackupError(f"the table {name!r} is not as it was backed up: check the disk")
