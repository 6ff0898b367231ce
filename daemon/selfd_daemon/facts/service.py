"""The graph as the API sees it: memories and articles are read soon after they arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from selfd_daemon.clock import Monotonic
from selfd_daemon.facts.casing import Casing
from selfd_daemon.facts.names import doubtful, read_names
from selfd_daemon.facts.notes import read_note
from selfd_daemon.facts.reading import EDITION, read_statements
from selfd_daemon.facts.reports import read_report
from selfd_daemon.facts.timeline import Relation, is_functional, relations
from selfd_daemon.facts.verification import FIRST_PERSON, Proposal, in_our_words, verified
from selfd_daemon.facts.vocabulary import MACHINES, OWNER, OWNERS
from selfd_graphql import EntityInfo, RelationInfo, ServiceError
from selfd_storage import (
    ArticleRecord,
    EventRecord,
    Hit,
    Item,
    ItemReading,
    MemoryRecord,
    NewStatement,
    StorageError,
    Store,
)
from selfd_storage.graph.entities import told_at

PATIENCE_SECONDS = 3.0  # that a question waits for what has just arrived
REST = 1.0  # seconds of rest for each second of reading, while nobody waits
QUIET_SECONDS = 1.0  # without anything new, before it is read: an import goes first
LONGEST_WAIT = 30.0  # seconds for quiet; a stream that never ends is read, too
LONGEST_TEXT = 20_000  # characters of a memory that are read
NAMES_AWAY = 3  # steps from a name to what it is also called

log = structlog.get_logger(__name__)


class FactService:
    """Implements `selfd_graphql.ports.GraphPort`; `run` reads what comes in until cancelled."""

    def __init__(
        self,
        store: Store,
        *,
        casing: Casing | None = None,
        quiet: float = QUIET_SECONDS,
        monotonic: Monotonic = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Read by the rules alone, or, with `casing`, also the names that begin sentences."""
        self._store = store
        self._casing = casing
        self._quiet = quiet
        self._monotonic = monotonic
        self._sleep = sleep
        self._news = asyncio.Event()
        self._news.set()  # there may be items from before
        self._stirred = asyncio.Event()  # something came in, or somebody asks
        self._settled = asyncio.Event()
        self._waiting = 0
        self._working = asyncio.Lock()
        store.on_commit(self._notice)

    async def run(self) -> None:
        """Read new items as they arrive, until cancelled."""
        while True:
            await self._news.wait()
            await self._wait_for_quiet()
            try:
                await self.catch_up()
            except StorageError as error:  # such as a full disk; the next item tries again
                log.warning("statements not stored", error=str(error))
                self._settled.set()

    async def catch_up(self) -> None:
        """Read every item that was not read yet.

        Raises:
            StorageError: they could not be read or stored; they are read another time.
        """
        async with self._working:
            self._news.clear()
            while (found := await self._store.graph.next(EDITION)) is not None:
                step, items = found
                started = self._monotonic()
                names = await self._names_first(items)
                readings = await asyncio.to_thread(_read_all, items, names)
                await self._store.graph.store(step, readings)
                if not self._waiting:
                    await self._sleep(REST * (self._monotonic() - started))
            if not self._news.is_set():
                self._settled.set()

    async def entity(self, name: str) -> EntityInfo | None:
        """Return who or what has that name, with what else it is called; None where nobody has."""
        if not name.strip():
            raise ServiceError("INVALID_INPUT", "the name is empty: say whom or what you mean")
        await self._wait()
        wanted = OWNER if name.strip().casefold() in OWNERS else name
        found = await self._store.graph.named(wanted)
        if found is None:
            return None
        numbers = await self._also_called(found.number)
        mentions = await self._store.graph.items_naming(numbers)
        return EntityInfo(found.name, mentions, tuple(numbers))

    async def relations(
        self, entity: EntityInfo, *, first: int, as_of: datetime | None
    ) -> Sequence[RelationInfo]:
        """Return what is known of an entity: what holds, then what held; or what held then."""
        statements = await self._store.graph.statements(entity.numbers)
        found = await asyncio.to_thread(relations, statements)
        if as_of is not None:
            found = [relation for relation in found if relation.held(as_of)]
        chosen = found[:first]
        ids = list(dict.fromkeys(s.item_id for relation in chosen for s in relation.sources))
        items = dict(zip(ids, await self._store.items(ids), strict=True))
        return [_info(relation, items) for relation in chosen]

    async def replaced(self, text: str) -> list[tuple[Relation, Relation]]:
        """Return what is over of those whom a text names, each with what came in its place.

        Whoever says `I` or `my` means the owner.
        """
        named = [each.number for each in await self._store.graph.entities_in(text)]
        if FIRST_PERSON.search(text) and (owner := await self._store.graph.named(OWNER)):
            named.append(owner.number)
        if not named:
            return []
        found = relations(await self._store.graph.statements(named))
        return [
            (former, present)
            for former in found
            for present in found
            if former.valid_to is not None
            and present.valid_to is None
            and (former.subject, former.predicate) == (present.subject, present.predicate)
            and is_functional(former.predicate)
        ]

    async def propose(self, item_id: str, proposals: Sequence[Proposal]) -> list[NewStatement]:
        """Keep those of a mind's proposals that an item's own words hold, and return them."""
        (item,) = await self._store.items([item_id])
        if not isinstance(item, MemoryRecord | ArticleRecord) or _is_machines(item):
            return []
        text, at = _text(item), told_at(item)
        known = await asyncio.to_thread(_read, item)
        said = {(each.subject, each.predicate, each.object) for each in known.statements}
        kept: list[NewStatement] = []
        for proposal in proposals:
            checked = verified(proposal, text, at)
            if checked is None:
                continue
            found = in_our_words(checked, at)
            key = found.subject, found.predicate, found.object
            if key not in said:
                said.add(key)
                kept.append(found)
        added = await self._store.graph.add(item_id, kept)
        return kept if added else []

    async def _names_first(self, items: Sequence[Item]) -> frozenset[str]:
        """Return the words that begin sentences of some items and are names."""
        if self._casing is None:
            return frozenset()
        found = await asyncio.to_thread(_doubtful_all, items)
        return frozenset([word for word in found if await self._casing.is_name(word)])

    async def _also_called(self, number: int) -> list[int]:
        """Return an entity with those that it is said to be called, and the other way round."""
        known, edge = [number], [number]
        for _ in range(NAMES_AWAY):
            statements = await self._store.graph.statements(edge, "is called")
            named = {
                each
                for statement in statements
                if statement.object_number is not None
                for each in (statement.subject_number, statement.object_number)
            }
            edge = [each for each in named if each not in known]
            known += edge
            if not edge:
                break
        return known

    async def _wait(self) -> None:
        """Wait a moment for what has just arrived; what takes longer is told next time."""
        self._waiting += 1
        self._stirred.set()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), PATIENCE_SECONDS)
        finally:
            self._waiting -= 1

    async def _wait_for_quiet(self) -> None:
        """Return once nothing has come in for a moment, or somebody asks."""
        started = self._monotonic()
        while not self._waiting and self._monotonic() - started < LONGEST_WAIT:
            self._stirred.clear()
            try:
                await asyncio.wait_for(self._stirred.wait(), self._quiet)
            except TimeoutError:
                return

    def _notice(self, events: Sequence[EventRecord]) -> None:
        if any(event.kind in _NEWS for event in events):
            self._settled.clear()
            self._news.set()
            self._stirred.set()


_NEWS = frozenset({"memory.added", "memory.updated", "article.added", "article.rewritten"})


def _readable(items: Sequence[Item]) -> Iterator[MemoryRecord | ArticleRecord]:
    for item in items:
        if isinstance(item, MemoryRecord) or (isinstance(item, ArticleRecord) and _text(item)):
            yield item


def _doubtful_all(items: Sequence[Item]) -> list[str]:
    """Return the words of which the rules cannot tell whether they are names, each once."""
    asked = (each for each in _readable(items) if not _is_machines(each))
    return list(dict.fromkeys(word for each in asked for word in doubtful(_whole_text(each))))


def _read_all(items: Sequence[Item], names_first: Collection[str]) -> list[ItemReading]:
    return [_read(item, names_first) for item in _readable(items)]


def _read(item: MemoryRecord | ArticleRecord, names_first: Collection[str] = ()) -> ItemReading:
    """Read one item; what selfd or another machine wrote names and states nothing."""
    text, at = _text(item), told_at(item)
    if _is_machines(item):
        return ItemReading(item.id, at, (), ())
    names = read_names(_whole_text(item), names_first.__contains__)
    if isinstance(item, ArticleRecord):
        return ItemReading(item.id, at, names, read_report(text, at))
    read = read_note if item.kind in ("FACT", "PREFERENCE") else read_statements
    return ItemReading(item.id, at, names, read(text[:LONGEST_TEXT], at))


def _is_machines(item: MemoryRecord | ArticleRecord) -> bool:
    """Tell whether selfd or another machine wrote a memory."""
    return isinstance(item, MemoryRecord) and (
        item.kind == "REFLECTION" or (item.source or "").casefold() in MACHINES
    )


def _whole_text(item: MemoryRecord | ArticleRecord) -> str:
    """Return what an item says, its title first."""
    return f"{item.title}\n{_text(item)}" if isinstance(item, ArticleRecord) else item.text


def _text(item: MemoryRecord | ArticleRecord) -> str:
    return item.text or item.summary if isinstance(item, ArticleRecord) else item.text


def _info(relation: Relation, items: dict[str, Item | None]) -> RelationInfo:
    hits = []
    for source in relation.sources:
        item = items.get(source.item_id)
        if item is not None:
            hits.append(Hit(item, 1.0, source.quote, ("graph",)))
    return RelationInfo(
        subject=relation.subject,
        predicate=relation.predicate,
        object=relation.object,
        valid_from=relation.valid_from,
        valid_to=relation.valid_to,
        sources=hits,
    )
