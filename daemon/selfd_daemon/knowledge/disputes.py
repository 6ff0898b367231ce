"""Where the sources of a story agree and where they differ, claim by claim.

Two claims are held against each other when they give one figure each of the same thing in mostly
the same words. What is not comparable is left alone: a dispute that is none costs more trust than
one that is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from selfd_daemon.knowledge.figures import Figure, figures
from selfd_storage import ClaimRecord
from selfd_storage.lexicon import STOP_WORDS, words
from selfd_storage.stems import stem

SHARED = 0.5  # of the shorter claim's words, from which on both speak of the same
FEWEST = 2  # words that both have besides what is counted
MOST = 20  # disputes of a story


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two claims of different sources that cannot both be right."""

    one: ClaimRecord
    other: ClaimRecord


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the claims of a story come to: how many sources support each, and the disputes."""

    support: Mapping[ClaimRecord, int]
    disputes: Sequence[Dispute]


@dataclass(frozen=True, slots=True)
class _Told:
    claim: ClaimRecord
    figures: Sequence[Figure]
    words: frozenset[str]


def compare(claims: Sequence[ClaimRecord]) -> Comparison:
    """Hold the claims of a story against each other; of one source the later articles count."""
    told = [_told(claim) for claim in claims]
    supporters: dict[ClaimRecord, set[str]] = {claim: {claim.publisher} for claim in claims}
    disputes: dict[tuple[str, ...], Dispute] = {}
    for one, other in combinations(told, 2):
        if one.claim.publisher == other.claim.publisher:
            continue
        verdicts = list(_verdicts(one, other))
        if verdicts and all(verdicts):
            supporters[one.claim].add(other.claim.publisher)
            supporters[other.claim].add(one.claim.publisher)
        elif verdicts:
            between = sorted((one.claim.publisher, other.claim.publisher))
            about = next(f.of for f in one.figures if any(f.of == g.of for g in other.figures))
            disputes[(*between, about)] = Dispute(one.claim, other.claim)
    support = {claim: len(publishers) for claim, publishers in supporters.items()}
    found = sorted(disputes.values(), key=lambda each: -support[each.one] - support[each.other])
    return Comparison(support, found[:MOST])


def _told(claim: ClaimRecord) -> _Told:
    found = figures(claim.text)
    rest, place = [], 0
    for figure in found:
        rest.append(claim.text[place : figure.start])
        place = figure.end
    rest.append(claim.text[place:])
    telling = (word for word in words(" ".join(rest)) if word not in STOP_WORDS)
    return _Told(claim, found, frozenset(stem(word) for word in telling))


def _verdicts(one: _Told, other: _Told) -> Iterator[bool]:
    """Yield for each thing that both count, once each, whether they agree on it."""
    for figure in one.figures:
        pairs = [twin for twin in other.figures if twin.of == figure.of]
        if len(pairs) != 1 or sum(twin.of == figure.of for twin in one.figures) != 1:
            continue
        shared = (one.words & other.words) - {figure.of}
        fewer = min(len(one.words), len(other.words))
        if len(shared) >= FEWEST and len(shared) >= SHARED * (fewer - 1):
            yield figure.agrees(pairs[0])
