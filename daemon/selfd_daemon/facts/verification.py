"""What a larger mind proposes is kept only where the words of its source say so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from selfd_daemon.facts.clauses import Assertion, assertions
from selfd_daemon.facts.dates import bounds, moment
from selfd_daemon.facts.phrases import is_name
from selfd_daemon.facts.reading import read_statements
from selfd_daemon.facts.vocabulary import OWNER, OWNERS
from selfd_storage import NewStatement
from selfd_storage.language.lexicon import STOP_WORDS, words
from selfd_storage.language.stems import stem

LONGEST_PART = 120  # characters of a subject, predicate or object

_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|neither|nor|without|\w+n['’]t|cannot)\b", re.IGNORECASE
)
_OVER = re.compile(
    r"\b(?:no longer|any ?more|used to|stopped|quit|left|former(?:ly)?|ex|until|previously)\b",
    re.IGNORECASE,
)
FIRST_PERSON = re.compile(r"\b(?:I|i|me|my|mine|myself|we|We|our|us|My|Our)\b|\b[Ii]['’]m\b")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fact as a mind proposes it. `quote` is where it says to have read it; None: anywhere."""

    subject: str
    predicate: str
    object: str
    quote: str | None = None
    is_over: bool = False


def verified(proposal: Proposal, text: str, at: datetime) -> NewStatement | None:
    """Return a proposal as a statement of a text, told at a moment; None where it is not said.

    One sentence that asserts something must hold the subject (or its speaker says `I`), every
    telling word of predicate and object, and no negation that the predicate does not hold. Times
    are read from that sentence, never taken from the mind.
    """
    parts = (proposal.subject, proposal.predicate, proposal.object)
    if any(not part.strip() or len(part) > LONGEST_PART for part in parts):
        return None
    if proposal.quote is not None and proposal.quote not in text:
        return None
    for assertion in assertions(text):
        if proposal.quote is not None and not _overlap(proposal.quote, assertion, text):
            continue
        statement = _checked(proposal, assertion, at)
        if statement is not None:
            return statement
    return None


def in_our_words(statement: NewStatement, at: datetime) -> NewStatement:
    """Return a statement with the predicate of the rules, where they know what a mind calls it.

    So `Maya resides in Porto` closes `Maya lives in Oslo`. The rules read the mind's own words.
    """
    subject = "User" if statement.subject == OWNER else statement.subject
    for each in read_statements(f"{subject} {statement.predicate} {statement.object}.", at):
        if (each.subject, each.object, each.until) == (statement.subject, statement.object, None):
            return replace(statement, predicate=each.predicate, object_is_name=each.object_is_name)
    return statement


def _checked(proposal: Proposal, assertion: Assertion, at: datetime) -> NewStatement | None:
    sentence = assertion.text
    subject = _subject(proposal.subject, assertion)
    place = sentence.casefold().find(proposal.object.strip().casefold())
    if subject is None or place < 0:
        return None
    object = sentence[place : place + len(proposal.object.strip())]
    said = {stem(word) for word in words(sentence)}
    needed = {stem(word) for word in words(proposal.predicate) if word not in STOP_WORDS}
    if not needed <= said or not _is_word(sentence, place, len(object)):
        return None
    is_over = bool(_OVER.search(sentence))
    without = _OVER.sub("", sentence)
    if _NEGATION.search(without) and not _NEGATION.search(proposal.predicate):
        return None
    if is_over != proposal.is_over:
        return None
    after = sentence[place + len(object) :]
    named = bounds(after, at)
    if named.is_future:
        return None
    until = (named.until or moment(after, at) or at) if is_over else None
    predicate = " ".join(proposal.predicate.split())
    return NewStatement(
        subject, predicate, object, is_name(object), sentence, named.since, until, "MIND"
    )


def _subject(name: str, assertion: Assertion) -> str | None:
    """Return the subject under the name that the rules use, None where the words do not hold it."""
    lower = name.strip().casefold()
    if lower in OWNERS or lower == assertion.speaker.casefold():
        if FIRST_PERSON.search(assertion.text):
            return assertion.speaker if lower != OWNER or assertion.speaker == OWNER else None
        if lower in OWNERS:
            return OWNER if re.search(r"\buser\b", assertion.text, re.IGNORECASE) else None
    found = re.search(rf"(?<!\w){re.escape(name.strip())}(?!\w)", assertion.text)
    return None if found is None else found[0]


def _is_word(sentence: str, start: int, length: int) -> bool:
    before, after = sentence[:start][-1:], sentence[start + length :][:1]
    return not (before.isalnum() or after.isalnum())


def _overlap(quote: str, assertion: Assertion, text: str) -> bool:
    place = text.find(quote)
    while place >= 0:
        if place < assertion.start + len(assertion.text) and assertion.start < place + len(quote):
            return True
        place = text.find(quote, place + 1)
    return False
