"""When a question speaks of: the span of time that its words name, in milliseconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from selfd_storage.language.holidays import NAMED
from selfd_storage.times import to_ms

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}

_MONTH = rf"(?P<month>{'|'.join(name[:3] + f'(?:{name[3:]})?' for name in _MONTHS)}|sept)\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"


_NAME = rf"(?P<name>{'|'.join(NAMED)})(?: (?:of )?{_YEAR})?"
_BEFORE = "in|since|during|of|last|this|before|after|until|till|between|from"
_BOUND = re.compile(r"\b(before|until|till|after|since)(?: the)?\s*$")
_BETWEEN = re.compile(r"\b(?:between|from) ([\w' ]{3,30}?) (?:and|to|until|till) ([\w' ]+)")
_BEGINNING = to_ms(datetime(1, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`."""

    start: int
    end: int


Reading = Callable[[re.Match[str], datetime], tuple[datetime, datetime]]


def span_of(text: str, now: datetime) -> Span | None:
    """Return the span of time that a text names, None where it names none.

    A month or feast without a year is the last that had begun by `now`, a weekday the last one
    before it. `Before` and `since` make a span that is open to one side, `between` one of two.
    """
    lower = text.lower().replace("’", "'")
    ends = _BETWEEN.search(lower)
    if ends is not None:
        span = _between(ends[1], ends[2], now)
        if span is not None:
            return span
    for pattern, read in _READINGS:
        found = pattern.search(lower)
        if found is None:
            continue
        try:
            start, end = read(found, now.astimezone(UTC))
            return _bounded(lower, found, Span(to_ms(start), to_ms(end)), now)
        except (ValueError, OverflowError):  # the 31st of June, the year before the first
            continue
    return None


def _between(first: str, last: str, now: datetime) -> Span | None:
    """Read the two ends of a span; a year that only the second has is that of both."""
    year = re.search(rf"\b{_YEAR}\b", last)
    if year is not None and re.search(rf"\b{_YEAR}\b", first) is None:
        first = f"{first} {year[0]}"
    start, end = span_of(f"in {first}", now), span_of(f"in {last}", now)
    if start is None or end is None or end.end <= start.start:
        return None
    return Span(start.start, end.end)


def _bounded(text: str, found: re.Match[str], span: Span, now: datetime) -> Span:
    """Let a span reach as far as the word before it says."""
    word = _BOUND.search(text[: found.start()]) or _BOUND.match(found[0].split()[0])
    if word is None:
        return span
    if word[1] in ("before", "until", "till"):
        return Span(_BEGINNING, span.start)
    start = span.end if word[1] == "after" else span.start
    return Span(start, max(span.end, to_ms(now)))


def _named(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    """Read a feast or a season: the last that had begun, or that of the year named."""
    days = NAMED[found["name"]]
    year = int(found["year"]) if found["year"] else now.year
    start, end = days(year)
    if not found["year"] and start > now.date():
        start, end = days(year - 1)
    return _at(start), _at(end)


def _weekend(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    monday = _midnight(now) - timedelta(days=now.weekday())
    return _days(monday + timedelta(days=5 - 7 * (found[1] == "last")), 2)


def _past(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    """Read `the past three weeks`: up to the end of today."""
    count = _COUNTS[found[1]] if found[1] in _COUNTS else int(found[1] or 1)
    end = _midnight(now) + timedelta(days=1)
    return end - timedelta(days=count * _UNITS[found[2]]), end


def _date(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month = _MONTHS.index(next(name for name in _MONTHS if name.startswith(found["month"][:3]))) + 1
    named = found.groupdict()
    year = int(named["year"]) if named.get("year") else now.year - (month > now.month)
    if named.get("day"):
        return _days(datetime(year, month, int(named["day"]), tzinfo=UTC), 1)
    start = datetime(year, month, 1, tzinfo=UTC)
    return start, _next_month(start)


def _iso_date(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    return _days(datetime(year, month, day, tzinfo=UTC), 1)


def _year(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    year = int(found["year"])
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _near_day(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    return _days(_midnight(now) - timedelta(days=found[1] != "today"), 1)


def _weekday(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    back = (now.weekday() - _DAYS.index(found[1])) % 7 or 7
    return _days(_midnight(now) - timedelta(days=back), 1)


def _calendar(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    """Read `this` or `last` with a week, month or year of the calendar."""
    is_last = found[1] == "last"
    today = _midnight(now)
    if found[2] == "week":
        return _days(today - timedelta(days=today.weekday() + 7 * is_last), 7)
    if found[2] == "month":
        start = today.replace(day=1)
        start = (start - timedelta(days=1)).replace(day=1) if is_last else start
        return start, _next_month(start)
    start = today.replace(month=1, day=1, year=today.year - is_last)
    return start, start.replace(year=start.year + 1)


def _ago(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    """Read `three weeks ago` as the days around that moment: half a unit to either side."""
    count = _COUNTS[found[1]] if found[1] in _COUNTS else int(found[1])
    unit = _UNITS[found[2]]
    middle = _midnight(now) - timedelta(days=count * unit)
    return _days(middle - timedelta(days=unit // 2), max(1, unit))


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(start: datetime, count: int) -> tuple[datetime, datetime]:
    return start, start + timedelta(days=count)


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)


# The most exact first. `may` alone is a verb more often than a month, so a bare month needs a
# preposition.
_READINGS: tuple[tuple[re.Pattern[str], Reading], ...] = (
    (re.compile(r"\b((?:19|20)\d\d)-([01]\d)-([0-3]\d)\b"), _iso_date),
    (re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?\b"), _date),
    (re.compile(rf"\b{_MONTH} {_DAY}\b(?:,? {_YEAR}\b)?"), _date),
    (re.compile(rf"\b{_MONTH},?(?: of)? {_YEAR}\b"), _date),
    (re.compile(rf"\b(?:{_BEFORE}) {_MONTH}(?=\W|$)"), _date),
    (re.compile(r"\b(today|yesterday|last night)\b"), _near_day),
    (re.compile(rf"\b(?:on|last|this|since|before|after) ({'|'.join(_DAYS)})\b"), _weekday),
    (re.compile(r"\b(this|last) weekend\b"), _weekend),
    (re.compile(r"\b(this|last) (week|month|year)\b"), _calendar),
    (re.compile(rf"\b(\d{{1,3}}|{'|'.join(_COUNTS)}) (day|week|month|year)s? ago\b"), _ago),
    (
        re.compile(
            rf"\b(?:past|last) (?:(\d{{1,3}}|{'|'.join(_COUNTS)}) )?(day|week|month|year)s?\b"
        ),
        _past,
    ),
    (re.compile(rf"\b(?:{_BEFORE}|on|over|at) (?:the |last )?{_NAME}\b"), _named),
    (re.compile(rf"\b(?:{_BEFORE}) {_YEAR}\b"), _year),
)
