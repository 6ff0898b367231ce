"""The store: one object over the data folder, handed to whoever reads or writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from selfd_storage._sqlite import OLDEST, sqlite3
from selfd_storage.backups import write_backup
from selfd_storage.backups.copies import write_copy
from selfd_storage.backups.writing import Progress
from selfd_storage.connection import translated
from selfd_storage.counts import Counts
from selfd_storage.database import Database
from selfd_storage.embedding import TextEmbedder
from selfd_storage.errors import StorageError, StoreClosedError
from selfd_storage.events import DEFAULT_KEEP, EventLog, Events
from selfd_storage.graph.entities import Graph
from selfd_storage.health.damage import Damage
from selfd_storage.health.report import read_parts, read_tiers
from selfd_storage.health.verification import Slice, check_slice, quick_check
from selfd_storage.items import read_items, text_of
from selfd_storage.memory.importance import weighed
from selfd_storage.memory.memories import Memories
from selfd_storage.memory.reflections import Reflections
from selfd_storage.packing.tiers import Tiers
from selfd_storage.pages import checked_first
from selfd_storage.portable import Portable
from selfd_storage.reading.articles import Articles
from selfd_storage.reading.documents import Documents
from selfd_storage.reading.feeds import Feeds
from selfd_storage.reading.retention import Retention
from selfd_storage.reading.stories import Stories
from selfd_storage.reading.terms import Terms
from selfd_storage.records import BackupRecord, EventRecord, Hit, Item, Scope, StorageReportRecord
from selfd_storage.room import RoomLimits
from selfd_storage.schema.steps import APPLICATION_ID, STEPS
from selfd_storage.self_model.assessments import Assessments
from selfd_storage.self_model.goals import Goals
from selfd_storage.self_model.thoughts import Thoughts
from selfd_storage.self_model.track_record import TrackRecord
from selfd_storage.self_model.versions import SelfVersions
from selfd_storage.talking.conversations import Conversations
from selfd_storage.talking.judgements import Judgements
from selfd_storage.times import optional_ms, to_ms, utc_now
from selfd_storage.values import Values
from selfd_storage.working.checkpoints import Checkpoints
from selfd_storage.working.engrams import Engrams
from selfd_storage.working.jobs import Jobs
from selfd_storage.working.minds import Minds
from selfd_storage.working.nights import Nights

if TYPE_CHECKING:  # it brings numpy, which the door of the package must not
    from selfd_storage.index import Found, WordIndex

_VERIFIED = "verification.place"
_ALL = 2**62
PAUSE = timedelta(minutes=1)  # without a search, after which the system may have dropped the files


class Store:
    """Everything that selfd keeps. Open it with `Store.open`, close it when done."""

    def __init__(
        self, folder: Path, database: Database[EventRecord], now: Callable[[], datetime]
    ) -> None:
        """Use `open`."""
        self.folder = folder
        self.database = database
        self._index = folder / "index.db"
        self._now = now
        self._damage = Damage()
        self._counts = Counts()
        self._check: asyncio.Task[list[str]] | None = None
        self._words: WordIndex | None = None
        self._searched_at: datetime | None = None
        self._searches = 0  # that somebody waits for
        database.on_commit(self._counts.apply)
        database.on_commit(self._damage.apply)
        self.memories = Memories(database, now, self._counts, self._damage.note)
        self.documents = Documents(database, now, self._counts)
        self.engrams = Engrams(database)
        self.feeds = Feeds(database, now)
        self.articles = Articles(database, now, self._counts, self._damage.note)
        self.stories = Stories(database, now, self._damage.note)
        self.terms = Terms(database)
        self.graph = Graph(database, self._damage.note)
        self.reflections = Reflections(database, now)
        self.retention = Retention(database)
        self.conversations = Conversations(database, now)
        self.judgements = Judgements(database)
        self.jobs = Jobs(database, now)
        self.checkpoints = Checkpoints(database, now)
        self.nights = Nights(database, now)
        self.minds = Minds(database, now)
        self.events = Events(database)
        self.thoughts = Thoughts(database, self._damage.note)
        self.self_versions = SelfVersions(database, now)
        self.goals = Goals(database, now)
        self.assessments = Assessments(database, now)
        self.track_record = TrackRecord(database)
        self.portable = Portable(database, now)
        self.tiers = Tiers(database, now)
        self.values = Values(database)

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        keep_events: int = DEFAULT_KEEP,
        limits: RoomLimits | None = None,
        busy_seconds: float = 5.0,
        embedders: Sequence[TextEmbedder] = (),
    ) -> Self:
        """Open `selfd.db` and `index.db` in a folder, making what is missing.

        Args:
            keep_events: how many of the newest events the log keeps.
            limits: how much of the disk is left to others.
            busy_seconds: how long to wait for another process that holds the file.
            embedders: the one in use first, then former ones; none: search by words alone.

        Raises:
            NotADatabaseError: `selfd.db` is something else; it was left alone.
            SchemaTooNewError: a newer selfd wrote it; it was left alone.
            StoreReadOnlyError: the folder cannot be written to.
        """
        if sqlite3.sqlite_version_info < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise StorageError(
                f"SQLite {sqlite3.sqlite_version} is too old, selfd needs {needed}: "
                "install selfd[sqlite]"
            )
        path = folder / "selfd.db"
        with translated(path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = await Database.open(
            path,
            application_id=APPLICATION_ID,
            steps=STEPS,
            journal=EventLog(now, keep_events),
            limits=limits,
            busy_seconds=busy_seconds,
            before_migration=lambda version: _copy_before_migration(path, version, now()),
        )
        self = cls(folder, database, now)
        database.read_ahead(self._is_searched)
        try:
            await database.read(self._counts.load)
            await self.tiers.open()
            await self._open_words(limits, busy_seconds, embedders)
        except BaseException:
            await self.close()
            raise
        if database.was_unclean:
            self._check = asyncio.create_task(self.check_structure())
        return self

    def on_commit(self, callback: Callable[[Sequence[EventRecord]], None]) -> None:
        """Call `callback` on the event loop after each commit that wrote events, in their order."""
        self.database.on_commit(callback)

    async def search(
        self,
        query: str,
        *,
        scope: Sequence[Scope] | None = None,
        first: int = 10,
        as_of: datetime | None = None,
        since: datetime | None = None,
        closely: bool = False,
    ) -> list[Hit]:
        """Return what fits a question best, the best first, as of now or of a moment.

        Args:
            scope: where to look; None is everywhere.
            since: leave out what is older, and documents, which have no time.
            closely: order it for an answer that needs several texts; takes longer.
        """
        checked_first(first)
        if self._words is None:
            raise StoreClosedError("the store is closed: start selfd again with selfd up")
        now = self._now()
        if self._searched_at is None or now - self._searched_at > PAUSE:
            self.database.read_ahead(self._is_searched)
            self._words.read_ahead()
        self._searched_at = now
        moment = optional_ms(as_of)

        def read(found: Sequence[Found], db: sqlite3.Connection) -> list[Hit]:
            ids = [each.item_id for each in found]
            items = read_items(db, ids, self._damage.note, moment, to_ms(now))
            return weighed(
                Hit(item, each.score, text_of(item), each.via)
                for each, item in zip(found, items, strict=True)
                if item is not None
            )

        self._searches += 1
        try:
            return await self._words.find(
                query, read, scope=scope, first=first, as_of=as_of, since=since, closely=closely
            )
        finally:
            self._searches -= 1

    async def settle(self) -> None:
        """Wait until searches know all that was acknowledged, by its words and its meaning.

        Nobody needs to: a search waits for words by itself, and meaning follows in seconds.
        """
        if self._words is None:
            raise StoreClosedError("the store is closed: start selfd again with selfd up")
        await self._words.settle()

    async def items(self, ids: Sequence[str]) -> list[Item | None]:
        """Return memories, articles and chunks in the order of `ids`, None where there is none.

        A damaged one is None too, and named in `problems`.
        """
        now = to_ms(self._now())
        return await self.database.read(lambda db: read_items(db, ids, self._damage.note, now=now))

    async def report(self) -> StorageReportRecord:
        """Measure what texts and their vectors take: raw, and on disk with all kept about them."""
        tiers = await self.database.read(read_tiers)
        parts = await self.database.read(lambda db: read_parts(db, "selfd.db"))
        vectors = 0
        if self._words is not None:
            parts += await self._words.read_parts()
            vectors = self._words.vector_bytes
        return StorageReportRecord(
            memory_count=self._counts.memories,
            raw_bytes=sum(tier.raw_bytes for tier in tiers) + vectors,
            stored_bytes=sum(part.bytes for part in parts),
            tiers=tiers,
            parts=tuple(sorted(parts, key=lambda part: -part.bytes)),
            vector_bytes=vectors,
        )

    async def backup(
        self,
        path: Path | str,
        *,
        passphrase: str | None = None,
        progress: Progress = lambda _share, _what: None,
    ) -> BackupRecord:
        """Write all that cannot be made again to a new backup file, and read it back.

        Args:
            passphrase: encrypts it; None leaves it readable.
            progress: told from another thread how far it is.

        Raises:
            DuplicateError: there is a file of that name.
            NotADatabaseError: the store is damaged in its structure.
            BackupError: it could not be read back as it was written.
        """
        return await asyncio.to_thread(
            write_backup,
            self.folder,
            Path(path),
            at=self._now(),
            passphrase=passphrase,
            progress=progress,
        )

    async def verify(self, limit: int | None = None) -> list[str]:
        """Check rows against their content hashes and return the ids of those that are damaged.

        With a limit, the check goes on where the last one with a limit ended, and starts over at
        the end, so that nightly slices get to everything.
        """
        if limit is None:
            return (await self.check(limit=_ALL)).damaged
        last = await self.values.get(_VERIFIED) or (0, 0)
        found = await self.check((int(last[0]), int(last[1])), limit)
        await self.values.set(_VERIFIED, found.next_place or (0, 0))
        return found.damaged

    async def check(self, place: tuple[int, int] = (0, 0), limit: int = 1000) -> Slice:
        """Check some rows from a place on; `next_place` is None at the end."""
        found = await self.database.read(lambda db: check_slice(db, place, limit))
        for id in found.damaged:
            self._damage.note(id)
        return found

    async def check_structure(self) -> list[str]:
        """Return what SQLite minds about the structure of `selfd.db`."""
        self._damage.complaints = await self.database.read(quick_check)
        return self._damage.complaints

    async def checked(self) -> None:
        """Wait for the check that follows an unclean stop."""
        if self._check is not None:
            await asyncio.wait([self._check])

    def problems(self) -> list[str]:
        """Return what is degraded, in words that a person can act on."""
        found = []
        if self.database.is_short_of_room:
            found.append(
                f"the disk of {str(self.folder)!r} is almost full, so nothing is written: "
                "free some space"
            )
        if self._words is not None:
            found += self._words.problems()
        return found + self._damage.problems()

    async def close(self) -> None:
        """Finish what runs and close the files."""
        if self._check is not None:
            self._check.cancel()
            await asyncio.wait([self._check])
        if self._words is not None:
            await self._words.close()
            self._words = None
        await self.database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open_words(
        self,
        limits: RoomLimits | None,
        busy_seconds: float,
        embedders: Sequence[TextEmbedder],
    ) -> None:
        from selfd_storage.index import WordIndex

        self._words = await WordIndex.open(
            self.folder,
            self.database,
            now=self._now,
            limits=limits,
            busy_seconds=busy_seconds,
            embedders=embedders,
            is_busy=self._is_searched,
        )

    def _is_searched(self) -> bool:
        return self._searches > 0


def _copy_before_migration(path: Path, version: int, at: datetime) -> None:
    """Keep an older file as it is, beside the one that is about to be changed."""
    folder = path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_copy(path, folder / f"selfd-schema{version}-{at:%Y%m%d-%H%M%S}.db")
