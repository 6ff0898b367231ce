"""A linear classifier over the words of a question, how it is written, and what it means.

Features are words, neighbouring words, how it begins, and signs of code and of sums, each hashed
into one of `BUCKETS` rows of weights; then a bias, and the D numbers of its sentence embedding,
without which words that no example has would say nothing. `training.py` makes the file of weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import pairwise
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.answering.routing.tasks import TASKS, Task
from selfd_storage.language.lexicon import words
from selfd_storage.language.stems import stem

BUCKETS = 4096
FILE = "weights.npz"
MOST_WORDS = 64  # a task shows early

Numbers = NDArray[np.float64]
Vector = Sequence[float] | NDArray[np.floating[Any]]

# How a question is written, where its words do not tell.
_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sum", re.compile(r"\d\s*(?:[-+*/^×÷=!]|\bx\b)\s*\(?\d?")),
    ("figures", re.compile(r"\d+(?:[.,]\d+)?%?.*\d")),
    ("figure", re.compile(r"\d")),
    ("percent", re.compile(r"%|\bper ?cent")),
    ("equation", re.compile(r"\b[xyz]\b.*=|=.*\b[xyz]\b")),
    ("call", re.compile(r"\w\(.*\)|\w\[.*\]|=>|::|\{.*\}|;\s*$|==|__")),
    ("camel", re.compile(r"\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\b\w+_\w+\b|\.\w{2,4}\b")),
    ("capitals", re.compile(r"\b[A-Z]{2,}\b")),
    ("name", re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+\b")),
    ("own", re.compile(r"\b(?:I|my|me|we|our|us)\b", re.IGNORECASE)),
    ("you", re.compile(r"\b(?:you|your|yourself)\b", re.IGNORECASE)),
    ("past", re.compile(r"\b(?:did|was|were|had|has|have)\b", re.IGNORECASE)),
    ("asks", re.compile(r"\?\s*$")),
)
_LENGTHS = (2, 4, 7, 12)


class Router:
    """Tells tasks apart. Weights: (BUCKETS + 1 + D, tasks)."""

    def __init__(self, weights: Numbers) -> None:
        self._weights = weights

    @classmethod
    def load(cls) -> Self:
        """Read the weights that ship with selfd."""
        file = resources.files(__package__) / FILE
        with file.open("rb") as raw, np.load(raw) as content:
            return cls(content["rows"].astype(np.float64) * content["scale"])

    def task(self, text: str, vector: Vector | None = None) -> Task:
        """Return the task of a question."""
        return TASKS[int(self.scores(text, vector).argmax())]

    def scores(self, text: str, vector: Vector | None = None) -> Numbers:
        """Return the probability of each task: (tasks,).

        Args:
            vector: the embedding of the text; without it only its words count.
        """
        logits = inputs(text, vector, len(self._weights) - BUCKETS - 1) @ self._weights
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())


def inputs(text: str, vector: Vector | None, dimensions: int) -> Numbers:
    """Return what the weights are multiplied with: (BUCKETS + 1 + D,)."""
    found = rows(text)
    values = np.zeros(BUCKETS + 1 + dimensions)
    values[found] = 1 / np.sqrt(max(1, len(found)))
    values[BUCKETS] = 1
    if vector is not None:
        values[BUCKETS + 1 :] = vector
    return values


def rows(text: str) -> NDArray[np.int64]:
    """Return the rows of weights that a text's features stand for, each once."""
    found = {crc32(feature.encode()) % BUCKETS for feature in features(text)}
    return np.array(sorted(found), np.int64)


def features(text: str) -> Iterator[str]:
    """Yield the features of a question by name."""
    found = [stem(word) if not word.isdigit() else "0" for word in words(text)][:MOST_WORDS]
    for place, word in enumerate(found[:3]):
        yield f"at {place} {word}"
    for word in found:
        yield word
    for one, other in pairwise(["<", *found, ">"]):
        yield f"{one} {other}"
    for name, sign in _SIGNS:
        if sign.search(text):
            yield f"sign {name}"
    yield f"length {sum(len(found) > each for each in _LENGTHS)}"
