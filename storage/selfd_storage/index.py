"""The index of words and meaning: one object beside the database, asked for items by what they say.

`index.db` can be deleted at any time: it is made anew from `selfd.db`. One task follows the log; a
search waits for it, so that what was acknowledged before is found, but not for ever. A second task
embeds what the first one has taken in; no search waits for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.follow import CodesFollower
from selfd_storage.database import Database
from selfd_storage.embedding import TextEmbedder
from selfd_storage.errors import (
    MigrationError,
    NotADatabaseError,
    SchemaTooNewError,
    StoreFullError,
    StoreReadOnlyError,
)
from selfd_storage.events import latest_sequence
from selfd_storage.health.report import read_parts
from selfd_storage.ids import CODES, NAMES
from selfd_storage.ranking.fusion import Query, Ranked, View
from selfd_storage.ranking.retrieval import Retrieval
from selfd_storage.records import EventRecord, Scope, StoragePartRecord
from selfd_storage.room import RoomLimits
from selfd_storage.times import optional_ms, utc_now
from selfd_storage.words.columns import BURIED
from selfd_storage.words.file import APPLICATION_ID, STEPS
from selfd_storage.words.follow import Follower

T = TypeVar("T")
PATIENCE_SECONDS = 2.0  # that a search waits for the index to catch up
JOIN_SECONDS = 2.0  # without anything new, before the terms are put into one piece
PURGE_SECONDS = 2.0  # from a burial to the purge
PURGE_SHARE = 20  # ... or so many times what the last purge took: at most 5 % of the time

# A broken constraint means that file and memory differ; both are made anew.
_DAMAGED = (NotADatabaseError, SchemaTooNewError, MigrationError, sqlite3.IntegrityError)
_SCOPES: Mapping[Scope, int] = {
    "MEMORY": CODES["memory"],
    "ARTICLE": CODES["article"],
    "DOCUMENT": CODES["chunk"],
}


class Found(NamedTuple):
    """One item that a search found; `score` is in [0, 1], `via` says what spoke for it."""

    item_id: str
    score: float
    via: tuple[str, ...]


class WordIndex:
    """`index.db` and what of it is in memory. Open it with `WordIndex.open`, close it when done."""

    def __init__(
        self,
        source: Database[EventRecord],
        open_file: Callable[[], Any],
        path: Path,
        now: Callable[[], datetime],
        embedders: Sequence[TextEmbedder],
        is_busy: Callable[[], bool],
    ) -> None:
        """Use `open`."""
        self._source = source
        self._open_file = open_file
        self._path = path
        self._now = now
        self._embedders = embedders
        self._is_busy = is_busy
        self._latest = 0
        self._began_empty = False  # a new store: there is nothing to make anew
        self._is_damaged = False
        self._trouble: Exception | None = None
        self._purge_at: float | None = None
        self._purge_pause = PURGE_SECONDS
        self._join_at: float | None = None
        self._known = 0  # documents, when it was decided when to join
        self._woken = asyncio.Event()
        self._progressed = asyncio.Condition()
        self._file: Database[Any]
        self._follower: Follower
        self._codes: CodesFollower
        self._retrieval: Retrieval
        self._tending: asyncio.Task[None] | None = None
        self._embedding: asyncio.Task[None] | None = None
        self._grown = asyncio.Event()
        self._embedding_trouble: Exception | None = None

    @classmethod
    async def open(
        cls,
        folder: Path,
        source: Database[EventRecord],
        *,
        now: Callable[[], datetime] = utc_now,
        limits: RoomLimits | None = None,
        busy_seconds: float = 5.0,
        embedders: Sequence[TextEmbedder] = (),
        is_busy: Callable[[], bool] = lambda: False,
    ) -> Self:
        """Open `index.db`, make it anew if it is missing or damaged, and follow `source`.

        Args:
            embedders: the one in use first, then former ones that can still be had; without any,
                items are found by words alone.
            is_busy: tells that searches wait for the disk, so that nothing is read ahead.
        """
        path = folder / "index.db"

        async def open_file() -> Database[Any]:
            return await Database.open(
                path,
                application_id=APPLICATION_ID,
                steps=STEPS,
                limits=limits,
                busy_seconds=busy_seconds,
            )

        self = cls(source, open_file, path, now, embedders, is_busy)
        source.on_commit(self._note)
        self._latest = await source.read(latest_sequence)
        self._began_empty = self._latest == 0
        try:
            await self._load()
        except _DAMAGED:
            await self._start_anew()
        self._tending = asyncio.create_task(self._tend())
        self._woken.set()
        return self

    async def close(self) -> None:
        """Stop following and close the file."""
        if self._tending is not None:
            self._tending.cancel()
            with suppress(asyncio.CancelledError):
                await self._tending
        await self._stop_embedding()
        await self._file.close()

    @property
    def vector_bytes(self) -> int:
        """What the vectors of all coded texts would take as float32."""
        return self._codes.vector_bytes

    async def read_parts(self) -> tuple[StoragePartRecord, ...]:
        """Measure what the tables of the file take."""
        return await self._file.read(lambda db: read_parts(db, self._path.name))

    def problems(self) -> list[str]:
        """Return what is degraded, in words that a person can act on.

        Of a full disk the store tells itself, and says so no longer once there is room.
        """
        if self._trouble is not None and not isinstance(self._trouble, StoreFullError):
            return [f"the index of words is behind, so searches miss what is new: {self._trouble}"]
        if self._follower.progress.walk is not None and not self._began_empty:
            return ["the index of words is being made anew: searches are not complete yet"]
        error = self._embedding_trouble or self._retrieval.trouble
        if error is not None and not isinstance(error, StoreFullError):
            return [f"searches find by words alone: {error}"]
        return []

    async def find(
        self,
        query: str,
        read: Callable[[Sequence[Found], sqlite3.Connection], T],
        *,
        scope: Sequence[Scope] | None = None,
        first: int = 10,
        as_of: datetime | None = None,
        since: datetime | None = None,
        closely: bool = False,
    ) -> T:
        """Return what `read` makes of the items that fit a question best, now or at a moment.

        Args:
            read: called with the items, the best first, and with `selfd.db`.
            scope: where to look; None is everywhere.
            since: leave out what is older, and documents, which have no time.
            closely: look again at what was found, part by part and along names.
        """
        await self._wait_for_present(PATIENCE_SECONDS)
        asked = Query.read(query, self._now() if as_of is None else as_of)
        kinds = None if scope is None else tuple(_SCOPES[each] for each in scope)

        async def look() -> T:
            follower = self._follower
            moment, after = optional_ms(as_of), optional_ms(since)
            view = View(follower.columns, follower.chains, kinds, moment, after)

            def then(ranked: Sequence[Ranked], source: sqlite3.Connection) -> T:
                return read(_found(view, ranked), source)

            layers = self._codes.layers
            return await self._retrieval.search(view, layers, query, asked, first, closely, then)

        try:
            return await look()
        except _DAMAGED as error:
            if not self._is_damage(error):
                raise
            self._is_damaged = True
            await self._wait_for_present(PATIENCE_SECONDS)
            return await look()

    def read_ahead(self) -> None:
        """Have the system read the file before searches need it."""
        self._file.read_ahead(self._is_busy)

    async def catch_up(self) -> None:
        """Wait until everything that was acknowledged so far can be found.

        Raises:
            StorageError: the index cannot be written to.
        """
        await self._wait_for_present(None)
        if self._trouble is not None:
            raise self._trouble

    async def purge(self) -> None:
        """Remove the last traces of forgotten words now; it happens by itself seconds later."""
        await self.catch_up()
        self._purge_at = 0.0
        self._woken.set()
        async with self._progressed:
            await self._progressed.wait_for(lambda: self._purge_at is None or self._trouble)
        if self._trouble is not None:
            raise self._trouble

    async def settle(self) -> None:
        """Wait until everything that was acknowledged so far can be found by its meaning, too.

        Raises:
            StorageError: the index cannot be written to, or texts cannot be embedded.
        """
        await self.catch_up()
        self._embedding_trouble = None
        self._grown.set()
        async with self._progressed:
            await self._progressed.wait_for(
                lambda: self._codes.is_done or self._embedding_trouble is not None
            )
        if self._embedding_trouble is not None:
            raise self._embedding_trouble
        self._join_at = 0.0
        self._woken.set()
        async with self._progressed:
            await self._progressed.wait_for(lambda: self._join_at is None)

    def _is_damage(self, error: Exception) -> bool:
        """Tell whether an error means that this file must be made anew; `selfd.db` is another."""
        if isinstance(error, NotADatabaseError) and error.path not in (None, self._path):
            return False
        return isinstance(error, _DAMAGED)

    def _note(self, events: Sequence[EventRecord]) -> None:
        self._latest = events[-1].sequence
        self._woken.set()

    def _is_present(self, sequence: int) -> bool:
        progress = self._follower.progress
        return progress.walk is None and progress.cursor >= sequence and not self._is_damaged

    async def _wait_for_present(self, seconds: float | None) -> None:
        """Wait until the index holds what the log held at this moment, or cannot get there."""
        wanted = self._latest
        if self._is_present(wanted):
            return
        self._trouble = None
        self._woken.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._progressed:
                await self._progressed.wait_for(lambda: self._is_present(wanted) or self._trouble)

    async def _tend(self) -> None:
        """Follow the log whenever it grows, and purge some time after something went."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                due = [at for at in (self._purge_at, self._join_at) if at is not None]
                async with asyncio.timeout_at(min(due, default=None)):
                    await self._woken.wait()
            self._woken.clear()
            try:
                if self._is_damaged:
                    await self._stop_embedding()
                    await self._file.close()
                    await self._start_anew()
                await self._follower.catch_up()
                self._grown.set()
                if self._follower.has_graves and self._purge_at is None:
                    self._purge_at = loop.time() + self._purge_pause
                if self._purge_at is not None and self._purge_at <= loop.time():
                    await self._purge(loop.time)
                await self._join(loop.time())
                self._trouble = None
            except Exception as error:  # told by `problems`; a task that dies would tell nobody
                self._is_damaged = self._is_damaged or self._is_damage(error)
                self._trouble = error
                self._purge_at = self._join_at = None
            async with self._progressed:
                self._progressed.notify_all()

    async def _embed(self) -> None:
        """Embed what was taken in, whenever that grows."""
        while True:
            await self._grown.wait()
            self._grown.clear()
            try:
                while await self._codes.step():
                    pass
                self._embedding_trouble = None
            except Exception as error:  # told by `problems`; a task that dies would tell nobody
                self._embedding_trouble = error
                if isinstance(error, _DAMAGED):
                    self._is_damaged = True
                    self._woken.set()
            async with self._progressed:
                self._progressed.notify_all()

    async def _stop_embedding(self) -> None:
        if self._embedding is not None:
            self._embedding.cancel()
            with suppress(asyncio.CancelledError):
                await self._embedding
            self._embedding = None

    async def _purge(self, clock: Callable[[], float]) -> None:
        began = clock()
        await self._follower.purge()
        self._purge_pause = max(PURGE_SECONDS, PURGE_SHARE * (clock() - began))
        self._purge_at = None

    async def _join(self, now: float) -> None:
        """Put the terms into one piece once nothing new has come for a while."""
        count = self._follower.columns.count
        if count != self._known:
            self._known = count
            if self._join_at != 0.0:  # else somebody waits for it
                self._join_at = now + JOIN_SECONDS
        if self._join_at is not None and self._join_at <= now:
            with suppress(StoreFullError, StoreReadOnlyError):  # it would only be faster
                await self._follower.join()
            self._join_at = None

    async def _load(self) -> None:
        self._file = await self._open_file()
        self._file.read_ahead(self._is_busy)
        self._follower = Follower(self._source, self._file)
        self._retrieval = Retrieval(self._source, self._file)
        try:
            await self._follower.load()
            columns = self._follower.columns
            self._codes = CodesFollower(self._source, self._file, columns, self._embedders)
            with suppress(StoreFullError, StoreReadOnlyError):  # by words alone, until it can write
                await self._codes.load()
        except BaseException:
            await self._file.close()
            raise
        self._follower.on_bury = self._codes.erase
        if self._embedders:
            self._embedding = asyncio.create_task(self._embed())

    async def _start_anew(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        await self._load()
        self._is_damaged = False


def _found(view: View, ranked: Sequence[Ranked]) -> list[Found]:
    """Return the items of documents, those that there are still."""
    entries = ((each, view.columns.entry(each.doc)) for each in ranked)
    return [
        Found(f"{NAMES[entry.kind]}:{entry.item}", each.score, each.via)
        for each, entry in entries
        if entry.kind != BURIED
    ]
