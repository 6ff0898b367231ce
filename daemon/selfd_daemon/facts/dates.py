"""When a fact began or ended, as far as the words behind it say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfd_storage.language.cues import span_of
from selfd_storage.times import from_ms

_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
}  # fmt: skip
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.44, "year": 365.24, "decade": 3652.4}
_FOR = re.compile(
    rf"\bfor (?:about |over |around |the (?:last|past) )?(\d{{1,3}}|{'|'.join(_COUNTS)}) (day"
    rf"|week|month|year|decade)s?\b"
)
_AGO = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_COUNTS)}) (day|week|month|year|decade)s? ago\b")
_SINCE = re.compile(r"\bsince (.{3,30})")
_FROM_TO = re.compile(r"\b(?:from|between) (.{3,20}?) (?:to|until|till|and) (.{3,20})")
_UNTIL = re.compile(r"\b(?:until|till|up to) (.{3,30})")
_FUTURE = re.compile(
    r"\b(?:next (?:week|month|year|spring|summer|autumn|fall|winter|\w+day)|tomorrow|soon"
    r"|in (?:a|an|one|two|three|\d+) (?:days?|weeks?|months?|years?))\b"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Bounds:
    """From when and until when, as the words say; None where they do not."""

    since: datetime | None = None
    until: datetime | None = None
    is_future: bool = False


def bounds(words: str, at: datetime) -> Bounds:
    """Read the words that follow a statement told at `at`."""
    lower = words.lower()
    if _FUTURE.search(lower):
        return Bounds(is_future=True)
    both = _FROM_TO.search(lower)
    if both:
        since, until = _moment(both[1], at), _moment(both[2], at)
        if since is not None and until is not None and since < until:
            return Bounds(since, until)
    since, until = None, None
    if found := _SINCE.search(lower):
        since = _moment(found[1], at)
    elif found := _FOR.search(lower):
        since = at - _length(found[1], found[2])
    if found := _UNTIL.search(lower):
        until = _moment(found[1], at)
    return Bounds(since, until)


def moment(words: str, at: datetime) -> datetime | None:
    """Return the moment that words name, its beginning where it is a span; None: none before."""
    lower = words.lower()
    if found := _AGO.search(lower):
        return at - _length(found[1], found[2])
    return _moment(lower, at, named=True)


def _moment(words: str, at: datetime, *, named: bool = False) -> datetime | None:
    """Return the first moment that words name; bare ones, as after `since`, too."""
    if found := _AGO.search(words):
        return at - _length(found[1], found[2])
    span = span_of(words, at)
    if span is None and not named:
        span = span_of(f"in {words}", at) or span_of(f"on {words}", at)
    if span is None:
        return None
    start = from_ms(span.start)
    return start if start <= at else None


def _length(count: str, unit: str) -> timedelta:
    return timedelta(days=_DAYS[unit] * (_COUNTS[count] if count in _COUNTS else int(count)))
