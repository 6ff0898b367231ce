"""How found documents are ordered: by BM25 over each, what stands beside it, and its episode.

A term that a neighbour says counts for a document too, only less, and the best of these counts: a
sum would count an exchange that repeats itself several times over. Who speaks and when add a
little. The weights were swept by hand on LoCoMo, the same for all its conversations, and lie on a
wide plateau. Diversification and pseudo-relevance feedback lose evidence (research/memory.md,
section 3.1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_storage.language.cues import Span, span_of
from selfd_storage.language.lexicon import name_code, telling_words, words
from selfd_storage.language.stems import stem
from selfd_storage.ranking.doc_sets import union
from selfd_storage.ranking.weights import ALONE, AMONG
from selfd_storage.words.chains import Chains
from selfd_storage.words.columns import Columns, Docs, Flags

Scores: TypeAlias = NDArray[np.float32]

K1, B = 0.9, 0.4  # Anserini's defaults for short texts; LoCoMo does not mind
EPISODE_K1, EPISODE_B = 1.2, 0.75
BESIDE = (0.5, 0.25)  # what a term counts for the next document, and for the one after that
ANSWERED = 1.5  # ... times this for the document right after a question
EPISODE = 0.5
SPEAKER = 0.6  # of the mean weight of the question's terms
MOMENT = 0.6
REPEATED = 0.4  # a term that a question says n times counts n to this power
GUESSED = 0.7  # what a term counts that stands in for one that nothing holds
SAMPLED = 16
DEPTH = 1000  # documents that a retriever hands on; a page of a search holds no more
_NAMED = re.compile(r"(?<=[\w,;'’\"(“‘] )[\"'(“‘]?[A-Z]|(?<=\w )\d")  # but not the first word


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: terms, people by their codes, and perhaps a span of time.

    `emphasis` is what a term counts, where that is not 1; `spelled` how the question spells it;
    `named` the share of terms that are names or numbers.
    """

    terms: tuple[str, ...]
    names: tuple[int, ...] = ()
    span: Span | None = None
    emphasis: Mapping[str, float] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    named: float = 0.0

    @classmethod
    def read(cls, text: str, now: datetime) -> Query:
        """Read a question as it was put at the moment `now`."""
        names = dict.fromkeys(name_code(word) for word in words(text))
        spelled: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for word in telling_words(text):
            term = stem(word)
            spelled.setdefault(term, word)
            counts[term] += 1
        emphasis = {term: count**REPEATED for term, count in counts.items() if count > 1}
        named = 0 if text.isupper() else len(_NAMED.findall(text))
        share = min(1.0, named / max(1, len(counts)))
        return cls(tuple(counts), tuple(names), span_of(text, now), emphasis, spelled, share)

    def respelled(self, other: Mapping[str, str]) -> Query:
        """Return the same with other terms in the place of some, which count less."""
        swapped = {other.get(term, term): None for term in self.terms}
        emphasis = dict(self.emphasis)
        for old, new in other.items():
            emphasis[new] = GUESSED * emphasis.pop(old, 1.0)
        return replace(self, terms=tuple(swapped), emphasis=emphasis)


@dataclass(frozen=True, slots=True)
class View:
    """Which documents a search sees, and where they stand; `since` leaves out what is older."""

    columns: Columns
    chains: Chains
    kinds: tuple[int, ...] | None = None
    moment: int | None = None
    since: int | None = None

    def seen(self, docs: Docs) -> Flags:
        """Tell which of some documents the search sees."""
        found = self.columns.seen(docs, self.kinds, self.moment)
        if self.since is not None:
            found &= self.columns["place"][docs] >= self.since
        return found


@dataclass(frozen=True, slots=True)
class Candidates:
    """What one retriever thinks of documents, ascending, with scores mostly in [0, 1].

    `found` names what spoke for each document; a retriever may have an opinion on one it has not
    found.
    """

    docs: Docs
    scores: Scores
    found: Mapping[str, Flags]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document in its place."""

    doc: int
    score: float
    via: tuple[str, ...]


def fuse(found: Mapping[str, Candidates], view: View, query: Query, first: int) -> list[Ranked]:
    """Order the candidates of all retrievers by the weighted sum of their scores, the best first.

    A document that a retriever says nothing of has 0 there. Equal scores: the newer one first.
    """
    docs = union(each.docs for each in found.values())
    alone, among = (
        each.of(named=query.named, terms=len(query.terms), has_meaning="dense" in found)
        for each in (ALONE, AMONG)
    )
    is_among = view.chains.sizes[view.chains.episode[docs]] > 1
    total = np.zeros(len(docs), np.float32)
    for name, each in found.items():
        places = np.searchsorted(docs, each.docs)
        share = np.where(is_among[places], among[name], alone[name])
        total[places] += share.astype(np.float32) * each.scores
    top = strongest(total, first)
    best = top[np.lexsort((-docs[top], -total[top]))]
    return [
        Ranked(int(docs[i]), float(min(1.0, max(0.0, total[i]))), _via(int(docs[i]), found))
        for i in best
    ]


def strongest(scores: Scores, count: int = DEPTH) -> NDArray[np.intp]:
    """Return the places of the highest scores, ascending: what a retriever hands on.

    Of equal scores, the last. Where there are many scores, every sixteenth tells which are low.
    """
    places = np.arange(len(scores))
    if not 0 < count < len(scores):
        return places[:count]
    enough = 2 * count // SAMPLED + SAMPLED  # of the sample, twice what is expected
    sample = scores[::SAMPLED]
    if len(sample) > enough:
        floor = np.partition(sample, len(sample) - enough)[-enough]
        likely = np.flatnonzero(scores >= floor)
        if len(likely) >= count:
            places = likely
    scores = scores[places]
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    kept = scores > least
    equal = np.flatnonzero(scores == least)
    kept[equal[len(equal) - (count - np.count_nonzero(kept)) :]] = True
    best: NDArray[np.intp] = places[kept]
    return best


def _via(doc: int, opinions: Mapping[str, Candidates]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for each in opinions.values():
        at = int(np.searchsorted(each.docs, doc))
        if at < len(each.docs) and each.docs[at] == doc:
            names |= dict.fromkeys(name for name, flags in each.found.items() if flags[at])
    return tuple(names)
