"""Answers that were given, to be given again for as long as nothing that they rest on has changed.

An entry is found by its question word for word, or by one that means the same: close in meaning,
with the same names and figures, and no word on either side that changes what is asked. It goes
when its time is up, when an item that it cites changes, and when something new comes in that
speaks of what it is about. Before it is given again its quotes are looked for in their sources.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked, Expected, denies, names_in
from selfd_daemon.clock import Monotonic
from selfd_storage import EventRecord, Item, MemoryRecord, Store
from selfd_storage.language.lexicon import telling_terms, terms, words

Lookup: TypeAlias = Literal["exact", "semantic", "miss"]
Embed = Callable[[Sequence[str]], Awaitable[Sequence[Sequence[float]]]]

MOST_ENTRIES = 512
MOST_NEW = 200  # items that may have come in between two questions and are looked at one by one
ALIKE = 0.90  # least cosine of two questions that mean the same; docs/lab/0011
MOST_APART = 1  # telling words that one of two such questions may have more than the other

# What changes an item that may be cited, and what may bring a better answer.
_CHANGES = frozenset({"memory.updated", "memory.merged", "memory.forgotten", "article.rewritten"})
_ARRIVALS = frozenset({"memory.added", "memory.updated", "article.added", "article.rewritten"})
_UPHEAVALS = frozenset({"articles.shrunk", "document.ingested", "document.removed", "feed.removed"})
_PASSING = re.compile(
    r"\b(?:to(?:day|night|morrow)|yesterday|now|currently|latest|newest|recent(?:ly)?|lately|just"
    r"|so far|this (?:morning|week|month|year)|(?:last|next) \w+|ago|what'?s new|time is it)\b",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Key:
    """What two questions must share to have one answer."""

    scope: tuple[str, ...] | None
    mind_id: str
    max_bytes: int
    method: str | None
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What no closeness can make up for between two questions."""

    expected: Expected
    telling: frozenset[str]
    figures: tuple[str, ...]
    names: tuple[str, ...]
    denies: bool

    def may_be(self, other: Meaning) -> bool:
        """Tell whether two questions could mean the same."""
        more, less = self.telling - other.telling, other.telling - self.telling
        return (
            not (more and less)
            and len(more | less) <= MOST_APART
            and (self.expected, self.figures, self.names, self.denies)
            == (other.expected, other.figures, other.names, other.denies)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer. `seconds` is what it took to write, `about` the terms that it is about."""

    draft: Draft
    task: str
    seconds: float
    key: Key
    said: tuple[str, ...]
    about: frozenset[str]
    meaning: Meaning
    cited: frozenset[str]
    sources: frozenset[str]
    until: float
    vector: NDArray[np.float32] | None


class AnswerCache:
    """Keeps the last answers; `follow` must see every event of the store, in order."""

    def __init__(
        self, store: Store, *, monotonic: Monotonic, seconds: float, embed: Embed | None = None
    ) -> None:
        """Keep answers for `seconds`, 0 for none; without `embed` only equal questions hit."""
        self._store = store
        self._monotonic = monotonic
        self._seconds = seconds
        self._embed = embed
        self._entries: OrderedDict[tuple[Key, tuple[str, ...]], Entry] = OrderedDict()
        self._arrived: list[str] = []
        self._changes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def changes(self) -> int:
        """How often what answers rest on has changed; taken before the search for an answer."""
        return self._changes

    def follow(self, events: Sequence[EventRecord]) -> None:
        """Take note of what was written."""
        for event in events:
            subject = event.subject or ""
            if event.kind in _UPHEAVALS:
                self.clear()
            if event.kind in _CHANGES:
                self._drop_citing(subject)
            if event.kind in _ARRIVALS:
                self._arrived.append(subject)
            self._changes += event.kind in _UPHEAVALS | _CHANGES | _ARRIVALS
        if not self._entries:
            self._arrived.clear()
        elif len(self._arrived) > MOST_NEW:
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._arrived.clear()

    async def find(self, asked: Asked, key: Key) -> tuple[Lookup, Entry | None]:
        """Return a kept answer to a question, and how it was found."""
        if not self._seconds:
            return "miss", None
        await self._sort_out()
        how: Lookup = "exact"
        entry = self._entries.get((key, _said(asked)))
        if entry is None:
            how, entry = "semantic", await self._alike(asked, key)
        if entry is None or not await self._holds(entry):
            return "miss", None
        self._entries.move_to_end((entry.key, entry.said))
        return how, entry

    async def keep(
        self, asked: Asked, key: Key, draft: Draft, task: str, *, seconds: float, changes: int
    ) -> None:
        """Keep an answer, unless what it rests on has changed since `changes`, or it will soon."""
        if not (self._seconds and draft.lasts) or draft.abstained or _PASSING.search(asked.text):
            return
        ids = [cited.item_id for cited in draft.composed.citations]
        items = [item for item in await self._store.items(ids) if item is not None]
        vector = await self._vector(asked.text)
        if changes != self._changes or len(items) != len(ids):
            return
        entry = Entry(
            draft=draft,
            task=task,
            seconds=seconds,
            key=key,
            said=_said(asked),
            about=frozenset(asked.terms),
            meaning=_meaning(asked),
            cited=frozenset(ids),
            sources=frozenset(_sources(items)),
            until=self._monotonic() + self._seconds,
            vector=vector,
        )
        self._entries[(key, entry.said)] = entry
        while len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)

    async def _sort_out(self) -> None:
        """Drop what is over, and what something new speaks of."""
        now = self._monotonic()
        self._drop(lambda entry: entry.until <= now)
        while self._arrived:
            arrived, self._arrived = self._arrived, []
            for item in await self._store.items(arrived):
                if item is not None:
                    self._drop_about(frozenset(terms(item.text)), frozenset(_sources([item])))

    def _drop_citing(self, id: str) -> None:
        self._drop(lambda entry: id in entry.cited)

    def _drop_about(self, found: frozenset[str], sources: frozenset[str]) -> None:
        self._drop(lambda entry: bool(entry.about & found or entry.sources & sources))

    def _drop(self, is_over: Callable[[Entry], bool]) -> None:
        for place in [place for place, entry in self._entries.items() if is_over(entry)]:
            del self._entries[place]

    async def _holds(self, entry: Entry) -> bool:
        """Tell whether every quote still stands in its source; forget the entry otherwise."""
        citations = entry.draft.composed.citations
        items = await self._store.items([cited.item_id for cited in citations])
        pairs = zip(citations, items, strict=True)
        holds = all(item is not None and cited.quote in item.text for cited, item in pairs)
        if not holds:
            self._entries.pop((entry.key, entry.said), None)
        return holds and (entry.key, entry.said) in self._entries

    async def _alike(self, asked: Asked, key: Key) -> Entry | None:
        meaning = _meaning(asked)
        candidates = [
            entry
            for entry in self._entries.values()
            if entry.key == key and entry.vector is not None and meaning.may_be(entry.meaning)
        ]
        if not candidates or (vector := await self._vector(asked.text)) is None:
            return None
        cosines = np.stack([each.vector for each in candidates]) @ vector  # type: ignore[misc]  # (N,)
        best = int(cosines.argmax())
        return candidates[best] if cosines[best] >= ALIKE else None

    async def _vector(self, text: str) -> NDArray[np.float32] | None:
        if self._embed is None:
            return None
        [vector] = await self._embed([text])
        return np.asarray(vector, np.float32)


def _said(asked: Asked) -> tuple[str, ...]:
    return tuple(words(asked.text))


def _meaning(asked: Asked) -> Meaning:
    return Meaning(
        asked.expected,
        frozenset(telling_terms(asked.text)),
        tuple(_FIGURES.findall(asked.text)),
        tuple(names_in(asked.text)),
        denies(asked.text),
    )


def _sources(items: Iterable[Item]) -> Iterable[str]:
    """Return the episodes that items belong to: what is said beside them bears on them."""
    return (
        item.source for item in items if isinstance(item, MemoryRecord) and item.source is not None
    )
