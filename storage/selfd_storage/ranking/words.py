"""The lexical retriever: which documents say the words of a question, themselves or beside them.

Works on arrays as long as there are documents, but touches only those that postings name, so its
time grows with the postings read and hardly with the store.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfd_storage.ids import CODES
from selfd_storage.ranking.fusion import (
    ANSWERED,
    BESIDE,
    DEPTH,
    EPISODE,
    EPISODE_B,
    EPISODE_K1,
    K1,
    MOMENT,
    SPEAKER,
    B,
    Candidates,
    Query,
    Scores,
    View,
    strongest,
)
from selfd_storage.words.chains import NONE
from selfd_storage.words.columns import Docs, Flags
from selfd_storage.words.postings import Postings

_TIMED = (CODES["memory"], CODES["article"])


def rarest(frequencies: Mapping[str, int], budget: int) -> list[str]:
    """Return the terms worth reading: the rarest, as long as their postings stay within a budget.

    The rarest of all is always among them. What is left out is so common that it tells little.
    """
    chosen: list[str] = []
    read = 0
    for term, frequency in sorted(frequencies.items(), key=lambda pair: pair[1]):
        read += frequency
        if chosen and read > budget:
            break
        chosen.append(term)
    return chosen


@dataclass(frozen=True, slots=True)
class _Places:
    """Where terms stand: the documents that hold each, term by term; those of one follow `starts`.

    All terms at once, as most are in few documents and each call of NumPy takes a microsecond.
    """

    terms: Sequence[str]
    starts: NDArray[np.intp]
    docs: NDArray[np.intp]
    counts: Scores

    @classmethod
    def of(cls, postings: Mapping[str, Postings], view: View, before: int) -> _Places:
        """Keep what a view sees of the documents below a number, of the terms that are there."""
        docs = [each.docs[: np.searchsorted(each.docs, before)] for each in postings.values()]
        sizes = [len(each) for each in docs]
        counts = [each.counts[:size] for each, size in zip(postings.values(), sizes, strict=True)]
        every = np.concatenate([np.zeros(0, np.intp), *docs])
        often = np.concatenate([np.zeros(0, np.float32), *counts])
        term = np.repeat(np.arange(len(sizes)), sizes)
        seen = view.seen(every)
        if not seen.all():
            every, often, term = every[seen], often[seen], term[seen]
        there, starts = np.unique(term, return_index=True)
        names = list(postings)
        return cls([names[each] for each in there], starts, every, often)

    @property
    def parts(self) -> list[slice]:
        """The places of each term."""
        ends = [*self.starts[1:].tolist(), len(self.docs)]
        return [slice(*pair) for pair in zip(self.starts.tolist(), ends, strict=True)]

    def spread(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Return the value of each term at all its places."""
        sizes = np.diff(self.starts, append=len(self.docs))
        return np.repeat(np.array(values), sizes)


class WordScores:
    """What every document is worth to one question, by the words that it and its like hold."""

    def __init__(
        self,
        view: View,
        query: Query,
        frequencies: Mapping[str, int],
        postings: Mapping[str, Postings],
    ) -> None:
        self._view = view
        self._query = query
        self._chains = view.chains
        self._count = min(view.columns.count, view.chains.count)  # both grow while we look
        self._total: Scores = np.zeros(self._count, np.float32)
        self._known_episodes = self._chains.episodes
        self._episodes: Scores = np.zeros(self._known_episodes, np.float32)
        self._weights = {
            term: weight(frequencies.get(term, 0), self._count - 1) * query.emphasis.get(term, 1.0)
            for term in query.terms
        }
        self._add(_Places.of(postings, view, self._count))

    def _add(self, places: _Places) -> None:
        """Count terms for the documents that hold them, those beside these, and their episodes."""
        if not len(places.docs):
            return
        columns, docs, counts = self._view.columns, places.docs, places.counts
        kind = columns["kind"].take(docs)
        norm = 1 - B + B * columns["length"].take(docs) / columns.mean_lengths().take(kind)
        weights = places.spread([self._weights[term] for term in places.terms])
        worth = (counts * (K1 + 1) / (counts + K1 * norm) * weights).astype(np.float32)
        near = [(docs, worth), *self._beside(docs, worth)]
        best: Scores = np.zeros(self._count, np.float32)
        for part in places.parts:
            for beside, share in near:
                self._raise(best, beside[part], share[part])
            for beside, _ in near:
                best[beside[part]] = 0
        self._add_episodes(places, kind)

    def candidates(self) -> Candidates:
        """Return what was found, with every cue counted in."""
        docs = np.flatnonzero(self._total > 0)
        docs = docs[self._view.seen(docs)]
        if not len(docs) and self._query.span is not None:
            return self._by_time()
        known = [self._weights[term] for term in self._query.terms]
        typical = float(np.mean(known)) if known else 1.0
        speaks, timely = self._speaks(docs), self._timely(docs)
        around = EPISODE * self._episodes[self._episode_of(docs)]
        total = self._total[docs] + around + typical * (SPEAKER * speaks + MOMENT * timely)
        scores = (total / ((1 + EPISODE) * sum(known) or 1.0)).astype(np.float32)
        best = strongest(scores)
        docs = docs[best]
        flags = {"lexical": np.ones(len(docs), np.bool_), "symbolic": (speaks | timely)[best]}
        return Candidates(docs, scores[best], flags)

    def _raise(self, best: Scores, docs: Docs, worth: Scores) -> None:
        """Let the best that a term is worth to a document count; each document comes once."""
        known = best[docs]
        better = np.maximum(worth, known)
        best[docs] = better
        better -= known
        self._total[docs] += better

    def _beside(self, docs: Docs, worth: Scores) -> Iterator[tuple[Docs, Scores]]:
        """Yield the documents beside some, and what these are worth to them.

        Where none is beside, that is document 0, which no search sees.
        """
        asks = self._view.columns["asks"][docs]
        nearest, second = (worth * np.float32(share) for share in BESIDE)
        after, before = (
            self._known(self._chains.next[docs]),
            self._known(self._chains.previous[docs]),
        )
        yield after, np.where(asks, np.float32(ANSWERED), np.float32(1)) * nearest
        yield before, nearest
        yield self._known(self._chains.next[after]), second
        yield self._known(self._chains.previous[before]), second

    def _known(self, docs: Docs) -> Docs:
        """Leave out documents that came after this search began."""
        known = docs.astype(np.intp)  # an index of any other type is converted at each use
        if len(known) and known.max() >= self._count:
            known[known >= self._count] = NONE
        return known

    def _add_episodes(self, places: _Places, kind: NDArray[np.int8]) -> None:
        """Count terms for the episodes that hold them, more often or less."""
        episode = self._episode_of(places.docs)
        sums: Scores = np.zeros(self._known_episodes, np.float32)
        held = np.empty(len(episode), np.float32)
        for part in places.parts:
            np.add.at(sums, episode[part], places.counts[part])
            held[part] = sums[episode[part]]
            sums[episode[part]] = 0
        norm = (
            1
            - EPISODE_B
            + EPISODE_B
            * self._chains.lengths.take(episode)
            / (self._chains.mean_lengths().take(kind))
        )
        shares = np.add.reduceat(places.counts / held, places.starts)  # each episode adds up to 1
        weights = [weight(round(float(each)), self._known_episodes - 1) for each in shares]
        worth = held * (EPISODE_K1 + 1) / (held + EPISODE_K1 * norm) * places.spread(weights)
        for part in places.parts:
            self._episodes[episode[part]] += worth[part]  # equal within an episode
        self._episodes[NONE] = 0

    def _episode_of(self, docs: Docs) -> Docs:
        episode = self._chains.episode[docs].astype(np.intp)
        if len(episode) and episode.max() >= self._known_episodes:
            episode[episode >= self._known_episodes] = NONE
        return episode

    def _speaks(self, docs: Docs) -> Flags:
        speaks = np.zeros(len(docs), np.bool_)
        named = self._view.columns.speakers.intersection(self._query.names)
        speaker = self._view.columns["speaker"][docs] if named else speaks
        for name in named:
            speaks |= speaker == name
        return speaks

    def _timely(self, docs: Docs) -> Flags:
        span = self._query.span
        if span is None:
            return np.zeros(len(docs), np.bool_)
        columns = self._view.columns
        place = columns["place"][docs]
        within: Flags = (place >= span.start) & (place < span.end)
        return within & np.isin(columns["kind"][docs], np.array(_TIMED, np.int8))

    def _by_time(self) -> Candidates:
        """Return the newest documents of the span, where the question names nothing else."""
        docs = np.arange(self._count)
        docs = docs[self._timely(docs)]
        docs = docs[self._view.seen(docs)]
        docs = np.sort(docs[np.argsort(-self._view.columns["place"][docs])][:DEPTH])
        flags = {"symbolic": np.ones(len(docs), np.bool_)}
        return Candidates(docs, np.full(len(docs), 0.5, np.float32), flags)


def weight(frequency: int, count: int) -> float:
    """Return what a term tells that `frequency` of `count` documents hold: its idf, above 0."""
    return math.log(1 + (max(0, count - frequency) + 0.5) / (frequency + 0.5))
