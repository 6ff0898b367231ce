"""What a question asks for: its telling words, and the kind of words that would answer it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from selfd_storage.language.lexicon import STOP_WORDS, telling_terms, terms, words

Expected: TypeAlias = Literal["person", "time", "place", "number", "reason", "anything"]

_FIRST: tuple[tuple[re.Pattern[str], Expected], ...] = (
    (re.compile(r"\bhow (?:many|much|old|tall|long|far|big|fast|often|high|heavy)\b"), "number"),
    (
        re.compile(r"\b(?:when|what (?:time|date|day|month|year)|which (?:day|month|year))\b"),
        "time",
    ),
    (re.compile(r"\b(?:who|whom|whose)\b"), "person"),
    (re.compile(r"\bwhere\b"), "place"),
    (re.compile(r"\b(?:why|what for)\b"), "reason"),
)
_MONTHS = r"jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
_TIME = re.compile(
    rf"\b(?:\d{{1,2}}:\d\d|[12]\d{{3}}|(?:{_MONTHS})[a-z]*\.?|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:to|yester)day|tonight|tomorrow|(?:last|next|this) (?:week|month|year|night|spring|summer"
    r"|autumn|fall|winter|weekend)|morning|noon|evening|midnight|\d+ (?:years?|months?|weeks?|days?"
    r"|hours?|minutes?) ago|century|decade|[ap]\.?m\.?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|billion|half|once|twice|every|daily|weekly)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:in|at|on|under|behind|near|from|to|inside|above|below|beside|next to)\b")
_REASON = re.compile(r"\b(?:because|since|so that|in order|due to|as|for|to)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'’-]+")
_PRONOUNS = frozenset(
    {"he", "she", "it", "they", "him", "her", "them", "his", "its", "their", "theirs", "hers"}
    | {"that", "this", "those", "these", "there", "one", "ones"}
)
# Those that stand for a person; with no name beside them they lean, however long the question is.
_PERSONAL = frozenset({"he", "she", "him", "her", "his", "hers", "they", "them", "their"})
_DENIALS = frozenset(
    {"not", "no", "never", "nobody", "nothing", "none", "neither", "without", "cannot"}
)
_CONTRACTED = re.compile(r"n['’]t\b", re.IGNORECASE)
MOST_OWN_WORDS = 2  # of a follow-up that leans on the question before it
MOST_NAMES = 3  # of the last answer that a follow-up may mean
MOST_BEFORE = 6  # questions that a chain of follow-ups is followed back


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is searched for and judged.

    `said` is the question as it was put, `text` has the words that it leans on too. `terms` are
    stems, each once; `new` are those of them that a follow-up brought itself.
    """

    said: str
    text: str
    terms: tuple[str, ...]
    expected: Expected
    new: frozenset[str] = frozenset()


def read_question(text: str, before: str | None = None) -> Asked:
    """Read a question; one that is too short to stand alone takes the words of the one before."""
    if not before or not leans_back(text):
        return Asked(text, text, tuple(telling_terms(text)), _expected(text))
    whole = f"{before} {text}"
    new = frozenset(telling_terms(text)) - frozenset(telling_terms(before))
    return Asked(text, whole, tuple(telling_terms(whole)), _expected(text), new)


def read_in_context(text: str, before: Sequence[str], answer: str | None = None) -> Asked:
    """Read the next question of a conversation.

    Args:
        before: the questions before it, the oldest first; a chain of follow-ups is followed back.
        answer: the one that was given last; `he` may be somebody whom only it names.
    """
    leant: str | None = None
    for each in before[-MOST_BEFORE:]:
        leant = read_question(each, leant).text
    asked = read_question(text, leant)
    if answer is None or asked.text == text:
        return asked
    known = set(words(asked.text))
    names = [name for name in names_in(answer) if not known.issuperset(words(name))]
    return replace(asked, text=" ".join([asked.text, *names[:MOST_NAMES]]))


def leans_back(text: str) -> bool:
    """Tell whether a question speaks of what was spoken of: and her sister? when was that?"""
    found = list(words(text))
    own = [word for word in found if word not in STOP_WORDS and word not in _PRONOUNS]
    points = any(word in _PRONOUNS for word in found) or found[:1] == ["and"]
    if points and len(own) <= MOST_OWN_WORDS:
        return True
    return any(word in _PERSONAL for word in found) and not names_in(text)


def denies(text: str) -> bool:
    """Tell whether a text says that something is not so."""
    return bool(_CONTRACTED.search(text)) or not _DENIALS.isdisjoint(words(text))


def names_in(text: str) -> list[str]:
    """Return the words that are written like names, but for those that begin sentences."""
    found = (name for name in _NAME.findall(text) if not name.startswith(("I'", "I’")))
    return list(dict.fromkeys(found))


def _expected(text: str) -> Expected:
    lowered = text.lower()
    for pattern, expected in _FIRST:
        if pattern.search(lowered):
            return expected
    return "anything"


def holds(expected: Expected, sentence: str, asked: frozenset[str]) -> bool:
    """Tell whether a sentence has words of the expected kind that the question did not have."""
    if expected == "time":
        return _new(_TIME, sentence, asked)
    if expected == "number":
        return _new(_NUMBER, sentence, asked)
    if expected == "person":
        return _new(_NAME, sentence, asked)
    if expected == "place":
        return bool(_PLACE.search(sentence)) or _new(_NAME, sentence, asked)
    return expected == "anything" or bool(_REASON.search(sentence))


def _new(pattern: re.Pattern[str], sentence: str, asked: frozenset[str]) -> bool:
    return any(not asked.issuperset(terms(found[0])) for found in pattern.finditer(sentence))
