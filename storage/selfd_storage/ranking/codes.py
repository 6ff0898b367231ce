"""The dense retriever: which documents mean what a question means, whatever words they use.

A hundred documents are chosen by the codes in memory and ordered by what the file adds to them.
Where that leaves open who is among the first ten, the texts in question are embedded anew, so that
the ten are those of an exact search: docs/decisions/0023 has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.columns import Codes
from selfd_storage.codes.vectors import Floats
from selfd_storage.ranking.doc_sets import among, union
from selfd_storage.ranking.fusion import Candidates, Scores, View, strongest
from selfd_storage.words.columns import Docs, Flags

NEAR = 0.35  # cosine from which on a document is found by its meaning alone; docs/lab/0010
JUDGED = 300  # of the lexical candidates, the best, are judged by their meaning too
TOLD = 0.94  # of a cosine: as much of it do two bits tell, which NEAR and the weights rely on
EXACT = 10  # of the nearest documents are as sure as an exact search's
MOST_ANEW = 6  # texts embedded anew at most


@dataclass(frozen=True, slots=True)
class Near:
    """The documents nearest to a question, ascending, with their scores (N,), 0 to 1.

    `doubtful` are those of them that may or may not be among the first EXACT.
    """

    docs: Docs
    scores: Scores
    doubtful: Docs


class CodeScores:
    """How near documents are to one question, by the codes of one or two embedders."""

    def __init__(self, view: View, layers: Sequence[Codes], question: str) -> None:
        """Embed the question, once an embedder.

        Raises:
            EmbeddingError: the weights cannot be read.
        """
        self._view = view
        self._layers: list[tuple[Codes, Floats]] = []
        for each in layers:  # the one in use first
            vector = each.asked(question, self._layers[0][1] if self._layers else None)
            if vector is not None:
                self._layers.append((each, vector))
        self._count = min(view.columns.count, view.chains.count)

    def nearest(self, db: sqlite3.Connection) -> Near:
        """Return the nearest documents, by what memory and file have of their codes."""
        docs = self._nearest()
        scores = np.full(len(docs), np.nan, np.float32)
        is_short = np.zeros(len(docs), np.bool_)
        for codes, vector in self._layers:
            here = np.isnan(scores) & codes.holds(docs)
            if here.any():
                cosines, bits = codes.finer_cosines(db, vector, docs[here])
                scores[here] = _told(cosines)
                is_short[here] = (bits == codes.coded.bits) & (codes is self._layers[0][0])
        known = ~np.isnan(scores)  # else forgotten a moment ago
        docs, scores = docs[known], scores[known]
        return Near(docs, scores, self._doubtful(docs, scores, is_short[known]))

    def made_sure(self, near: Near, texts: Mapping[int, str]) -> Near:
        """Return the same with some documents embedded anew, of which no doubt is left.

        Raises:
            EmbeddingError: the weights cannot be read.
        """
        codes, question = self._layers[0]
        docs = np.array(sorted(texts), np.int64)
        if codes.embedder is None or not len(docs):
            return near
        vectors = codes.embedder.embed([texts[doc] for doc in docs.tolist()])
        scores = near.scores.copy()
        scores[np.searchsorted(near.docs, docs)] = _told(vectors @ question)
        return Near(near.docs, scores, near.doubtful[:0])

    def candidates(self, near: Near, lexical: Candidates) -> Candidates:
        """Return what was found by meaning, and what codes say of the best that words found.

        Of a document that has no code yet they say what they say of the others on average.
        """
        best = lexical.docs[strongest(lexical.scores, JUDGED)]
        docs = union([near.docs, best])
        is_near = among(docs, near.docs)
        scores = np.empty(len(docs), np.float32)
        scores[is_near], scores[~is_near] = near.scores, self.cosines(docs[~is_near])
        known = ~np.isnan(scores)
        scores[~known] = scores[known].mean() if known.any() else 0.0
        is_found = is_near & (scores >= NEAR)
        kept = is_found | among(docs, best)
        return Candidates(docs[kept], scores[kept], {"dense": is_found[kept]})

    def extended(self, said: Candidates, docs: Docs) -> Candidates:
        """Return what was said with further documents judged, none of them found by it."""
        more = docs[~among(docs, said.docs)]
        scores = np.nan_to_num(self.cosines(more))
        order = np.argsort(np.concatenate([said.docs, more]))
        found = {
            name: np.concatenate([flags, np.zeros(len(more), np.bool_)])[order]
            for name, flags in said.found.items()
        }
        docs, scores = (
            np.concatenate([said.docs, more])[order],
            np.concatenate([said.scores, scores])[order],
        )
        return Candidates(docs, scores, found)

    def cosines(self, docs: Docs) -> Scores:
        """Return how near some documents are, 0 to 1; not a number where there is no code."""
        scores = np.full(len(docs), np.nan, np.float32)
        for codes, vector in self._layers:
            here = np.isnan(scores) & codes.holds(docs)
            if here.any():
                scores[here] = _told(codes.cosines(vector, docs[here]))
        return scores

    def _doubtful(self, docs: Docs, scores: Scores, is_short: Flags) -> Docs:
        """Return which short texts are no further from the first EXACT than their codes may err."""
        if len(docs) <= EXACT:
            return docs[:0]
        codes = self._layers[0][0]
        edge = -np.sort(-scores)[EXACT - 1 : EXACT + 1].mean()
        off = np.where(is_short, np.abs(scores - edge), np.inf)
        likely = np.argsort(off, kind="stable")[:MOST_ANEW]
        return docs[likely[off[likely] < TOLD * codes.codec.error(codes.coded.bits)]]

    def _nearest(self) -> Docs:
        view, hidden = self._view, None
        if (view.kinds, view.moment, view.since) != (None, None, None):
            hidden = ~view.seen(np.arange(self._count))
        found = [codes.nearest(vector, hidden, self._count) for codes, vector in self._layers]
        docs = union(found)
        return docs[view.seen(docs)]


def _told(cosines: Scores) -> Scores:
    """Return cosines as scores."""
    return np.float32(TOLD) * np.maximum(cosines, np.float32(0))
