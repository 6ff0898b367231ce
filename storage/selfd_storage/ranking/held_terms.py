"""What documents hold of a question's terms: the numbers that a close look reads from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfd_storage._sqlite import sqlite3
from selfd_storage.ranking.fusion import K1, B, Query, View
from selfd_storage.ranking.spelling import respelled
from selfd_storage.ranking.words import rarest, weight
from selfd_storage.words.columns import Docs
from selfd_storage.words.postings import KeptPostings, Postings

Floats = NDArray[np.float64]

POSTINGS = 100_000  # that one search reads at most, but for its rarest term


@dataclass(frozen=True, slots=True)
class AskedTerms:
    """A question's terms in its order, how rare each is, and where it stands."""

    terms: tuple[str, ...]
    rarity: Floats  # (T,)
    postings: Mapping[str, Postings]
    view: View

    def held_by(self, docs: Docs) -> HeldTerms:
        """Look them up in some documents (N,), ascending or not."""
        columns = self.view.columns
        kind, length = columns["kind"][docs], columns["length"][docs]
        norm = K1 * (1 - B + B * length / columns.mean_lengths()[kind])
        worth = np.zeros((len(self.terms), len(docs)))
        for row, term in enumerate(self.terms):
            found = self.postings.get(term)
            if found is not None and len(found):
                places = np.minimum(np.searchsorted(found.docs, docs), len(found) - 1)
                counts = np.where(found.docs[places] == docs, found.counts[places], 0)
                worth[row] = counts / (counts + norm)
        return HeldTerms(self.rarity, worth, columns.count)


@dataclass(frozen=True, slots=True)
class HeldTerms:
    """What N documents hold of T terms, as BM25 counts it: `worth` is (T, N), in [0, 1)."""

    rarity: Floats
    worth: Floats
    count: int  # documents there are

    def of(self, places: NDArray[np.intp]) -> HeldTerms:
        """Return the same for some of the documents."""
        return HeldTerms(self.rarity, self.worth[:, places], self.count)

    def joined(self, other: HeldTerms) -> HeldTerms:
        """Return the same for these and other documents."""
        worth = np.concatenate([self.worth, other.worth], axis=1)
        return HeldTerms(self.rarity, worth, self.count)

    @property
    def is_held(self) -> Floats:
        """Tell which terms each document holds, 0 or 1, (T, N)."""
        return (self.worth > 0).astype(np.float64)

    def windows(self, size: int) -> Floats:
        """Return what each document says of the `size` neighbouring terms it says most of, (N,).

        A question that speaks of several things is answered part by part.
        """
        rare = self.rarity[:, None] * self.worth
        if len(rare) <= size:
            return np.asarray(rare.sum(axis=0) / max(self.rarity.sum(), 1e-9))
        said = np.cumsum(np.pad(rare, ((1, 0), (0, 0))), axis=0)
        asked = np.cumsum(np.pad(self.rarity, (1, 0)))
        mean = max(float((asked[size:] - asked[:-size]).mean()), 1e-9)
        return np.asarray((said[size:] - said[:-size]).max(axis=0) / mean)

    def rarest(self) -> Floats:
        """Return how rare the rarest term is that each document holds, 0 to 1, (N,)."""
        return np.asarray(
            (self.rarity[:, None] * self.is_held).max(axis=0) / math.log(self.count + 2)
        )


def read_terms(
    db: sqlite3.Connection, view: View, asked: Query, postings: KeptPostings
) -> tuple[Query, dict[str, int], AskedTerms]:
    """Read where a question's terms stand; those that nothing holds are read as misspelt ones.

    Returns the question as it was read, how many documents hold each term, and the terms.
    """
    count = view.columns.count
    frequencies = postings.frequencies(db, asked.terms, count)
    if len(frequencies) < len(asked.terms):
        asked = respelled(db, asked, frequencies)
        frequencies = postings.frequencies(db, asked.terms, count)
    found = {term: postings.read(db, term, count) for term in rarest(frequencies, POSTINGS)}
    rarity = [weight(frequencies.get(term, 0), count - 1) for term in asked.terms]
    return asked, frequencies, AskedTerms(asked.terms, np.array(rarity), found, view)
