"""Collections with known relevant passages, read into one form, and plain BM25 over them.

Four are classical collections (cranfield, cisi, npl, scifact), measured by nDCG at 10. Four have
questions that need several passages (hotpotqa, musique, 2wiki, multihoprag), measured by the share
of the needed ones among the first ten.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.locomo import read

CLASSICAL = ("cisi", "cranfield", "npl", "scifact")
SEVERAL = ("hotpotqa", "musique", "2wiki", "multihoprag")
FIRST = 10
K1, B = 0.9, 0.4
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what answers it: each of `needed` by any of its passages."""

    text: str
    needed: Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages by id, and the questions about them."""

    name: str
    passages: Mapping[str, str]
    questions: Sequence[Question]

    def score(self, question: Question, found: Sequence[str]) -> float:
        """Return what a ranking is worth, 0 to 1."""
        if self.name in SEVERAL:
            first = frozenset(found[:FIRST])
            return sum(not first.isdisjoint(each) for each in question.needed) / len(
                question.needed
            )
        relevant = frozenset().union(*question.needed)
        gains = [1 / math.log2(place + 2) for place in range(FIRST)]
        gained = sum(gains[place] for place, id in enumerate(found[:FIRST]) if id in relevant)
        return gained / sum(gains[: len(relevant)])


def collection(data: Path, name: str) -> Collection:
    """Read one collection."""
    if name in CLASSICAL:
        passages = read(data / f"ir/{name}_corpus.jsonl.zst")
        asked = [
            Question(each["text"], [frozenset([id]) for id in each["rel"]])
            for each in read(data / f"ir/{name}_queries.jsonl.zst")
        ]
    else:
        passages = read(data / f"multihop/{name}_passages.jsonl.zst")
        asked = [
            Question(each["question"], _needed(each))
            for each in read(data / f"multihop/{name}_queries.jsonl.zst")
        ]
    texts = {each["id"]: f"{each.get('title', '')}\n{each['text']}".strip() for each in passages}
    return Collection(name, texts, [each for each in asked if each.needed])


def is_held_out(question: str) -> bool:
    """Tell to which half a question belongs: one to choose by, one to report on.

    The first byte of its SHA-256 is odd, or not.
    """
    return hashlib.sha256(question.encode()).digest()[0] % 2 == 1


def _needed(query: Mapping[str, object]) -> list[frozenset[str]]:
    if "gold" in query:
        gold = query["gold"]
        assert isinstance(gold, list)
        return [frozenset([id]) for id in gold]
    evidence = query["evidence"]
    assert isinstance(evidence, list)
    return [frozenset(each["passages"]) for each in evidence]


def bm25(found: Collection, depth: int = 100) -> list[list[str]]:
    """Rank every question's passages by BM25 over lower-case words, none stemmed, none left out."""
    ids = list(found.passages)
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    lengths = np.zeros(len(ids))
    for place, text in enumerate(found.passages.values()):
        words = Counter(_TOKEN.findall(text.lower()))
        lengths[place] = words.total()
        for word, count in words.items():
            postings[word].append((place, count))
    norm = K1 * (1 - B + B * lengths / lengths.mean())
    return [_ranked(ids, postings, norm, each.text, depth) for each in found.questions]


def _ranked(
    ids: Sequence[str],
    postings: Mapping[str, Sequence[tuple[int, int]]],
    norm: NDArray[np.float64],
    text: str,
    depth: int,
) -> list[str]:
    scores = np.zeros(len(ids))
    for word, times in Counter(_TOKEN.findall(text.lower())).items():
        if word in postings:
            places, counts = np.array(postings[word]).T
            rarity = math.log(1 + (len(ids) - len(places) + 0.5) / (len(places) + 0.5))
            scores[places] += times * rarity * counts * (K1 + 1) / (counts + norm[places])
    best = np.argsort(-scores, kind="stable")[:depth]
    return [ids[place] for place in best if scores[place] > 0]


def fused(rankings: Sequence[Sequence[str]], constant: int = 60) -> list[str]:
    """Fuse rankings by reciprocal ranks (Cormack et al. 2009)."""
    scores: Counter[str] = Counter()
    for ranking in rankings:
        for place, id in enumerate(ranking, start=1):
            scores[id] += 1 / (constant + place)  # type: ignore[assignment]  # a Counter of floats
    return sorted(scores, key=lambda id: -scores[id])
