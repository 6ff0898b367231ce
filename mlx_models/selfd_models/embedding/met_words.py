"""Vectors of the words that were met lately, as most words of a question were met before.

Letters: W words, U of them misspelt, D dimensions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.embedding.features import Index, Words

MOST = 4096  # words, of a kilobyte each
AT_ONCE = 256  # words of a batch; a larger one is faster without


class WordVectors(NamedTuple):
    """Vectors of words as they are spelt (W, D), and of those at `misspelt` (U,) as meant (U, D).

    A word's vectors depend on that word alone.
    """

    spelt: NDArray[np.float32]
    misspelt: Index
    meant: NDArray[np.float32]


class MetWords:
    """Keeps what was computed of words, on any thread; forgets all of it when it is too much."""

    def __init__(self, dimensions: int, compute: Callable[[Words, Index], WordVectors]) -> None:
        """Prepare.

        Args:
            compute: returns the vectors of those words of a batch that stand at some places.
        """
        self._compute = compute
        self._rows: dict[int, int] = {}  # of words, by their names
        self._spelt = np.empty((MOST, dimensions), np.float32)
        self._meant: dict[int, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def vectors(self, found: Words) -> WordVectors:
        """Return the vectors of a batch's different words."""
        names = found.names.tolist()
        if len(names) > AT_ONCE:
            return self._compute(found, np.arange(len(names)))
        with self._lock:
            new = [place for place, name in enumerate(names) if name not in self._rows]
            if len(self._rows) + len(new) > MOST:
                self._rows.clear()
                self._meant.clear()
                new = list(range(len(names)))
            if new:
                self._learn([names[place] for place in new], found, np.array(new))
            rows = np.array([self._rows[name] for name in names], np.int64)
            spelt = self._spelt.take(rows, axis=0)
            misspelt = [place for place, name in enumerate(names) if name in self._meant]
            meant = [self._meant[names[place]] for place in misspelt]
        shape = len(meant), self._spelt.shape[1]
        return WordVectors(
            spelt, np.array(misspelt, np.int64), np.array(meant, np.float32).reshape(shape)
        )

    def _learn(self, names: list[int], found: Words, places: Index) -> None:
        fresh, first = self._compute(found, places), len(self._rows)
        self._spelt[first : first + len(names)] = fresh.spelt
        self._rows.update(zip(names, range(first, first + len(names)), strict=True))
        for place, vector in zip(fresh.misspelt.tolist(), fresh.meant, strict=True):
            self._meant[names[place]] = vector.copy()
