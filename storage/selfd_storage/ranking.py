"""How found documents are ordered: by BM25 over each, what stands beside it, and its episode.

A term that a neighbour says counts for a document too, only less, and the best of these counts: a
sum would count an exchange that repeats itself several times over. Who speaks and when add a
little. The weights were swept by hand on LoCoMo, the same for all its conversations, and lie on a
wide plateau. Diversification and pseudo-relevance feedback lose evidence (research/memory.md,
section 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_storage.cues import Span, span_of
from selfd_storage.lexicon import name_code, telling_terms, words
from selfd_storage.words_chains import Chains
from selfd_storage.words_columns import Columns, Docs, Flags

Scores: TypeAlias = NDArray[np.float32]

K1, B = 0.9, 0.4  # Anserini's defaults for short texts; LoCoMo does not mind
EPISODE_K1, EPISODE_B = 1.2, 0.75
BESIDE = (0.5, 0.25)  # what a term counts for the next document, and for the one after that
ANSWERED = 1.5  # ... times this for the document right after a question
EPISODE = 0.5
SPEAKER = 0.6  # of the mean weight of the question's terms
MOMENT = 0.6
DEPTH = 1000  # documents that a retriever hands on; a page of a search holds no more


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: terms, people by their codes, and perhaps a span of time."""

    terms: tuple[str, ...]
    names: tuple[int, ...] = ()
    span: Span | None = None

    @classmethod
    def read(cls, text: str, now: datetime) -> Query:
        """Read a question as it was put at the moment `now`."""
        names = dict.fromkeys(name_code(word) for word in words(text))
        return cls(tuple(telling_terms(text)), tuple(names), span_of(text, now))


@dataclass(frozen=True, slots=True)
class View:
    """Which documents a search sees, and where they stand."""

    columns: Columns
    chains: Chains
    kinds: tuple[int, ...] | None = None
    moment: int | None = None

    def seen(self, docs: Docs) -> Flags:
        """Tell which of some documents the search sees."""
        return self.columns.seen(docs, self.kinds, self.moment)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What one retriever found: documents, ascending, and their scores, mostly in [0, 1].

    `via` names the retriever, and `flags` what else spoke for each document.
    """

    docs: Docs
    scores: Scores
    via: str
    flags: Mapping[str, Flags] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document in its place."""

    doc: int
    score: float
    via: tuple[str, ...]


def fuse(found: Sequence[Candidates], weights: Sequence[float], first: int) -> list[Ranked]:
    """Order the candidates of all retrievers by the weighted mean of their scores, the best first.

    A document that a retriever did not find has 0 there. Equal scores: the newer document first.
    """
    docs = np.unique(np.concatenate([each.docs for each in found]))
    total = np.zeros(len(docs), np.float32)
    for each, share in zip(found, weights, strict=True):
        total[np.searchsorted(docs, each.docs)] += np.float32(share / sum(weights)) * each.scores
    best = np.lexsort((-docs, -total))[:first]
    return [
        Ranked(int(docs[i]), float(min(1.0, total[i])), _via(int(docs[i]), found)) for i in best
    ]


def strongest(scores: Scores) -> NDArray[np.intp]:
    """Return the places of the `DEPTH` highest scores, ascending: what a retriever hands on."""
    if len(scores) <= DEPTH:
        return np.arange(len(scores))
    return np.sort(np.argpartition(-scores, DEPTH)[:DEPTH])


def _via(doc: int, found: Sequence[Candidates]) -> tuple[str, ...]:
    names: list[str] = []
    for each in found:
        at = int(np.searchsorted(each.docs, doc))
        if at < len(each.docs) and each.docs[at] == doc:
            said = [name for name, flags in each.flags.items() if flags[at]]
            names += said if each.flags else [each.via]
    return tuple(names)
