"""Words that nothing holds, read as words that something does: typos of one letter, or of two.

Every spelling one letter away is looked up by itself, which finds a slip anywhere in a word. Of
longer words, those that are two letters away are found as well: `bycicle` is `bicycle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from selfd_storage._sqlite import sqlite3
from selfd_storage.language.stems import stem
from selfd_storage.ranking.fusion import Query
from selfd_storage.words.file import LEVELS, count_documents, count_terms_from

SHORTEST = 4  # letters; of shorter words too many are one letter away
LONG = 7  # letters, from which on two slips are forgiven
LONG_STEM = 6  # letters that must be left of both words: `ceil` is two slips from `call`
BEGINNINGS = (3, 1)  # letters that are right: of three there are few words, of one all typos
MOST = 3  # words of one question that are looked at, the longest first
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def respelled(db: sqlite3.Connection, query: Query, frequencies: Mapping[str, int]) -> Query:
    """Return a query whose unknown terms are those that were probably meant."""
    unknown = [term for term in query.terms if term not in frequencies]
    unknown = [t for t in unknown if len(query.spelled.get(t, "")) >= SHORTEST and t.isalpha()]
    unknown.sort(key=len, reverse=True)
    other = {}
    for term in unknown[:MOST]:
        meant = _meant(db, query.spelled[term])
        if meant is not None:
            other[term] = meant
    return query.respelled(other) if other else query


def _meant(db: sqlite3.Connection, word: str) -> str | None:
    """Return the most frequent term one letter away from a word, or else two letters away."""
    near = count_documents(db, {stem(each) for each in _one_away(word)})
    own = stem(word)
    if len(word) >= LONG and len(own) >= LONG_STEM:
        for letters in BEGINNINGS:
            near = near or _two_away(db, own, letters)
    return max(near, key=lambda term: (near[term], term), default=None)


def _two_away(db: sqlite3.Connection, own: str, letters: int) -> dict[str, int]:
    """Return the terms that begin like a word and are two letters away, with their counts."""
    return {
        term: count
        for term, count in count_terms_from(db, own[:letters]).items()
        if len(term) >= LONG_STEM
        and term[-1] not in LEVELS.values()
        and len(set(own).symmetric_difference(term)) <= 4  # cheap, and leaves few
        and distance(own, term, 2) <= 2
    }


def _one_away(word: str) -> Iterator[str]:
    """Yield the words that one slip makes of a word: dropped, swapped, wrong or added letters."""
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _LETTERS:
            if after:
                yield before + letter + after[1:]
            yield before + letter + after


def distance(a: str, b: str, most: int) -> int:
    """Return how many letters must be changed to make one word of another, `most` + 1 at most."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        above, row = row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != other)))
        if min(row) > most:
            return most + 1
    return row[-1]
