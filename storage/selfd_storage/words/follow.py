"""Keeping `index.db` in step with `selfd.db`, by the numbered log.

An event only says which items to look at; what is indexed of them is then compared with what is
there. So an event that is read twice changes nothing, and a crash costs at most one step. When the
log does not reach back far enough, or is the log of another store, everything is walked over once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.events import event_time, latest_sequence, read_events
from selfd_storage.ids import split_id
from selfd_storage.language.lexicon import speaker_code, terms
from selfd_storage.ranges import unpack_ranges
from selfd_storage.records import EventRecord
from selfd_storage.words import file as words_file
from selfd_storage.words.chains import Chains
from selfd_storage.words.columns import Columns, Entry
from selfd_storage.words.file import Change, Progress
from selfd_storage.words.source import KINDS, Passage, chunks_of, read_slice

EVENTS = 1000  # that one step reads
LOADED_AT_ONCE = 10_000  # rows; all at once would take ten times the memory that they need
_CHANGES = (
    "memory.added",
    "memory.updated",
    "memory.merged",
    "memory.forgotten",
    "article.added",
    "article.rewritten",
    "articles.shrunk",
    "document.ingested",
    "document.removed",
    "feed.removed",
)
_MEMORY, _ARTICLE, _CHUNK = KINDS


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the log: the progress after it, and what its events name, by kind."""

    progress: Progress
    items: Mapping[int, Sequence[int]] = field(default_factory=dict)
    rewritten: Sequence[int] = ()  # articles that have another text at the same time


class Follower:
    """The index in its file and in memory, and how far it has come. One caller at a time."""

    def __init__(self, source: Database[EventRecord], file: Database[Any]) -> None:
        self.columns = Columns()
        self.chains = Chains(self.columns)
        self.progress = Progress(0, 0, None)
        self.has_graves = False
        self.on_bury: Callable[[Sequence[int]], None] = lambda _docs: None
        self._next = 1
        self._source = source
        self._file = file

    async def load(self) -> None:
        """Read the file, or begin a walk where it is new or of another store."""
        progress = await self._file.read(words_file.read_progress)
        if progress is None or not await self._source.read(lambda db: _continues(db, progress)):
            await self._file.write(words_file.clear, frees=True)
            await self._begin_walk()
            return
        self.progress = progress
        self.columns, self.chains = await self._file.read(_load)
        self._next = await self._file.read(words_file.first_free)
        self.has_graves = await self._file.read(words_file.has_graves)

    async def catch_up(self) -> None:
        """Bring the index to the end of the log."""
        while True:
            step = await self._source.read(self._read_step)
            if step is None:
                await self._begin_walk()
                continue
            for kind, items in step.items.items():
                await self._compare(kind, items)
            if step.rewritten:
                await self._compare(_ARTICLE, step.rewritten, anew=True)
            if step.progress != self.progress:
                await self._file.write(partial(words_file.write_progress, progress=step.progress))
                self.progress = step.progress
            elif self.progress.walk is None:
                return
            if (
                self.progress.walk is not None
            ):  # between steps, so that the log is not lost sight of
                await self._walk_on(*self.progress.walk)

    async def purge(self) -> None:
        """Remove the last traces of what is gone from the file and its log."""
        await self._file.write(words_file.purge, frees=True)
        await self._file.checkpoint()
        self.has_graves = False

    async def join(self) -> None:
        """Put the terms into one piece where they lie in many."""
        if await self._file.read(words_file.is_scattered):
            await self._file.write(words_file.join)

    async def _begin_walk(self) -> None:
        def start(db: sqlite3.Connection) -> Progress:
            latest = latest_sequence(db)
            return Progress(latest, event_time(db, latest) or 0, (KINDS[0], 0))

        progress = await self._source.read(start)
        await self._file.write(partial(words_file.write_progress, progress=progress))
        self.progress = progress

    async def _walk_on(self, kind: int, after: int) -> None:
        found = await self._source.read(lambda db: read_slice(db, kind, after, None))
        following = KINDS.index(kind) + 1
        walk = (kind, found.last) if found.last is not None else None
        if walk is None and following < len(KINDS):
            walk = (KINDS[following], 0)
        items = self.columns.items_between(kind, after, found.last)
        items |= {passage.item for passage in found.passages}
        progress = replace(self.progress, walk=walk)
        await self._take_in(kind, items, found.passages, progress, anew=kind == _ARTICLE)

    def _read_step(self, db: sqlite3.Connection) -> Step | None:
        """Read the next stretch of the log; None where rows are missing from it."""
        cursor = self.progress.cursor
        latest = latest_sequence(db)
        if latest == cursor:
            return Step(self.progress)
        oldest = db.execute("SELECT min(sequence) FROM events").fetchone()[0]
        if oldest is None or oldest > cursor + 1:
            return None
        events = read_events(db, cursor, _CHANGES, EVENTS)
        reached = events[-1].sequence if len(events) == EVENTS else latest
        progress = Progress(reached, event_time(db, reached) or 0, self.progress.walk)
        named = _named(events)
        chunks = [*chunks_of(db, named["document"])]
        chunks += self.columns.items_under(_CHUNK, named["document"])
        articles = [*named["article"], *self.columns.items_under(_ARTICLE, named["feed"])]
        items = {_MEMORY: named["memory"], _ARTICLE: articles, _CHUNK: chunks}
        compared = {kind: sorted(set(each)) for kind, each in items.items() if each}
        return Step(progress, compared, _rewritten(events))

    async def _compare(self, kind: int, items: Sequence[int], *, anew: bool = False) -> None:
        """Bring what is indexed of some items, given in ascending order, to what they are now.

        Args:
            anew: index them even where the same time is indexed already.
        """
        after = 0
        while True:
            found = await self._source.read(
                partial(read_slice, kind=kind, after=after, items=items)
            )
            last = items[-1] if found.last is None else found.last
            covered = [item for item in items if after < item <= last]
            await self._take_in(kind, covered, found.passages, self.progress, anew=anew)
            if found.last is None:
                return
            after = found.last

    async def _take_in(
        self,
        kind: int,
        items: Iterable[int],
        passages: Sequence[Passage],
        progress: Progress,
        *,
        anew: bool = False,
    ) -> None:
        """Make `passages` all that is indexed of `items`, in the file and then in memory."""
        columns, chains = self.columns, self.chains
        old = {}
        for doc in columns.documents(kind, list(items)).tolist():
            entry = columns.entry(doc)
            old[entry.item, entry.valid_from] = doc, (entry.place, entry.valid_to)
        new: dict[int, Passage] = {}
        revised: dict[int, tuple[int, int]] = {}
        for passage in passages:
            known = None if anew else old.pop((passage.item, passage.valid_from), None)
            if known is None:
                new[self._next + len(new)] = passage
            elif known[1] != (passage.place, passage.valid_to):
                revised[known[0]] = passage.place, passage.valid_to
        buried = [doc for doc, _ in old.values()]

        def write(tx: Transaction) -> list[Entry]:
            found = {doc: terms(passage.text) for doc, passage in new.items()}
            entries = {doc: _entry(passage, len(found[doc])) for doc, passage in new.items()}
            words_file.apply(tx, Change(entries, found, revised, buried), progress)
            return list(entries.values())

        entries = await self._file.write(write, frees=bool(buried))
        self.progress = progress
        self._next += len(new)
        self.has_graves = self.has_graves or bool(buried)
        chains.leave([*buried, *revised])
        columns.bury(buried)
        self.on_bury(buried)
        for doc, (place, valid_to) in revised.items():
            columns.revise(doc, place, valid_to)
        columns.put(list(new), entries)
        chains.join([*revised, *new])


def _entry(passage: Passage, length: int) -> Entry:
    is_memory = passage.kind == _MEMORY
    return Entry(
        passage.kind,
        passage.item,
        passage.parent,
        passage.place,
        passage.valid_from,
        passage.valid_to,
        length,
        speaker_code(passage.text) if is_memory else 0,
        is_memory and "?" in passage.text,
    )


def _load(db: sqlite3.Connection) -> tuple[Columns, Chains]:
    columns = Columns()
    columns.make_room(words_file.first_free(db))
    for docs, entries in words_file.read_entries(db, LOADED_AT_ONCE):
        columns.put(docs, entries)
    return columns, Chains(columns)


def _continues(db: sqlite3.Connection, progress: Progress) -> bool:
    """Tell whether the log is the one that the index has followed so far."""
    if latest_sequence(db) < progress.cursor:
        return False
    at = event_time(db, progress.cursor)
    return at is None or at == progress.cursor_at


def _rewritten(events: Iterable[EventRecord]) -> list[int]:
    found: set[int] = set()
    for event in events:
        if event.kind == "articles.shrunk":
            found.update(unpack_ranges(event.payload["shrunk"]))
        elif event.kind == "article.rewritten" and (parts := split_id(event.subject or "")):
            found.add(parts[1])
    return sorted(found)


def _named(events: Iterable[EventRecord]) -> dict[str, list[int]]:
    """Return the numbers that events name, by kind."""
    named: dict[str, list[int]] = {"memory": [], "article": [], "document": [], "feed": []}
    for event in events:
        parts = None if event.subject is None else split_id(event.subject)
        if parts is not None and parts[0] in named:
            named[parts[0]].append(parts[1])
    return named
