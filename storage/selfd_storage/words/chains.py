"""Which documents stand beside each other: neighbours in chains, and chains as episodes.

The memories of one source that follow each other within `GAP` are an episode, a whole file is one,
and every article or memory of no known source is one by itself. Only documents that hold now are in
a chain. To move or close a document: `leave`, change its row, `join`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_storage.ids import CODES
from selfd_storage.words.columns import KINDS, OPEN, Columns, Docs, Entry, grown

GAP = 60 * 60 * 1000  # milliseconds between two memories that are still one episode
NONE = 0  # no document, no episode, no source

Group: TypeAlias = tuple[int, int]  # kind and parent

_MEMORY, _CHUNK = CODES["memory"], CODES["chunk"]


class Chains:
    """For every document the one before, the one after, and its episode; for episodes their sums.

    `lengths` holds the terms of each episode, `sizes` its documents.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._tails: dict[Group, int] = {}  # the last document of each group
        self._stale: dict[Group, None] = {}  # groups to be sorted anew
        self._free: list[int] = []
        self.previous = np.zeros(1, np.int32)
        self.next = np.zeros(1, np.int32)
        self.episode = np.zeros(1, np.int32)
        self.lengths = np.zeros(1, np.int64)
        self.sizes = np.zeros(1, np.int32)
        self._episodes = 1
        self._of_kind = np.zeros(KINDS, np.int64)
        self._make_room()
        self._chain(columns.present())

    @property
    def count(self) -> int:
        """One more than the highest number of a document that the chains have room for."""
        return len(self.episode)

    @property
    def episodes(self) -> int:
        """One more than the highest number of an episode."""
        return self._episodes

    def mean_lengths(self) -> NDArray[np.float32]:
        """Return the mean number of terms of an episode, by kind; 1 at least."""
        means = np.maximum(self._columns.total_lengths() / np.maximum(self._of_kind, 1), 1)
        return np.asarray(means, np.float32)

    def join(self, docs: Iterable[int]) -> None:
        """Put documents into their chains: at the end if they belong there, which is the rule."""
        self._make_room()
        for doc in docs:
            entry = self._columns.entry(doc)
            group = entry.kind, entry.parent
            if entry.valid_to != OPEN or group in self._stale:
                continue
            tail = self._tails.get(group, NONE)
            end = self._columns.entry(tail)
            if tail != NONE and (entry.place, entry.item) < (end.place, end.item):
                self._stale[group] = None
                continue
            is_near = tail != NONE and _near(*group, entry.place - end.place)
            self._append(doc, tail if is_near else NONE, entry)
            self._tails[group] = doc
        for group in self._stale:
            self._rechain(*group)
        self._stale.clear()

    def leave(self, docs: Iterable[int]) -> None:
        """Take documents out of their chains; those beside them become neighbours."""
        for doc in docs:
            episode = int(self.episode[doc])
            if episode == NONE:
                continue
            entry = self._columns.entry(doc)
            group, before, after = (entry.kind, entry.parent), self.previous[doc], self.next[doc]
            if self._tails.get(group) == doc:
                del self._tails[group]
                self._stale[group] = None
            if before != NONE:
                self.next[before] = after
            if after != NONE:
                self.previous[after] = before
            self.previous[doc] = self.next[doc] = self.episode[doc] = NONE
            self.lengths[episode] -= entry.length
            self.sizes[episode] -= 1
            if self.sizes[episode] == 0:
                self._free.append(episode)
                self._of_kind[entry.kind] -= 1

    def _append(self, doc: int, tail: int, entry: Entry) -> None:
        if tail == NONE:
            episode = int(self._take_episodes(1)[0])
            self._of_kind[entry.kind] += 1
        else:
            episode = int(self.episode[tail])
            self.previous[doc], self.next[tail] = tail, doc
        self.episode[doc] = episode
        self.lengths[episode] += entry.length
        self.sizes[episode] += 1

    def _rechain(self, kind: int, parent: int) -> None:
        mine = (self._columns["kind"] == kind) & (self._columns["parent"] == parent)
        docs = np.flatnonzero(mine & (self._columns["valid_to"] == OPEN))
        old = np.unique(self.episode[docs])
        old = old[old != NONE]
        self.lengths[old] = self.sizes[old] = 0
        self._free.extend(old.tolist())
        self._of_kind[kind] -= len(old)
        self._chain(docs)

    def _chain(self, docs: Docs) -> None:
        """Chain documents that are in no episode: in order of place, cut where an episode ends."""
        if not len(docs):
            return
        kind, parent, place, item = (
            self._columns[name][docs] for name in ("kind", "parent", "place", "item")
        )
        order = np.lexsort((item, place, parent, kind))
        docs, kind, parent, place = docs[order], kind[order], parent[order], place[order]
        related = (kind[1:] == kind[:-1]) & (parent[1:] == parent[:-1])
        linked = related & _near(kind[1:], parent[1:], np.diff(place))
        self.next[docs] = np.append(np.where(linked, docs[1:], NONE), NONE)
        self.previous[docs] = np.append(NONE, np.where(linked, docs[:-1], NONE))
        np.add.at(self._of_kind, kind[np.append(True, ~linked)], 1)
        numbers = np.cumsum(np.append(0, ~linked))
        episode = self._take_episodes(int(numbers[-1]) + 1)[numbers]
        self.episode[docs] = episode
        np.add.at(self.lengths, episode, self._columns["length"][docs])
        np.add.at(self.sizes, episode, 1)
        for last in docs[np.append(~related, True)].tolist():
            entry = self._columns.entry(last)
            self._tails[entry.kind, entry.parent] = last

    def _take_episodes(self, count: int) -> Docs:
        """Return numbers for new episodes: those given back first."""
        again = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = count - len(again)
        first = self._episodes
        self._episodes += fresh
        self.lengths = grown(self.lengths, self._episodes)
        self.sizes = grown(self.sizes, self._episodes)
        return np.append(np.array(again, np.int64), np.arange(first, first + fresh))

    def _make_room(self) -> None:
        count = self._columns.count
        self.previous = grown(self.previous, count)
        self.next = grown(self.next, count)
        self.episode = grown(self.episode, count)


def _near(kind: Any, parent: Any, distance: Any) -> Any:
    """Tell whether documents of one group that follow each other at a distance are one episode.

    Args are numbers or arrays of them; so is the result.
    """
    return (kind == _CHUNK) | ((kind == _MEMORY) & (parent != NONE) & (distance <= GAP))
