"""Which sentences of what was found speak to the question, and how strongly.

Every feature is in [0, 1], so that the confidence model's weights can be read. Terms are weighed by
how rare they are among what was found: a word that nothing found has counts most, since its lack is
the best sign that the question has no answer here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from selfd_daemon.answering.question import Asked, holds
from selfd_daemon.answering.retrieval.ages import ages
from selfd_daemon.answering.retrieval.sentences import Sentence, sentences
from selfd_daemon.answering.retrieval.voices import Said, Voices
from selfd_storage import ArticleRecord, Hit, MemoryRecord
from selfd_storage.language.lexicon import terms

SHORT_MEMORY = 240  # characters that are quoted whole
MOST_TEXT = 20_000  # characters of one item that are looked at
NEAR = 4  # terms apart that two words of a question may stand and still belong together

_CLOSING = " \"'’”»)"

FEATURES = ("coverage", "astray", "rival", "pairs", "kind", "margin", "support")
ORDER = {"retrieval": 0.70, "coverage": 0.10, "voice": 0.10, "pairs": 0.05, "kind": 0.05}
STALE = 0.1  # of a score, that an old article has less than a new one; docs/lab/0016


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer, where it stands, and what speaks for it."""

    hit: Hit
    sentence: Sentence
    features: Mapping[str, float]

    @property
    def score(self) -> float:
        """How well it fits, about in [0, 1], for ordering; docs/lab/0002 tells whence."""
        found = sum(weight * self.features[name] for name, weight in ORDER.items())
        return max(0.0, found - STALE * self.features["age"])


@dataclass(frozen=True, slots=True)
class Gathered:
    """The sentences that may answer, best first, and the features of the whole, each in [0, 1].

    coverage  the weighed share of the question's words in the best sentence that was read, or in
              the memory with most of them, where it speaks of the person asked about
    astray    the share of the best item's words that speak of somebody else
    rival     how much more of the question's words a memory has that speaks of somebody else
    pairs     neighbouring words of the question that stand together in the best sentence
    kind      whether the best sentence has words of the kind that the question asks for
    margin    how far the best item is ahead of the next, if there is one
    support   the score that the search itself gave its best hit
    """

    evidence: Sequence[Evidence]
    features: Mapping[str, float]

    @property
    def is_told(self) -> bool:
        """Tell whether the best of it is a memory, and not something that was read."""
        return bool(self.evidence) and isinstance(self.evidence[0].hit.item, MemoryRecord)


@dataclass(frozen=True, slots=True)
class _Read:
    """A hit with its sentences and their terms, and its age in [0, 1]."""

    hit: Hit
    age: float
    parts: Sequence[tuple[Sentence, list[str]]]
    said: Said


class Abandoned(Exception):
    """Nobody waits for the result any more."""


def gather(
    asked: Asked, hits: Sequence[Hit], is_abandoned: Callable[[], bool] = lambda: False
) -> Gathered:
    """Weigh the sentences of all hits that share a term with the question, and do not only ask it.

    Of an item that shares none all of them count: it was found for what stands beside it, and the
    reply to a question often has none of its words.

    Raises:
        Abandoned: `is_abandoned` said so between two hits.
    """
    items = [hit.item for hit in hits]
    voices, old = Voices(asked, items), ages(asked.text, items)
    read = []
    for hit in hits:
        if is_abandoned():
            raise Abandoned
        read.append(_read(hit, voices, old.get(hit.item.id, 0.0)))
    weights = _weights(asked, voices.name, read)
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    gathered = [
        Evidence(each.hit, sentence, _features(asked, each, best, found, weights, sentence))
        for each in read
        for sentence, found in each.parts
        if not weights.keys().isdisjoint(found) or weights.keys().isdisjoint(each.said.all)
        if not _asks_the_same(sentence, found, asked)
    ]
    gathered.sort(key=lambda each: (-each.score, each.hit.item.id, each.sentence.start))
    return Gathered(gathered, _whole(gathered, read, weights, hits) if gathered else {})


def _asks_the_same(sentence: Sentence, found: Sequence[str], asked: Asked) -> bool:
    """Tell whether a sentence asks what is asked: a heading, say, that promises the answer."""
    return sentence.text.rstrip(_CLOSING).endswith("?") and set(found) <= set(terms(asked.text))


def _read(hit: Hit, voices: Voices, age: float) -> _Read:
    """Read an item's sentences and their terms; a short memory is one, as it was told."""
    text = hit.item.text
    if isinstance(hit.item, ArticleRecord) and not text:
        text = hit.item.summary
    if isinstance(hit.item, MemoryRecord) and len(text) <= SHORT_MEMORY:
        parts = [(Sentence(0, text), terms(text))]
    else:
        parts = [(each, terms(each.text)) for each in sentences(text[:MOST_TEXT])]
    found = (term for _, terms_here in parts for term in terms_here)
    return _Read(hit, age, parts, voices.said(hit.item, found))


def _weights(asked: Asked, name: frozenset[str], read: Sequence[_Read]) -> dict[str, float]:
    """Return the weight of each term of the question; they add up to 1.

    The name of a speaker weighs nothing: it stands before whatever that person says.
    """
    frequency = Counter(term for each in read for term in each.said.all)
    rarity = {
        term: math.log(1 + (len(read) + 1) / (frequency[term] + 0.5)) * (1 + (term in asked.new))
        for term in asked.terms
        if term not in name
    }
    total = sum(rarity.values()) or 1.0
    return {term: value / total for term, value in rarity.items()}


def _features(
    asked: Asked,
    read: _Read,
    best: float,
    found: Sequence[str],
    weights: Mapping[str, float],
    sentence: Sentence,
) -> dict[str, float]:
    own, other = _covered(weights, read.said.own), _covered(weights, read.said.other)
    return {
        "retrieval": read.hit.score / best,
        "coverage": _covered(weights, found),
        "pairs": _pairs(asked.terms, found),
        "voice": own - other if read.said.other else 0.0,
        "kind": float(holds(asked.expected, sentence.text, frozenset(asked.terms))),
        "age": read.age,
    }


def _whole(
    gathered: Sequence[Evidence],
    read: Sequence[_Read],
    weights: Mapping[str, float],
    hits: Sequence[Hit],
) -> dict[str, float]:
    first = gathered[0]
    others = (each.score for each in gathered if each.hit.item.id != first.hit.item.id)
    own = max(_covered(weights, each.said.own) for each in read)
    other = max(_covered(weights, each.said.other) for each in read)
    is_told = isinstance(first.hit.item, MemoryRecord)
    said = next(each.said for each in read if each.hit is first.hit)
    return {
        "coverage": own if is_told else first.features["coverage"],
        "astray": len(said.other) / max(1, len(said.own) + len(said.other)),
        "rival": max(0.0, other - own),
        "pairs": first.features["pairs"],
        "kind": first.features["kind"],
        "margin": min(1.0, max(0.0, first.score - next(others, first.score))),
        "support": hits[0].score,
    }


def _covered(weights: Mapping[str, float], found: Container[str]) -> float:
    return sum(weight for term, weight in weights.items() if term in found)


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
