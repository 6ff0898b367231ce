"""Vectors of words that are kept: the same bits whether a word was met before or not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.embedding import met_words
from selfd_models.embedding.embedder import Embedder
from selfd_models.embedding.features import Index, Words, normalise, split
from selfd_models.embedding.met_words import MetWords, WordVectors

TEXTS = [f"Annna's umbrela number {n} lies by the riverr, number {n % 9}" for n in range(60)]


@pytest.fixture(scope="module")
def fresh() -> list[NDArray[np.float32]]:
    """Each text by an embedder that has met nothing else."""
    return [Embedder.load().embed([text])[0] for text in TEXTS[:3]]


def test_words_met_before_have_the_same_vectors(fresh: list[NDArray[np.float32]]) -> None:
    embedder = Embedder.load()
    embedder.embed(TEXTS)
    for _ in range(2):
        assert np.array_equal(embedder.embed(TEXTS[:3]), np.stack(fresh))


def test_too_many_words_are_forgotten_and_computed_anew(
    fresh: list[NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(met_words, "MOST", 12)
    embedder = Embedder.load()
    for text in TEXTS:
        embedder.embed([text])
    assert np.array_equal(embedder.embed(TEXTS[:1])[0], fresh[0])


def test_threads_may_embed_at_once(
    fresh: list[NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(met_words, "MOST", 40)
    embedder = Embedder.load()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: embedder.embed([TEXTS[n % 3]])[0], range(200)))
    for n, vector in enumerate(found):
        assert np.array_equal(vector, fresh[n % 3])


def test_a_word_is_computed_once() -> None:
    asked: list[int] = []

    def compute(found: Words, chosen: Index) -> WordVectors:
        asked.extend(found.names[chosen].tolist())
        vectors = np.ones((len(chosen), 4), np.float32)
        return WordVectors(vectors, chosen[:0], vectors[:0])

    met = MetWords(4, compute)
    for text in ("tea and tea", "green tea", "tea"):
        met.vectors(split([normalise(text)]))
    assert len(asked) == len(set(asked)) == 3
