"""The store's part that gives out lines and takes them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import InvalidInputError, LineError
from selfd_storage.portable.conversations import ConversationLines
from selfd_storage.portable.lines import (
    TABLES,
    Lines,
    Object,
    Outcome,
    PortableKind,
    Run,
    highest,
)
from selfd_storage.portable.memories import MemoryLines
from selfd_storage.portable.nights import NightLines
from selfd_storage.portable.reading import ArticleLines, DocumentLines, FeedLines
from selfd_storage.portable.reflections import ReflectionLines
from selfd_storage.portable.self_knowledge import ASSESSMENTS, GOALS, JOURNAL, MINDS
from selfd_storage.portable.self_versions import SelfVersionLines
from selfd_storage.records import EventRecord
from selfd_storage.times import to_ms

# In the order of an import: what is cited comes before what cites it.
KINDS: Mapping[PortableKind, Lines] = {
    "documents": DocumentLines(),
    "feeds": FeedLines(),
    "articles": ArticleLines(),
    "memories": MemoryLines(),
    "reflections": ReflectionLines(),
    "conversations": ConversationLines(),
    "minds": MINDS,
    "goals": GOALS,
    "assessments": ASSESSMENTS,
    "nights": NightLines(),
    "journal": JOURNAL,
    "self_versions": SelfVersionLines(),
}


def portable_kinds() -> Sequence[PortableKind]:
    """Return the kinds of lines in the order in which they are taken in."""
    return tuple(KINDS)


class Portable:
    """Reads and writes everything as plain objects."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def read(
        self, kind: PortableKind, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return rows above a number with their numbers, None in the place of damaged ones."""
        return await self._database.read(lambda db: KINDS[kind].read(db, after, limit))

    async def begin(self, cited: frozenset[str] = frozenset()) -> Run:
        """Begin an import whose conversations cite these ids."""

        def read(db: sqlite3.Connection) -> dict[str, int]:
            return {table: highest(db, table) for table in TABLES}

        return Run(to_ms(self._now()), await self._database.read(read), cited)

    async def put(self, kind: PortableKind, lines: Sequence[Object], run: Run) -> Counter[Outcome]:
        """Take lines in, all or none of them; doing it again changes nothing.

        Raises:
            LineError: a line is not as it should be.
        """

        def write(tx: Transaction) -> Counter[Outcome]:
            return _each(lines, lambda line: KINDS[kind].put(tx, line, run))

        return await self._database.write(write, durable=True)

    async def known(
        self, kind: PortableKind, lines: Sequence[Object], run: Run
    ) -> Counter[Outcome]:
        """Count what `put` would find here already, and change nothing."""

        def found(db: sqlite3.Connection, line: Object) -> Outcome:
            return "known" if KINDS[kind].known(db, line, run) else "new"

        def read(db: sqlite3.Connection) -> Counter[Outcome]:
            return _each(lines, lambda line: found(db, line))

        return await self._database.read(read)


def _each(lines: Sequence[Object], do: Callable[[Object], Outcome]) -> Counter[Outcome]:
    counts: Counter[Outcome] = Counter()
    for place, line in enumerate(lines):
        try:
            counts[do(line)] += 1
        except InvalidInputError as error:
            raise LineError(str(error), place) from error
    return counts
