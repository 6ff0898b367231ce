"""Which sentences of what was found speak to the question, and how strongly.

Every feature is in [0, 1], so that the confidence model's weights can be read. Terms are weighed by
how rare they are among what was found: a word that nothing found has counts most, since its lack is
the best sign that the question has no answer here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from selfd_daemon.answering.question import Asked, holds
from selfd_daemon.answering.sentences import Sentence, sentences
from selfd_storage import Hit
from selfd_storage.lexicon import terms

MOST_TEXT = 20_000  # characters of one item that are looked at
NEAR = 4  # terms apart that two words of a question may stand and still belong together

FEATURES = ("coverage", "context", "rarest", "pairs", "kind", "margin", "retrieval")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer, where it stands, and its features."""

    hit: Hit
    sentence: Sentence
    features: Mapping[str, float]

    @property
    def score(self) -> float:
        """How well it fits, for ordering, in [0, 1]: mostly the share of the question it says."""
        f = self.features
        return (
            0.45 * f["coverage"]
            + 0.15 * f["context"]
            + 0.15 * f["pairs"]
            + 0.15 * f["kind"]
            + 0.10 * f["retrieval"]
        )


def gather(asked: Asked, hits: Sequence[Hit]) -> list[Evidence]:
    """Return the sentences of all hits that share a term with the question, best first."""
    read = [(hit, _read(hit.text[:MOST_TEXT])) for hit in hits]
    weights = _weights(asked, [[term for _, found in parts for term in found] for _, parts in read])
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    gathered = [
        Evidence(
            hit, sentence, _features(asked, hit.score / best, found, around, weights, sentence)
        )
        for hit, parts in read
        for around in [frozenset(term for _, found in parts for term in found)]
        for sentence, found in parts
        if not weights.keys().isdisjoint(found)
    ]
    gathered.sort(key=lambda each: (-each.score, each.hit.item.id, each.sentence.start))
    return _with_margin(gathered)


def _read(text: str) -> list[tuple[Sentence, list[str]]]:
    return [(sentence, terms(sentence.text)) for sentence in sentences(text)]


def _weights(asked: Asked, texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the weight of each term of the question; they add up to 1."""
    frequency = Counter(term for text in texts for term in set(text))
    rarity = {
        term: math.log(1 + (len(texts) + 1) / (frequency[term] + 0.5)) for term in asked.terms
    }
    total = sum(rarity.values()) or 1.0
    return {term: value / total for term, value in rarity.items()}


def _features(
    asked: Asked,
    retrieval: float,
    found: Sequence[str],
    around: frozenset[str],
    weights: Mapping[str, float],
    sentence: Sentence,
) -> dict[str, float]:
    own = set(found)
    rarest = max(weights, key=lambda term: weights[term])
    return {
        "coverage": sum(weight for term, weight in weights.items() if term in own),
        "context": sum(weight for term, weight in weights.items() if term in around),
        "rarest": 1.0 if rarest in own else 0.5 if rarest in around else 0.0,
        "pairs": _pairs(asked.terms, found),
        "kind": float(holds(asked.expected, sentence.text, frozenset(asked.terms))),
        "margin": 0.0,
        "retrieval": retrieval,
    }


def _pairs(asked: Sequence[str], found: Sequence[str]) -> float:
    """Return how many of the question's neighbouring terms stand near each other here, too."""
    places: dict[str, list[int]] = {}
    for at, term in enumerate(found):
        places.setdefault(term, []).append(at)
    near = [
        any(abs(i - j) <= NEAR for i in places.get(a, ()) for j in places.get(b, ()))
        for a, b in pairwise(asked)
    ]
    return sum(near) / len(near) if near else float(asked[0] in places) if asked else 0.0


def _with_margin(gathered: list[Evidence]) -> list[Evidence]:
    """Note on the best sentence how far it is ahead of the best of any other item."""
    if not gathered:
        return []
    first = gathered[0]
    others = (each.score for each in gathered if each.hit.item.id != first.hit.item.id)
    margin = min(1.0, max(0.0, first.score - next(others, 0.0)))
    noted = Evidence(first.hit, first.sentence, {**first.features, "margin": margin})
    return [noted, *gathered[1:]]
