"""One connection to SQLite on a thread of its own, its settings, and its errors in our words."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiosqlite

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import (
    NotADatabaseError,
    StorageError,
    StoreBusyError,
    StoreClosedError,
    StoreFullError,
    StoreReadOnlyError,
)

T = TypeVar("T")
STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's machine, a tenth of a millisecond
SHARED_MEMORY_BYTES = 32_768  # without room for these, SQLite speaks of an I/O error

_SETTINGS = """
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
PRAGMA mmap_size = 0;
PRAGMA cache_size = -8000;
PRAGMA journal_size_limit = 67108864;
PRAGMA checkpoint_fullfsync = ON;
"""


class Connection(aiosqlite.Connection):
    """A connection that runs whole functions on its thread: one hop, however many statements."""

    async def run(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` with the raw connection on its thread, after what was asked before."""
        result: T = await self._execute(fn, self.raw)  # type: ignore[no-untyped-call]  # aiosqlite types only its public calls
        return result

    @property
    def raw(self) -> sqlite3.Connection:
        """The raw connection, for another thread while nothing runs on this one's own."""
        if self._connection is None or not self._running:
            raise StoreClosedError("the store is closed: start selfd again with selfd up")
        found: sqlite3.Connection = self._connection
        return found

    def interrupt_now(self) -> None:
        """Stop the statement that runs, from any thread."""
        if self._connection is not None:
            self._connection.interrupt()


def writer(path: Path, busy_seconds: float) -> Connection:
    """Return the connection that writes and checkpoints; await it to open the file."""

    def connect() -> sqlite3.Connection:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # the log files inherit this mode
        raw = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        try:
            raw.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before the first table
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA wal_autocheckpoint = 1000")
            raw.executescript(_SETTINGS)
        except BaseException:
            raw.close()
            raise
        return raw

    return Connection(connect, iter_chunk_size=64)


def reader(path: Path, busy_seconds: float) -> Connection:
    """Return a connection that can only read and never checkpoints; await it to open the file."""

    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        raw = sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            raw.execute("PRAGMA query_only = ON")
            raw.execute("PRAGMA wal_autocheckpoint = 0")
            raw.executescript(_SETTINGS)
        except BaseException:
            raw.close()
            raise
        return raw

    return Connection(connect, iter_chunk_size=64)


@contextmanager
def snapshot(raw: sqlite3.Connection, is_over: Callable[[], bool]) -> Iterator[sqlite3.Connection]:
    """Read one moment of a file; a statement ends where it is over."""
    raw.set_progress_handler(is_over, STEPS_BETWEEN_LOOKS)
    raw.execute("BEGIN")
    try:
        yield raw
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")


async def opened(connection: Connection) -> Connection:
    """Open a connection; a caller cancelled half-way leaves no thread behind."""
    opening = asyncio.ensure_future(_awaited(connection))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(Exception):
            await (await opening).close()
        raise


async def _awaited(connection: Connection) -> Connection:
    await connection
    return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the disk or another process can cause into our errors; let our bugs through."""
    try:
        yield
    except sqlite3.Error as error:
        ours = _ours(path, error)
        if ours is None:
            raise
        raise ours from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFullError(f"the disk of {str(path)!r} is full: free some space") from error
        raise StoreReadOnlyError(
            f"{str(path)!r} cannot be opened for writing ({error.strerror}): check its permissions"
        ) from error


def _ours(path: Path, error: sqlite3.Error) -> StorageError | None:
    name = repr(str(path))
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StoreFullError(
                f"the disk of {name} is full: free some space; reading goes on and nothing was lost"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusyError(f"{name} is held by another process: close it and try again")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreReadOnlyError(
                f"{name} cannot be written to ({error}): check the permissions of its folder"
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return NotADatabaseError(
                f"{name} is damaged or no database ({error}): restore a backup with selfd restore",
                path,
            )
        case sqlite3.SQLITE_IOERR:
            if shutil.disk_usage(path.parent).free < SHARED_MEMORY_BYTES:
                return StoreFullError(f"the disk of {name} is full: free some space")
            return StorageError(f"{name} could not be read or written ({error}): check the disk")
        case sqlite3.SQLITE_INTERRUPT:
            return StorageError(f"reading {name} was interrupted")
    return None
