"""Where the sources of a story agree and where they differ, claim by claim.

Two claims are held against each other where they give one figure each of the same thing in mostly
the same words, quote the same words or the same speaker, tell who did what only one can have
done, or say in the same words that something is so and that it is not. What is not comparable is
left alone: a dispute that is none costs more trust than one that is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

from selfd_daemon.knowledge.deeds import Deed, deeds
from selfd_daemon.knowledge.figures import Figure, figures
from selfd_daemon.knowledge.quotations import (
    Quotation,
    contradicts,
    denies,
    quotations,
    telling,
)
from selfd_storage import ClaimRecord

SHARED = 0.5  # of the shorter claim's words, from which on both speak of the same
FEWEST = 2  # words that both have besides what is counted
SAYS_SAME = 0.75  # of the shorter claim's words, from which on it says the same, or its contrary
SAYS_SOMETHING = 5  # words that such a claim has at least
MOST = 20  # disputes of a story


Kind: TypeAlias = Literal["figure", "quotation", "deed", "denial"]


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two claims of different sources that cannot both be right, and what they differ in."""

    one: ClaimRecord
    other: ClaimRecord
    kind: Kind


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the claims of a story come to: how many sources support each, and the disputes."""

    support: Mapping[ClaimRecord, int]
    disputes: Sequence[Dispute]


@dataclass(frozen=True, slots=True)
class _Told:
    claim: ClaimRecord
    figures: Sequence[Figure]
    quotations: Sequence[Quotation]
    deeds: Sequence[Deed]
    words: frozenset[str]
    denies: bool
    about: frozenset[str]  # what it can be compared in


def compare(claims: Sequence[ClaimRecord]) -> Comparison:
    """Hold the claims of a story against each other; of one source the later articles count."""
    told = [_told(claim) for claim in claims]
    supporters: dict[ClaimRecord, set[str]] = {claim: {claim.publisher} for claim in claims}
    disputes: dict[tuple[str, ...], Dispute] = {}
    for one, other in combinations(told, 2):
        if one.claim.publisher == other.claim.publisher or one.about.isdisjoint(other.about):
            continue
        verdicts = dict(_verdicts(one, other))
        if verdicts and all(verdicts.values()):
            supporters[one.claim].add(other.claim.publisher)
            supporters[other.claim].add(one.claim.publisher)
        elif verdicts:
            between = sorted((one.claim.publisher, other.claim.publisher))
            kind, about = next(each for each, agrees in verdicts.items() if not agrees)
            disputes[(*between, kind, about)] = Dispute(one.claim, other.claim, kind)
    support = {claim: len(publishers) for claim, publishers in supporters.items()}
    found = sorted(disputes.values(), key=lambda each: -support[each.one] - support[each.other])
    return Comparison(support, found[:MOST])


def _told(claim: ClaimRecord) -> _Told:
    found, quoted, done = figures(claim.text), quotations(claim.text), deeds(claim.text)
    rest, place = [], 0
    for figure in found:
        rest.append(claim.text[place : figure.start])
        place = figure.end
    rest.append(claim.text[place:])
    return _Told(
        claim,
        found,
        quoted,
        done,
        telling(" ".join(rest)),
        denies(claim.text),
        frozenset(_comparable(found, quoted, done)),
    )


def _comparable(
    found: Sequence[Figure], quoted: Sequence[Quotation], done: Sequence[Deed]
) -> Iterator[str]:
    """Name what a claim can be held against others in, so that most pairs need no closer look."""
    yield from (f"figure {figure.of}" for figure in found)
    yield from (f"deed {deed.kind}" for deed in done)
    if quoted:
        yield "quotation"
    if not found:
        yield "words"


def _verdicts(one: _Told, other: _Told) -> Iterator[tuple[tuple[Kind, str], bool]]:
    """Yield for each thing that both speak of, by its kind and name, whether they agree on it."""
    if len(one.words & other.words) < FEWEST:
        return
    yield from _of_figures(one, other)
    yield from _of_quotations(one, other)
    yield from _of_deeds(one, other)
    if not one.figures and not other.figures:
        yield from _of_words(one, other)


def _of_figures(one: _Told, other: _Told) -> Iterator[tuple[tuple[Kind, str], bool]]:
    for figure in one.figures:
        pairs = [twin for twin in other.figures if twin.of == figure.of]
        if len(pairs) != 1 or sum(twin.of == figure.of for twin in one.figures) != 1:
            continue
        shared = (one.words & other.words) - {figure.of}
        fewer = min(len(one.words), len(other.words))
        if len(shared) >= FEWEST and len(shared) >= SHARED * (fewer - 1):
            yield ("figure", figure.of), figure.agrees(pairs[0])


def _of_quotations(one: _Told, other: _Told) -> Iterator[tuple[tuple[Kind, str], bool]]:
    for quoted in one.quotations:
        for twin in other.quotations:
            if (agrees := quoted.agrees(twin)) is not None:
                about = " ".join(sorted(quoted.terms & twin.terms))
                yield ("quotation", about), agrees


def _of_deeds(one: _Told, other: _Told) -> Iterator[tuple[tuple[Kind, str], bool]]:
    for deed in one.deeds:
        for twin in other.deeds:
            if (agrees := deed.agrees(twin)) is not None:
                yield ("deed", deed.kind), agrees


def _of_words(one: _Told, other: _Told) -> Iterator[tuple[tuple[Kind, str], bool]]:
    """Compare what has neither figures nor a quotation that differs: is it so, or is it not?"""
    fewer = min(len(one.words), len(other.words))
    shared = one.words & other.words
    if fewer < SAYS_SOMETHING or len(shared) < SAYS_SAME * fewer:
        return
    if one.denies == other.denies:
        yield ("denial", ""), True
    elif contradicts(one.words, one.denies, other.words, other.denies):
        yield ("denial", ""), False
