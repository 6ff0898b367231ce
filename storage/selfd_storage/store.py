"""The store: one object over the data folder, handed to whoever reads or writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from selfd_storage._sqlite import WAL_RESET_FIXED, sqlite3
from selfd_storage.connection import translated
from selfd_storage.counts import Counts
from selfd_storage.database import Database
from selfd_storage.events import DEFAULT_KEEP, EventLog, Events
from selfd_storage.memories import Memories
from selfd_storage.records import EventRecord
from selfd_storage.room import RoomLimits
from selfd_storage.schema import APPLICATION_ID, STEPS
from selfd_storage.times import utc_now


class Store:
    """Everything that selfd keeps. Open it with `Store.open`, close it when done."""

    def __init__(
        self, folder: Path, database: Database[EventRecord], now: Callable[[], datetime]
    ) -> None:
        """Use `open`."""
        self.folder = folder
        self.database = database
        self._damaged: set[str] = set()
        self._counts = Counts()
        database.on_commit(self._counts.apply)
        self.memories = Memories(database, now, self._counts, self._damaged.add)
        self.events = Events(database)

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        keep_events: int = DEFAULT_KEEP,
        limits: RoomLimits | None = None,
        busy_seconds: float = 5.0,
    ) -> Self:
        """Open `selfd.db` and `index.db` in a folder, making what is missing.

        Raises:
            NotADatabaseError: `selfd.db` is something else; it was left alone.
            SchemaTooNewError: a newer selfd wrote it; it was left alone.
            StoreReadOnlyError: the folder cannot be written to.
        """
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
        )
        self = cls(folder, database, now)
        await database.read(self._counts.load)
        return self

    def on_commit(self, callback: Callable[[Sequence[EventRecord]], None]) -> None:
        """Call `callback` on the event loop after each commit that wrote events, in their order."""
        self.database.on_commit(callback)

    def problems(self) -> list[str]:
        """Return what is degraded, in words that a person can act on."""
        found = []
        if sqlite3.sqlite_version_info < WAL_RESET_FIXED:
            fixed = ".".join(map(str, WAL_RESET_FIXED))
            found.append(
                f"SQLite {sqlite3.sqlite_version} is older than {fixed}, which mended a rare loss "
                "of data: install selfd[sqlite]"
            )
        if self.database.is_short_of_room:
            found.append(
                f"the disk of {str(self.folder)!r} is almost full, so nothing is written: "
                "free some space"
            )
        found += [f"{id} is damaged: restore it with selfd restore" for id in sorted(self._damaged)]
        return found

    async def close(self) -> None:
        """Finish what runs and close the files."""
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
