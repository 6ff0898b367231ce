"""The second step of a search: from what was found first to what that speaks of by name.

A question that needs two texts names the first (`the director of that film`) and not the second.
So the names in the best texts, except those that the question knows, are looked up in turn. A text
that begins with such a name is mostly about it, and counts more than one that mentions it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.language.lexicon import STOP_WORDS, without_speaker, words
from selfd_storage.language.stems import stem
from selfd_storage.ranking.fusion import Candidates, Query, Ranked, Scores, View, strongest
from selfd_storage.words.columns import Docs, Flags
from selfd_storage.words.file import count_documents, read_documents

SEEDS = 3  # texts that names are taken from
MOST_NAMES = 24
MOST_TEXT = 2000  # characters of a text that are looked at
COMMON = 20  # documents that a name may be in, or a share of all, before it tells nothing
COMMON_SHARE, COMMON_LIMIT = 0.02, 2000
MOST_FOUND = 30
BEGINNING = 8  # terms
_CAPITAL = r"(?:[^\W\d_]\. )*[^\W\d_a-zßàáâäåæçèéêëìíîïñòóôöøùúûüýœ][\w'’-]*"
_NAME = re.compile(
    rf"\b{_CAPITAL}(?: (?:(?:of|the|de|da|du|van|von|la|le) )?{_CAPITAL})*|\b[12]\d\d\d\b"
)
_BEGINS = re.compile(r"(?:^|[.!?:\n])[\s\"'“”‘’(]*$")

Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Documents that hold names of the first texts, ascending, and what these are worth."""

    docs: Docs
    scores: Scores
    names: Sequence[Name]  # the best of each document

    def judged(self, texts: Mapping[int, str]) -> dict[str, Candidates]:
        """Tell texts that begin with a name from those that mention it, and from none."""
        about = np.array(
            [
                beginning(texts.get(doc, "")).issuperset(name)
                for doc, name in zip(self.docs.tolist(), self.names, strict=True)
            ],
            np.bool_,
        )
        return {"about": self._part(about), "mentions": self._part(~about)}

    def _part(self, chosen: Flags) -> Candidates:
        docs = self.docs[chosen]
        return Candidates(docs, self.scores[chosen], {"graph": np.ones(len(docs), np.bool_)})


def names_of(text: str) -> list[Name]:
    """Return the terms of each name and year in a text, each name once.

    A single word with a capital that begins a sentence is no name.
    """
    found: dict[Name, None] = {}
    said = without_speaker(text)
    for match in _NAME.finditer(said):
        if " " not in match[0] and _BEGINS.search(said[max(0, match.start() - 3) : match.start()]):
            continue
        name = tuple(stem(word) for word in words(match[0]) if word not in STOP_WORDS)
        if name:
            found[tuple(dict.fromkeys(name))] = None
    return list(found)


def follow_names(
    db: sqlite3.Connection,
    view: View,
    query: Query,
    seeds: Sequence[tuple[Ranked, str]],
) -> Found:
    """Look up the names in the texts of the first documents; each counts as its text does."""
    best: dict[int, tuple[float, Name]] = {}
    known, first = set(query.terms), max(seed.score for seed, _ in seeds) or 1.0
    own = {seed.doc for seed, _ in seeds}
    total = view.columns.count
    for name, share in _names(seeds, known).items():
        docs = documents_of(db, name, total)
        worth = share / first * rarity(len(docs), total)
        for doc in docs.tolist():
            if doc not in own and worth > best.get(doc, (0.0, name))[0]:
                best[doc] = worth, name
    docs = np.array(sorted(best), np.int64)
    docs = docs[view.seen(docs)]
    scores = np.array([best[doc][0] for doc in docs.tolist()], np.float32)
    kept = strongest(scores, MOST_FOUND)
    docs = docs[kept]
    return Found(docs, scores[kept], [best[doc][1] for doc in docs.tolist()])


def rarity(frequency: int, count: int) -> float:
    """Return what a name tells that so many of `count` documents hold, 0 to 1."""
    told = math.log(1 + (max(0, count - frequency) + 0.5) / (frequency + 0.5))
    return min(1.0, told / math.log(count + 2))


def beginning(text: str) -> frozenset[str]:
    """Return the first terms of a text: of a name there, it is mostly about whom that names."""
    return frozenset(stem(word) for word in islice(words(text[: BEGINNING * 20]), BEGINNING))


def documents_of(db: sqlite3.Connection, name: Name, total: int) -> Docs:
    """Return the documents that hold all terms of a name, none where it is too common to tell."""
    limit = min(COMMON_LIMIT, max(COMMON, int(COMMON_SHARE * total)))
    counts = count_documents(db, name)
    if len(counts) < len(name) or min(counts.values()) > limit * 10:
        return np.zeros(0, np.int64)
    docs = read_documents(db, name)
    return docs if len(docs) <= limit else docs[:0]


def _names(seeds: Sequence[tuple[Ranked, str]], known: set[str]) -> dict[Name, float]:
    """Return the names that tell something new, with the score of the best text that has each."""
    found: dict[Name, float] = {}
    for seed, text in seeds:
        for name in names_of(text):
            if not known.issuperset(name) and len(found) < MOST_NAMES:
                found.setdefault(name, seed.score)
    return found
