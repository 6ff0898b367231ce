"""What somebody is quoted as saying, and who is said to have said it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selfd_storage.language.lexicon import STOP_WORDS, words
from selfd_storage.language.stems import stem

SAME = 0.8  # of the shorter one's telling words, from which on two quotations are one
LIKE = 0.6  # ... and from which on they may be two versions of it
LONGER = 1.5  # times as many words, from which on one says more, and so not the contrary
FEWEST = 3  # telling words of a quotation that can be known again
NAME = r"[A-Z][\w'’-]+(?: (?:of |de |van |von |al-)?[A-Z][\w'’-]+)*"

_QUOTED = re.compile(r"[“\"]([^“”\"]{8,400})[”\"]")
_SAID = r"(?:said|says|told|tells|wrote|writes|tweeted|added|adds|warned|warns|claimed|claims)"
_SPEAKER = re.compile(
    rf"(?P<before>{NAME}),? (?:\w+ly )?{_SAID}\b"
    rf"|\b{_SAID} (?:[a-z]+ ){{0,4}}(?P<after>{NAME})"
    rf"|\baccording to (?:[a-z]+ ){{0,4}}(?P<by>{NAME})"
)
_NOT_NAMES = STOP_WORDS | {"according", "meanwhile", "yesterday", "today"}
_DENIAL = re.compile(
    r"\b(?:not|never|no|neither|nor|without|denied|denies|deny|denying|rejected|rejects|refused"
    r"|refuses|cannot)\b|n['’]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks, by their stems, with those of the speaker's name."""

    terms: frozenset[str]
    speaker: frozenset[str]
    denies: bool

    def agrees(self, other: Quotation) -> bool | None:
        """Tell whether two sources quote alike; None where they quote different things."""
        fewer = min(len(self.terms), len(other.terms))
        shared = len(self.terms & other.terms)
        if fewer < FEWEST or shared < LIKE * fewer:
            return None
        known = bool(self.speaker and other.speaker)
        same_speaker = bool(self.speaker & other.speaker)
        if shared >= SAME * fewer and self.denies == other.denies:
            return not known or same_speaker
        if same_speaker and contradicts(self.terms, self.denies, other.terms, other.denies):
            return False
        return None


def quotations(sentence: str) -> list[Quotation]:
    """Return what a sentence quotes, in its order."""
    found = _QUOTED.findall(sentence)
    if not found:
        return []
    outside = _QUOTED.sub(" ", sentence)
    speaker = speaker_of(outside)
    return [Quotation(telling(text), speaker, denies(text)) for text in found]


def speaker_of(text: str) -> frozenset[str]:
    """Return the terms of the name of whoever speaks; none where nobody is named."""
    for found in _SPEAKER.finditer(text):
        terms = name_terms(found["before"] or found["after"] or found["by"])
        if terms:
            return terms
    return frozenset()


def name_terms(name: str) -> frozenset[str]:
    """Return the terms of a name; none of one that is a pronoun at the beginning of a sentence."""
    return frozenset(stem(word) for word in words(name) if word not in _NOT_NAMES)


def telling(text: str) -> frozenset[str]:
    """Return the terms of a text that say something."""
    return frozenset(stem(word) for word in words(text) if word not in STOP_WORDS)


def contradicts(
    one: frozenset[str], one_denies: bool, other: frozenset[str], other_denies: bool
) -> bool:
    """Tell whether of two texts that share most words one denies what the other says."""
    if one_denies == other_denies:
        return False
    return max(len(one), len(other)) < LONGER * min(len(one), len(other))


def denies(text: str) -> bool:
    """Tell whether a text says that something is not so; twice is not at all."""
    return len(_DENIAL.findall(text)) % 2 == 1
