"""The codes of one embedder in memory, in rows by document number like those of the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.bridge import carried
from selfd_storage.codes.file import Coded
from selfd_storage.codes.planes import per_row, read_further
from selfd_storage.codes.vectors import COARSE, Floats, Rows, VectorCodec, Words
from selfd_storage.embedding import TextEmbedder
from selfd_storage.words.columns import Docs, Flags

NEAREST = 100  # documents that the codes propose


class Codes:
    """The first planes of the documents from `low` to before `high`, and who can make more of them.

    The signs lie apart, as a search scans all of them and looks at few of the second planes. Where
    the embedder is gone (None), a question is carried over from another's, by way of `bridge`.
    """

    def __init__(self, coded: Coded, embedder: TextEmbedder | None) -> None:
        self.coded = coded  # as it was when it was read: `low` and `high` have moved since
        self.low, self.high = coded.low, coded.high
        self.embedder = embedder
        self.bridge: Floats | None = None  # bridge.py
        self.codec = VectorCodec(coded.dimensions, seed=coded.seed)
        width = coded.dimensions // 64
        room = coded.high + per_row(coded)  # as many as the rows of the file have room for
        self._signs = np.zeros((width, room), np.uint64)  # the scan is fastest by columns
        self._rest = np.zeros((room, width), np.uint64)

    def put(self, first: int, codes: Words) -> None:
        """Take the first planes (n, COARSE, W) of the documents from `first` on."""
        last = first + len(codes)
        if last > len(self._rest):
            room = max(last, len(self._rest) * 5 // 4, 1024)
            self._signs = np.pad(self._signs, ((0, 0), (0, room - self._signs.shape[1])))
            self._rest = np.pad(self._rest, ((0, room - len(self._rest)), (0, 0)))
        self._signs[:, first:last] = codes[:, 0].T
        self._rest[first:last] = codes[:, 1]

    def reach(self, low: int, high: int) -> None:
        """Let searches see the documents from `low` to before `high`, too."""
        self.low, self.high = min(self.low, low), max(self.high, high)

    def erase(self, docs: Sequence[int]) -> None:
        """Zero the codes of documents that are gone."""
        gone = np.array([doc for doc in docs if doc < len(self._rest)], np.int64)
        self._signs[:, gone] = 0
        self._rest[gone] = 0

    def asked(self, question: str, present: Floats | None) -> Floats | None:
        """Return the vector (D,) of a question, None where nobody can tell.

        Args:
            present: its vector by the embedder in use.
        """
        if self.embedder is not None:
            vector: Floats = self.embedder.embed([question])[0]
            return vector
        if self.bridge is None or present is None:
            return None
        return carried(present, self.bridge)

    def restored(self, docs: Docs) -> Floats:
        """Return the vectors (N, D) of documents that have a code, as far as the codes tell."""
        return self.codec.restore(self._of(docs))

    def nearest(self, vector: Floats, hidden: Flags | None, before: int) -> Docs:
        """Return the documents nearest to a vector, among those below `before`.

        Args:
            hidden: documents, by number, that are not looked at.
        """
        low, high = self.low, min(self.high, before, len(self._rest))
        if low >= high:
            return np.zeros(0, np.int64)
        out = None if hidden is None else hidden[low:high]
        signs, rest = self._signs[:, low:high].T, self._rest[low:high]
        rows = self.codec.candidates(vector, signs, rest, keep=NEAREST, hidden=out)
        return np.sort(rows) + low

    def holds(self, docs: Docs) -> Flags:
        """Tell which documents have a code here."""
        within: Flags = (docs >= self.low) & (docs < min(self.high, len(self._rest)))
        within[within] = self._signs[:, docs[within]].any(axis=0)
        return within

    def cosines(self, vector: Floats, docs: Docs) -> Floats:
        """Return how near documents that have a code are to a vector, -1 to 1."""
        return self.codec.cosines(vector, self._of(docs))

    def finer_cosines(
        self, db: sqlite3.Connection, vector: Floats, docs: Docs
    ) -> tuple[Floats, Rows]:
        """Return the same by all planes in the file, and how many each had, both (N,)."""
        first = self._of(docs)
        scores = np.full(len(docs), np.nan, np.float32)
        bits = np.full(len(docs), COARSE, np.intp)
        for places, further in read_further(db, self.coded, docs):
            codes = np.concatenate([first[places], further], axis=1)
            scores[places] = self.codec.cosines(vector, codes)
            bits[places] = codes.shape[1]
        coarse = np.isnan(scores)
        if coarse.any():  # those of an earlier selfd, or of a moment ago
            scores[coarse] = self.codec.cosines(vector, first[coarse])
        return scores, bits

    def _of(self, docs: Docs) -> Words:
        """Return the first planes (N, COARSE, W) of documents."""
        codes: Words = np.stack([self._signs[:, docs].T, self._rest[docs]], axis=1)
        return codes


def fill(codes: Codes, rows: Iterable[tuple[int, Words]]) -> None:
    """Take all rows of a file."""
    for first, each in rows:
        codes.put(first, each)
