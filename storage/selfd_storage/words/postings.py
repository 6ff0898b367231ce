"""Where terms occur: read out of FTS5, and kept for the searches that follow.

What is kept of a term stays true: documents are numbered upwards and their words never change, so
only those that came since must be read. What is gone stays in it, and no search sees it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfd_storage._sqlite import sqlite3
from selfd_storage.words.columns import Docs
from selfd_storage.words.file import LEVELS, count_documents, read_documents

MOST_KEPT = 2_000_000  # postings, of five bytes each: the common words of a million memories
LEAST_KEPT = 64  # postings; what is rarer is read in no time


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that hold a term, ascending, and how often: 1, 2 or 4 for so many or more."""

    docs: Docs
    counts: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.docs)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The postings of a term among the documents below `before`."""

    postings: Postings
    before: int


def read_postings(db: sqlite3.Connection, term: str, start: int = 0) -> Postings:
    """Return where a term occurs among the documents from `start` on."""
    docs = read_documents(db, [term], start)
    counts = np.ones(len(docs), np.uint8)
    for level, sign in LEVELS.items():
        often = read_documents(db, [term + sign], start) if len(docs) else docs
        if not len(often):
            break
        counts[np.searchsorted(docs, often)] = level
    return Postings(docs.astype(np.int32), counts)


class KeptPostings:
    """The postings of the terms that were asked for last, of one index file; for any thread."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._terms: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def frequencies(
        self, db: sqlite3.Connection, terms: Iterable[str], before: int
    ) -> dict[str, int]:
        """Return how many documents hold each of the terms that any document holds.

        Args:
            before: one more than the last document that `db`, a snapshot, surely holds.
        """
        found, unknown = {}, []
        for term in terms:
            kept = self._up_to_date(db, term, before)
            if kept is None:
                unknown.append(term)
            else:
                found[term] = len(kept)
        return found | count_documents(db, unknown) if unknown else found

    def read(self, db: sqlite3.Connection, term: str, before: int) -> Postings:
        """Return where a term occurs, at least among the documents below `before`."""
        kept = self._up_to_date(db, term, before)
        if kept is not None:
            return kept
        postings = read_postings(db, term)
        self._keep(term, postings, before)
        return postings

    def _up_to_date(self, db: sqlite3.Connection, term: str, before: int) -> Postings | None:
        with self._lock:
            kept = self._terms.get(term)
            if kept is not None:
                self._terms.move_to_end(term)
        if kept is None or kept.before >= before:
            return None if kept is None else kept.postings
        old, new = kept.postings, read_postings(db, term, kept.before)
        postings = Postings(
            np.concatenate([old.docs, new.docs]), np.concatenate([old.counts, new.counts])
        )
        self._keep(term, postings, before)
        return postings

    def _keep(self, term: str, postings: Postings, before: int) -> None:
        """Keep what lies below `before`: the snapshot may hold more, but perhaps not all of it."""
        if len(postings) < LEAST_KEPT:
            return
        end = int(np.searchsorted(postings.docs, before))
        part = Postings(postings.docs[:end], postings.counts[:end])
        with self._lock:
            former = self._terms.get(term)
            if former is not None and former.before >= before:
                return  # somebody else was further
            self._size += len(part) - (0 if former is None else len(former.postings))
            self._terms[term] = _Kept(part, before)
            self._terms.move_to_end(term)
            while self._size > self._most:
                _, oldest = self._terms.popitem(last=False)
                self._size -= len(oldest.postings)
