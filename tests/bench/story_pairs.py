"""Which pairs of articles are read by a person, to be labelled as one event or not.

The rule knows nothing of the grouping: pairs within four days that share rare words of titles or
names, however they rank, and a random draw of all others. docs/lab/0015 has the guide for reading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from random import Random

from bench.multihop_news import News

APART = timedelta(days=4)
RARE = 20  # articles of all that have a word
SHARED = 1  # rare words
DRAWN = 200  # of the pairs that share fewer
SEED = 20231224

_WORD = re.compile(r"[^\W\d_][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles by their numbers, the older first."""

    one: int
    other: int


def to_read(articles: Sequence[News]) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs that share rare words, and those that were drawn from the rest."""
    words = {each.number: _words(each) for each in articles}
    frequency = Counter(word for found in words.values() for word in found)
    rare = {word for word, count in frequency.items() if count <= RARE}
    sharing: list[Pair] = []
    rest: list[Pair] = []
    for one, other in combinations(articles, 2):
        if other.at - one.at <= APART:
            pair = Pair(one.number, other.number)
            alike = len(words[one.number] & words[other.number] & rare) >= SHARED
            (sharing if alike else rest).append(pair)
    return sharing, Random(SEED).sample(rest, DRAWN)


def _words(article: News) -> frozenset[str]:
    """Return the words of a title, and those of the text that begin with a capital."""
    named = (word for word in _WORD.findall(article.text) if word[0].isupper())
    return frozenset(word.lower() for word in (*_WORD.findall(article.title), *named))
