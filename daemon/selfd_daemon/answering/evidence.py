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
from selfd_storage import ArticleRecord, Hit, Item, MemoryRecord
from selfd_storage.lexicon import terms

SHORT_MEMORY = 240  # characters that are quoted whole
MOST_TEXT = 20_000  # characters of one item that are looked at
NEAR = 4  # terms apart that two words of a question may stand and still belong together

FEATURES = ("coverage", "context", "rarest", "pairs", "kind", "margin", "retrieval")


ORDER = {"retrieval": 0.50, "coverage": 0.25, "pairs": 0.12, "kind": 0.08, "context": 0.05}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer, where it stands, and its features."""

    hit: Hit
    sentence: Sentence
    features: Mapping[str, float]

    @property
    def score(self) -> float:
        """How well it fits, in [0, 1]; for ordering. Weights by search over questions of SQuAD."""
        return sum(weight * self.features[name] for name, weight in ORDER.items())


def gather(asked: Asked, hits: Sequence[Hit]) -> list[Evidence]:
    """Return the sentences of all hits that share a term with the question, best first."""
    read = [(hit, _read(hit.item)) for hit in hits]
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


def _read(item: Item) -> list[tuple[Sentence, list[str]]]:
    """Return an item's sentences and their terms; a short memory is one, as it was told."""
    text = item.text
    if isinstance(item, ArticleRecord) and not text:
        text = item.summary
    if isinstance(item, MemoryRecord) and len(text) <= SHORT_MEMORY:
        return [(Sentence(0, text), terms(text))]
    return [(sentence, terms(sentence.text)) for sentence in sentences(text[:MOST_TEXT])]


def _before(parts: Sequence[tuple[Sentence, list[str]]]) -> list[frozenset[str]]:
    """Return the terms of the sentence before each: what its pronouns stand for."""
    return [frozenset(), *(frozenset(found) for _, found in parts[:-1])][: len(parts)]


def _weights(asked: Asked, texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the weight of each term of the question; they add up to 1."""
    frequency = Counter(term for text in texts for term in set(text))
    rarity = {
        term: math.log(1 + (len(texts) + 1) / (frequency[term] + 0.5)) * (1 + (term in asked.new))
        for term in asked.terms
    }
    total = sum(rarity.values()) or 1.0
    return {term: value / total for term, value in rarity.items()}


def _features(
    asked: Asked,
    retrieval: float,
    found: Sequence[str],
    before: frozenset[str],
    weights: Mapping[str, float],
    sentence: Sentence,
) -> dict[str, float]:
    own = set(found)
    rarest = max(weights, key=lambda term: weights[term])
    return {
        "coverage": sum(weight for term, weight in weights.items() if term in own),
        "context": sum(weight for term, weight in weights.items() if term in own or term in before),
        "rarest": 1.0 if rarest in own else 0.5 if rarest in before else 0.0,
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
