"""The dense retriever: which documents mean what a question means, whatever words they use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfd_storage.codes.columns import Codes
from selfd_storage.codes.vectors import Floats
from selfd_storage.ranking.doc_sets import among, union
from selfd_storage.ranking.fusion import Candidates, Scores, View, strongest
from selfd_storage.words.columns import Docs

NEAR = 0.35  # cosine from which on a document is found by its meaning alone; docs/lab/0010
JUDGED = 300  # of the lexical candidates, the best, are judged by their meaning too


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

    def candidates(self, lexical: Candidates) -> Candidates:
        """Return the nearest documents, and what the codes say of the best that words found.

        Of a document that has no code yet they say what they say of the others on average.
        """
        near = self._nearest()
        best = lexical.docs[strongest(lexical.scores, JUDGED)]
        docs = union([near, best])
        scores = self.cosines(docs)
        known = ~np.isnan(scores)
        scores[~known] = scores[known].mean() if known.any() else 0.0
        is_found = among(docs, near) & known & (scores >= NEAR)
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
                scores[here] = np.maximum(codes.cosines(vector, docs[here]), 0)
        return scores

    def _nearest(self) -> Docs:
        view, hidden = self._view, None
        if (view.kinds, view.moment, view.since) != (None, None, None):
            hidden = ~view.seen(np.arange(self._count))
        found = [codes.nearest(vector, hidden, self._count) for codes, vector in self._layers]
        docs = union(found)
        return docs[view.seen(docs)]
