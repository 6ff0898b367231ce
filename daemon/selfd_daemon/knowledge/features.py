"""What of an article is compared with others: its terms, a sketch of its wording, its meaning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import log1p
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.knowledge.terms import EMPTY
from selfd_storage.language.lexicon import words
from selfd_storage.language.stems import stem

LEAD_WORDS = 200  # news says what happened first; the rest is background that other stories share
SHINGLE = 4  # words
SKETCH = 96  # shingles kept: the lowest hashes, all of them for a summary
TITLE_COUNTS = 1.5  # and so does each word of the title, on top of its place in the text
NAME_COUNTS = 1.6  # times a word that is not a name
GIST = 1200  # characters of a text that are embedded with its title

_MANY = 40_000  # characters that are looked at
_NAME = re.compile(r"(?<![.!?\"“”:|\n] )(?<!^)(?<!\n)\b[A-Z][\w'’-]+")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


Vector = NDArray[np.float32]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]  # texts into unit rows


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Terms with their weight in the article, the lowest hashes of its shingles, and its meaning.

    `meaning` is a unit vector, None where nobody embeds.
    """

    terms: Mapping[str, float]
    sketch: frozenset[int]
    meaning: Vector | None = None


def gist(title: str, text: str) -> str:
    """Return what of an article is embedded: its title and how it begins."""
    return f"{title}. {text[:GIST]}"


def features(title: str, text: str, meaning: Vector | None = None) -> Features:
    """Describe an article by its title and the beginning of its text."""
    found = list(words(text[:_MANY]))
    counts: Counter[str] = Counter()
    for word in found[:LEAD_WORDS]:
        if _tells(word):
            counts[stem(word)] += 1
    weights = {term: log1p(count) for term, count in counts.items()}
    for word in words(title[:_MANY]):
        if _tells(word):
            weights[stem(word)] = weights.get(stem(word), 0.0) + TITLE_COUNTS
    for term in names(title) | names(text[: LEAD_WORDS * 8]):
        if term in weights:
            weights[term] *= NAME_COUNTS
    return Features(weights, sketch(found), meaning)


def names(text: str) -> set[str]:
    """Return the terms that are written with a capital inside a sentence."""
    found = (word for name in _NAME.findall(text) for word in words(name))
    return {stem(word) for word in found if _tells(word)}


def sketch(found: list[str]) -> frozenset[int]:
    """Return the lowest hashes of a text's shingles."""
    if len(found) < SHINGLE:
        return frozenset()
    hashes = {
        crc32(" ".join(found[place : place + SHINGLE]).encode("utf-8"))
        for place in range(len(found) - SHINGLE + 1)
    }
    return frozenset(nsmallest(SKETCH, hashes))


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Estimate the share of shingles that two texts have in common, of all that either has."""
    if not one or not other:
        return 0.0
    lowest = nsmallest(max(len(one), len(other)), one | other)
    return sum(hash in one and hash in other for hash in lowest) / len(lowest)


def _tells(word: str) -> bool:
    return word not in EMPTY and (len(word) > 2 or not word.isascii())
