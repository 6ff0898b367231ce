"""One SQLite file behind two calls: `read` (or `read_with`, of two files) and `write`.

`write` is the only way to change the file: one function, one BEGIN IMMEDIATE transaction, one hop
to the writer's thread. A cancelled caller stops waiting, but the transaction comes to its end, so
that none is ever left open. `read` borrows one of a few connections that cannot write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from selfd_storage._sqlite import sqlite3
from selfd_storage.connection import Connection, opened, reader, snapshot, translated, writer
from selfd_storage.errors import StoreBusyError, StoreClosedError, StoreFullError
from selfd_storage.read_ahead import ReadAhead
from selfd_storage.room import Room, RoomLimits
from selfd_storage.schema.migrations import Migration, check_file, migrate, schema_version

T = TypeVar("T")
E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)
READERS = 3
SECONDS_TO_SCRUB = 1.0
MOST_IN_MEMORY = 32_000_000  # bytes that a file may have to be written anew by way of memory
CHECKPOINT_PATIENCE_MS = 100  # other writes wait that long too


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that a transaction wants written with it."""

    kind: str
    subject: str | None
    payload: Mapping[str, Any]


@dataclass(slots=True)
class Transaction:
    """One open transaction, for the function that writes in it."""

    connection: sqlite3.Connection
    emitted: list[Emitted] = field(default_factory=list)

    def execute(self, statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> Any:
        """Run one statement and return its cursor."""
        return self.connection.execute(statement, values)

    def emit(
        self, kind: str, subject: str | None = None, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Have an event written in this transaction, and published once it is committed."""
        self.emitted.append(Emitted(kind, subject, payload or {}))


class Journal(Protocol[E_co]):
    """Writes the events of a transaction, just before its commit."""

    def append(
        self, connection: sqlite3.Connection, emitted: Sequence[Emitted]
    ) -> Sequence[E_co]: ...


class Database(Generic[E]):
    """One file: a writer, a few readers, and the functions that run on their threads."""

    def __init__(self, path: Path, room: Room, journal: Journal[E] | None) -> None:
        """Use `open`."""
        self.path = path
        self.was_unclean = False
        self._room = room
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._writer: Connection | None = None
        self._readers: list[Connection] = []
        # The last one used first: what it read is still in its cache.
        self._idle: asyncio.Queue[Connection] = asyncio.LifoQueue()
        self._running: set[asyncio.Task[Any]] = set()
        self._listeners: list[Callable[[Sequence[E]], None]] = []
        self._is_durable: bool | None = None
        self._closed = False
        self._scrubbing: asyncio.Task[None] | None = None
        self._ahead: ReadAhead | None = None
        self._reading_ahead: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        application_id: int,
        steps: Sequence[Migration],
        journal: Journal[E] | None = None,
        limits: RoomLimits | None = None,
        busy_seconds: float = 5.0,
        before_migration: Callable[[int], None] | None = None,
    ) -> Database[E]:
        """Open or make the file and bring it to the present schema.

        Args:
            before_migration: called with the version of an older file, before its first step.
        """
        self = cls(path, Room(path.parent, limits or RoomLimits()), journal)
        log = path.with_name(path.name + "-wal")
        self.was_unclean = log.exists() and log.stat().st_size > 0
        with translated(path):
            await asyncio.to_thread(self._room.make_way)
            await asyncio.to_thread(check_file, path, application_id, len(steps), busy_seconds)

        def prepare(connection: sqlite3.Connection) -> None:
            version = schema_version(connection)
            if before_migration is not None and 0 < version < len(steps):
                before_migration(version)
            migrate(connection, path, application_id, steps)

        try:
            with translated(path):
                self._writer = await opened(writer(path, busy_seconds))
                await self._writer.run(prepare)
                for _ in range(READERS):
                    self._readers.append(await opened(reader(path, busy_seconds)))
                self._ahead = ReadAhead(path)
            await asyncio.to_thread(self._room.keep_ballast)
        except BaseException:
            await self.close()
            raise
        for connection in self._readers:
            self._idle.put_nowait(connection)
        return self

    def on_commit(self, listener: Callable[[Sequence[E]], None]) -> None:
        """Call `listener` on the event loop after each commit that wrote events, in their order."""
        self._listeners.append(listener)

    @property
    def is_short_of_room(self) -> bool:
        """Tell whether writes are refused until somebody frees space on the disk."""
        return self._room.is_short

    async def write(
        self, fn: Callable[[Transaction], T], *, durable: bool = False, frees: bool = False
    ) -> T:
        """Run `fn` in one transaction and return its result once that is committed.

        Args:
            durable: reach the disk first, for what a person would miss after a power cut.
            frees: the write makes room, so it may run on a disk that is almost full.
        """
        connection = self._open_writer()

        def transact(raw: sqlite3.Connection) -> T:
            if frees:
                return self._freeing(raw, fn, durable)
            self._room.require()
            return self._transact(raw, fn, durable)

        return await self._shielded(connection.run(transact))

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run `fn` over one consistent snapshot; a cancelled caller stops its statement."""
        return await self._read((self,), fn)

    async def read_with(
        self, other: Database[Any], fn: Callable[[sqlite3.Connection, sqlite3.Connection], T]
    ) -> T:
        """Run `fn` over a snapshot of this file and one of another, on one thread.

        Who reads this file on behalf of another must ask in the same order, lest each waits for
        what the other holds. Errors of `other` are to be `translated` by `fn`.
        """
        return await self._read((self, other), fn)

    async def _read(self, files: Sequence[Database[Any]], fn: Callable[..., T]) -> T:
        lent: list[Connection] = []
        abandoned = False

        def give_back() -> None:
            for file, connection in zip(files, lent, strict=False):
                file._idle.put_nowait(connection)

        def is_over() -> bool:
            return abandoned or any(file._closed for file in files)

        def snapshots(_: sqlite3.Connection) -> T:
            with ExitStack() as open_now:
                return fn(*(open_now.enter_context(snapshot(c.raw, is_over)) for c in lent))

        try:
            for file in files:
                lent.append(await file._borrow())
        except BaseException:
            give_back()
            raise
        try:
            return await self._shielded(lent[0].run(snapshots), give_back, files)
        except asyncio.CancelledError:
            abandoned = True  # for the next statement; the present one is interrupted
            for connection in lent:
                connection.interrupt_now()
            raise

    async def _borrow(self) -> Connection:
        """Wait for a connection that nobody reads with."""
        self._require_open()
        connection = await self._idle.get()
        if self._closed:
            self._idle.put_nowait(connection)  # for whoever waits behind, to learn the same
        self._require_open()
        return connection

    def read_ahead(self, is_busy: Callable[[], bool]) -> None:
        """Have the system read the file in the background, where it does not do so already.

        Args:
            is_busy: tells, on any thread, that somebody waits for the disk, who goes first.
        """
        earlier = self._reading_ahead
        if self._closed or self._ahead is None or (earlier is not None and not earlier.done()):
            return
        reading = asyncio.to_thread(self._ahead.run, lambda: self._closed, is_busy)
        task = asyncio.create_task(reading)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        self._reading_ahead = task

    async def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it.

        False where a full disk or a reader is in the way, after a moment's patience.
        """

        def empty(raw: sqlite3.Connection) -> bool:
            (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
            raw.execute(f"PRAGMA busy_timeout = {CHECKPOINT_PATIENCE_MS:d}")
            try:
                return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            finally:
                raw.execute(f"PRAGMA busy_timeout = {patience:d}")

        try:
            return await self._shielded(self._open_writer().run(empty))
        except (StoreBusyError, StoreFullError):
            return False

    async def vacuum(self) -> bool:
        """Write the file anew without its free space; False where the disk has no room for it."""
        size = self.path.stat().st_size

        def rewrite(raw: sqlite3.Connection) -> bool:
            if self._room.spare < 2 * size:  # a temporary file and the write-ahead log
                return False
            if size > MOST_IN_MEMORY:
                raw.execute("PRAGMA temp_store = FILE")
            try:
                raw.execute("VACUUM")
            finally:
                raw.execute("PRAGMA temp_store = MEMORY")
            return True

        try:
            return await self._shielded(self._open_writer().run(rewrite))
        except StoreFullError:
            return False

    async def scrub(self) -> None:
        """Empty the write-ahead log, where deleted text still lies; later if it must be later."""
        if not await self.checkpoint() and self._scrubbing is None:
            self._scrubbing = asyncio.create_task(self._scrub_later())

    async def _scrub_later(self) -> None:
        done = False
        while not done:
            await asyncio.sleep(SECONDS_TO_SCRUB)
            done = await self.checkpoint()
        self._scrubbing = None

    async def close(self) -> None:
        """Finish what runs, then close; the last one out empties the write-ahead log."""
        if not self._closed:
            self._closed = True
            if self._scrubbing is not None:
                self._scrubbing.cancel()
            await asyncio.shield(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        for connection in self._readers:
            connection.interrupt_now()
        if self._running:
            await asyncio.wait(self._running)
        for connection in self._readers:
            await connection.close()
        if self._writer is not None:
            await self._writer.close()
        if self._ahead is not None:
            self._ahead.close()

    def _require_open(self) -> None:
        if self._closed:
            raise StoreClosedError("the store is closed: start selfd again with selfd up")

    def _open_writer(self) -> Connection:
        self._require_open()
        assert self._writer is not None, "open makes it"
        return self._writer

    async def _shielded(
        self,
        work: Coroutine[Any, Any, T],
        done: Callable[[], None] | None = None,
        files: Sequence[Database[Any]] = (),
    ) -> T:
        """Await `work` in a task that outlives its caller, so that it always comes to its end.

        Args:
            files: those that must not close before; none: this one.
        """
        task = asyncio.create_task(work)
        held = files or (self,)
        for file in held:
            file._running.add(task)

        def finish(ended: asyncio.Task[T]) -> None:
            for file in held:
                file._running.discard(ended)
            if done is not None:
                done()
            if not ended.cancelled():
                ended.exception()  # seen, even when nobody waits any more

        task.add_done_callback(finish)
        with translated(self.path):
            return await asyncio.shield(task)

    def _transact(
        self, raw: sqlite3.Connection, fn: Callable[[Transaction], T], durable: bool
    ) -> T:
        self._set_durable(raw, durable)
        raw.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(raw)
            result = fn(transaction)
            events: Sequence[E] = ()
            if self._journal is not None and transaction.emitted:
                events = self._journal.append(raw, transaction.emitted)
            raw.execute("COMMIT")
        finally:
            if raw.in_transaction:  # a full disk has rolled back by itself
                raw.execute("ROLLBACK")
        if events:
            self._loop.call_soon_threadsafe(self._publish, events)
        return result

    def _freeing(self, raw: sqlite3.Connection, fn: Callable[[Transaction], T], durable: bool) -> T:
        try:
            with translated(self.path):
                result = self._transact(raw, fn, durable)
        except StoreFullError:
            if not self._room.give_up_ballast():
                raise
            result = self._transact(raw, fn, durable)
        self._room.keep_ballast()
        return result

    def _set_durable(self, raw: sqlite3.Connection, durable: bool) -> None:
        if durable != self._is_durable:
            raw.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
            self._is_durable = durable

    def _publish(self, events: Sequence[E]) -> None:
        for listener in self._listeners:
            listener(events)
