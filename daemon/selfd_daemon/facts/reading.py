"""From a text to what it states: high precision first, so what is not understood is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selfd_daemon.facts import vocabulary as known
from selfd_daemon.facts.clauses import Assertion, assertions
from selfd_daemon.facts.dates import bounds, moment
from selfd_daemon.facts.phrases import cut_things, is_name, rest_of_clause, thing
from selfd_daemon.facts.possessives import (
    ATTRIBUTE,
    FAVOURITE,
    KIN,
    KIN_ANYWHERE,
    KIN_DIED,
    value_of_attribute,
)
from selfd_daemon.facts.rules import RULES, Rule
from selfd_daemon.facts.vocabulary import words
from selfd_storage import NewStatement

EDITION = 2  # of the rules; a higher one has everything read anew
MOST = 40  # statements of one text
LONGEST_QUOTE = 240  # characters; of a longer sentence the clause is quoted

_SECOND_VERB = re.compile(
    r",? and (?=(?:also |now |currently )?(?:lives?|works?|studies|study|speaks?|plays?|loves?"
    r"|likes?|hates?|prefers?|enjoys?|dislikes?|moved|grew up|graduated|used to|no longer)\b)"
)
LONGEST_THING = 3  # words of a thing that becomes an entity
_OF_THINGS = frozenset({"likes", "dislikes", "prefers", "is allergic to", "speaks", "plays"})
_POSSESSIVE = re.compile(r"['’]s$")
_NO_KINDS = frozenset(
    words("""
    part thing things one ones moment moments way time times bit memory memories feature aspect
    parts reason line day
""")
)
_DOINGS = frozenset(
    ["hobby", "hobbies", "activity", "activities", "sport", "pastime", "exercise", "workout"]
)
_NO_VALUES = frozenset(
    words("""
    good great nice back gone coming closed open better here still amazing awesome beautiful
    always definitely probably fun cool super getting going next near up out down over due soon
    almost when how because so
""")
)
_NUMBERED = ("number", "address", "size", "postcode", "zip")
_CAPITALISED = (
    "hometown", "home town", "nationality", "language", "tongue", "surname", "name", "nickname",
    "alma mater", "sign",
)  # fmt: skip
_MONTH = re.compile(r"\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause that matched: whose words, from where to where, and when they were said."""

    assertion: Assertion
    start: int
    end: int
    at: datetime

    @property
    def quote(self) -> str:
        whole = self.assertion.text
        return whole if len(whole) <= LONGEST_QUOTE else whole[self.start : self.end].strip()

    def statement(
        self,
        subject: str,
        predicate: str,
        object: str,
        *,
        name: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> NewStatement:
        return NewStatement(subject, predicate, object, name, self.quote, since, until)


def read_statements(text: str, at: datetime) -> list[NewStatement]:
    """Return what a text, told at a moment, states; each quote is an exact part of the text."""
    found: dict[tuple[str, str, str, bool], NewStatement] = {}
    for assertion in assertions(text):
        for each in _read(assertion, at):
            if each.quote and each.quote in text:
                key = (each.subject, each.predicate, each.object.casefold(), each.until is None)
                found.setdefault(key, each)
    return list(found.values())[:MOST]


def _read(assertion: Assertion, at: datetime) -> Iterator[NewStatement]:
    text = assertion.text
    places = list(assertion.beginnings())
    for found in KIN_ANYWHERE.finditer(text):
        name = "kin" if found["kin"] else "aside"
        yield from _kin(_Clause(assertion, found.start(), found.end(), at), found, found[name])
        places.append(found.start(name))
    subjects: list[tuple[int, str]] = []
    for place in dict.fromkeys(places):
        for rule in RULES:
            matched = rule.head.match(text, place)
            if matched is not None and (stated := list(_apply(rule, matched, assertion, at))):
                named = matched.groupdict()
                subjects.append((place, named.get("me") or named.get("name") or "I"))
                yield from stated
        yield from _relatives(assertion, place, at)
        yield from _attributes(assertion, place, at)
    yield from _shared(assertion, subjects, at)


def _shared(
    assertion: Assertion, subjects: Sequence[tuple[int, str]], at: datetime
) -> Iterator[NewStatement]:
    """Read the second verb of one subject: `Maya lives in Porto and works as a nurse`."""
    for found in _SECOND_VERB.finditer(assertion.text):
        before = [subject for place, subject in subjects if place < found.start()]
        if not before:
            continue
        rest = assertion.text[found.end() :]
        clause = Assertion(assertion.start, f"{before[-1]} {rest}", assertion.speaker)
        for rule in RULES:
            matched = rule.head.match(clause.text)
            if matched is not None:
                whole = assertion.text if len(assertion.text) <= LONGEST_QUOTE else rest
                for each in _apply(rule, matched, clause, at):
                    yield replace(each, quote=whole)


def _apply(
    rule: Rule, matched: re.Match[str], assertion: Assertion, at: datetime
) -> Iterator[NewStatement]:
    me = matched["me"] if "me" in matched.re.groupindex else None
    subject = _subject(me, matched, assertion)
    rest = rest_of_clause(assertion.text, matched.end())
    cut = rule.cut(rest)
    if subject is None or cut is None:
        return
    clause = _Clause(assertion, matched.start(), matched.end() + len(rest), at)
    times = _times(rule, rest[cut.end :], at)
    if times is None:
        return
    for object in cut.things:
        if object.casefold() != subject.casefold():
            yield clause.statement(
                subject,
                rule.predicate,
                object,
                name=rule.object_is_name or _is_shared(rule.predicate, object),
                since=times[0],
                until=times[1],
            )


def _is_shared(predicate: str, object: str) -> bool:
    """Tell whether a thing is worth an entity: others may like, speak or not stand it, too."""
    return predicate in _OF_THINGS and len(object.split()) <= LONGEST_THING


def _times(rule: Rule, tail: str, at: datetime) -> tuple[datetime | None, datetime | None] | None:
    """Return from when and until when; None where it is not so yet."""
    named = bounds(tail, at)
    if named.is_future:
        return None
    match rule.mode:
        case "began":
            return named.since or moment(tail, at) or at, named.until
        case "ended":
            return None, named.until or moment(tail, at) or at
        case "past":
            return (named.since, named.until) if named.until else (None, moment(tail, at) or at)
        case _:
            return named.since, named.until


def _relatives(assertion: Assertion, place: int, at: datetime) -> Iterator[NewStatement]:
    for pattern in KIN:
        found = pattern.match(assertion.text, place)
        if found is not None:
            clause = _Clause(assertion, found.start(), found.end(), at)
            yield from _kin(clause, found, found["kin"])
    found = KIN_DIED.match(assertion.text, place)
    if found is not None:
        clause = _Clause(assertion, found.start(), found.end(), at)
        for each in _kin(clause, found, found["kin"]):
            yield clause.statement(each.subject, each.predicate, each.object, name=True, until=at)


def _kin(clause: _Clause, found: re.Match[str], named: str) -> Iterator[NewStatement]:
    owner = _subject(found["me"], found, clause.assertion)
    name = _POSSESSIVE.sub("", named)
    qualities = set(re.split(r"[ -]", found["quality"] or ""))
    if owner is None or not is_name(name) or qualities & known.OLD_PREFIXES:
        return
    relative = known.SAME_RELATIVE.get(found["relative"], found["relative"])
    if name.casefold() != owner.casefold():
        yield clause.statement(owner, f"has {relative}", name, name=True)


def _attributes(assertion: Assertion, place: int, at: datetime) -> Iterator[NewStatement]:
    text = assertion.text
    found = ATTRIBUTE.match(text, place)
    if found is not None:
        owner = _subject(found["me"], found, assertion)
        value = value_of_attribute(found["value"])
        if owner is not None and value is not None and _fits(found["attribute"], value):
            clause = _Clause(assertion, found.start(), found.end(), at)
            yield clause.statement(owner, f"has {found['attribute']}", value)
    found = FAVOURITE.match(text, place)
    if found is not None:
        yield from _favourite(_Clause(assertion, found.start(), found.end(), at), found)


def _favourite(clause: _Clause, found: re.Match[str]) -> Iterator[NewStatement]:
    text = clause.assertion.text
    if found["kind"]:
        kind, owner = found["kind"], _subject(found["me"], found, clause.assertion)
        rest = rest_of_clause(text, found.end())
        start = len(rest) - len(re.sub(r"^(?:the|an?|probably|definitely|still|now) ", "", rest))
        cut = cut_things(rest[start:])
        values = [] if cut is None else cut.things
        clause = _Clause(clause.assertion, clause.start, found.end() + len(rest), clause.at)
    else:
        me = found["me2"]
        kind, owner = found["kind2"], _subject(me, found, clause.assertion, group="name2")
        value = thing(found["value"])
        values = [] if value is None else [value]
    if owner is None or kind.split()[0] in _NO_KINDS or kind.split()[-1] in _NO_KINDS:
        return
    for value in values:
        first = value.split()[0].lower()
        if first in _NO_VALUES or (first.endswith("ing") and kind not in _DOINGS):
            continue
        yield clause.statement(owner, f"has favourite {kind.replace('color', 'colour')}", value)


def _fits(attribute: str, value: str) -> bool:
    """Tell whether a value can be one of its attribute: a birthday has a day, an email an @."""
    if "mail" in attribute and "address" not in attribute.replace("email address", ""):
        return "@" in value
    if "birth" in attribute:
        return _MONTH.search(value) is not None
    if any(attribute.endswith(end) for end in _NUMBERED) or attribute.split()[0] in _NUMBERED:
        return any(letter.isdigit() for letter in value)
    if any(attribute.endswith(end) for end in _CAPITALISED):
        return value[0].isupper()
    return value.split()[0].lower() not in _NO_VALUES


def _subject(
    me: str | None, found: re.Match[str], assertion: Assertion, *, group: str = "name"
) -> str | None:
    """Return who a clause is about, None where its first words are nobody's name."""
    if me is not None:
        return assertion.speaker
    name = _POSSESSIVE.sub("", found[group] or "") if group in found.re.groupindex else ""
    if name.lower() in known.OWNERS:
        return known.OWNER
    if name.lower().startswith("my "):
        relative = name[3:]
        owner = assertion.speaker
        return f"my {relative}" if owner == known.OWNER else f"{owner}'s {relative}"
    return name if is_name(name) else None
