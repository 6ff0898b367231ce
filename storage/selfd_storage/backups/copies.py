"""Copies of `selfd.db` that are whole: written aside, checked, and only then given their name."""

from __future__ import annotations

import os
import time
from pathlib import Path

from selfd_storage._sqlite import sqlite3
from selfd_storage.connection import translated
from selfd_storage.errors import DuplicateError, InvalidInputError, NotADatabaseError
from selfd_storage.health.verification import check_all, quick_check
from selfd_storage.records import BackupRecord


def write_copy(source: Path, target: Path) -> BackupRecord:
    """Copy a database that may be in use, without stopping its writer; blocks until it is done.

    `verified` says that SQLite's quick check passed on the copy, and that every row in it matches
    its content hash. A copy that is no sound database is removed again.

    Raises:
        DuplicateError: there is a file of that name.
        NotADatabaseError: the copy is damaged in its structure, so the source is.
    """
    if target.exists():
        raise DuplicateError(f"{str(target)!r} is there already: choose a new name", str(target))
    if not target.parent.is_dir():
        raise InvalidInputError(f"there is no folder {str(target.parent)!r}: make it first")
    started = time.perf_counter()
    part = target.with_name(target.name + ".part")
    with translated(target):
        part.unlink(missing_ok=True)
        try:
            vacuum_into(source, part)
            damaged = check_copy(part)
            sync(part)
            part.rename(target)
            sync(target.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            part.with_name(part.name + "-journal").unlink(missing_ok=True)
            raise
    return BackupRecord(
        path=str(target),
        bytes=target.stat().st_size,
        seconds=time.perf_counter() - started,
        verified=not damaged,
    )


def vacuum_into(source: Path, part: Path) -> None:
    """Copy a database of one moment to a new file, packed tightly."""
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # nobody else may read it
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        reading.execute("VACUUM INTO :part", {"part": str(part)})
    finally:
        reading.close()


def check_copy(part: Path) -> list[str]:
    """Return the ids of the damaged rows of a copy that nobody writes to.

    Raises:
        NotADatabaseError: it is damaged in its structure.
    """
    copy = sqlite3.connect(f"{part.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        complaints = quick_check(copy)
        if complaints:
            raise NotADatabaseError(
                f"the copy is damaged ({complaints[0]}), so the store is: "
                "restore an older backup with selfd restore"
            )
        return check_all(copy)
    finally:
        copy.close()


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
