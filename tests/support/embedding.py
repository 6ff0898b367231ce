"""An embedder that knows no more than it is told: each word a direction, synonyms the same one."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from selfd_storage import EmbeddingError
from selfd_storage.language.lexicon import STOP_WORDS, words

SYNONYMS = {"feline": "cat", "kitten": "cat", "automobile": "car", "physician": "doctor"}


class WordEmbedder:
    """Implements `selfd_storage.TextEmbedder`; several texts at once wait for `open`.

    stops_after: texts after which it closes that gate.
    """

    dimensions = 256

    def __init__(
        self,
        fingerprint: str = "first",
        synonyms: Mapping[str, str] = SYNONYMS,
        error: str = "",
        stops_after: int | None = None,
    ) -> None:
        self.fingerprint = fingerprint
        self.embedded: list[str] = []
        self.error = error
        self.open = threading.Event()
        self.open.set()
        self._synonyms = synonyms
        self._stops_after = stops_after
        self.stopped = threading.Event()
        self._known: dict[str, NDArray[np.float64]] = {}

    def go_on(self) -> None:
        """Open the gate for good."""
        self._stops_after = None
        self.open.set()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.error:
            raise EmbeddingError(self.error)
        is_enough = self._stops_after is not None and len(self.embedded) >= self._stops_after
        if is_enough and len(texts) > 1:
            self.open.clear()
            self.stopped.set()
        assert len(texts) == 1 or self.open.wait(20), "nobody opened the gate"
        self.embedded += texts
        rows = np.array([self._sum(text) for text in texts])
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (rows / norms).astype(np.float32)
        return unit

    def _sum(self, text: str) -> NDArray[np.float64]:
        told = [self._synonyms.get(word, word) for word in words(text) if word not in STOP_WORDS]
        directions = np.array([self._direction(word) for word in told or [""]])
        total: NDArray[np.float64] = directions.sum(axis=0)
        return total

    def _direction(self, word: str) -> NDArray[np.float64]:
        if word not in self._known:
            seed = zlib.crc32(f"{self.fingerprint} {word}".encode())
            self._known[word] = np.random.default_rng(seed).normal(size=self.dimensions)
        return self._known[word]
