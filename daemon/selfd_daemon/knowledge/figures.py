"""The figures in a sentence: how much of what, and how firmly it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from selfd_storage.language.lexicon import STOP_WORDS, words
from selfd_storage.language.stems import stem

Firmness: TypeAlias = Literal["exactly", "about", "at least", "at most"]

_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12,
}  # fmt: skip
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august"]
_MONTHS += ["september", "october", "november", "december"]
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if name != "may" else name for name in _MONTHS)
_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{_MONTH})"
    rf"|(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)\b(?![\d,]*\d)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<coin>[$€£¥])?(?<![\w.,])"
    r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:" + "|".join(_WORDS) + r")\b)"
    r"(?:[ -]?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn|tn|[kmb])\b)?"
    r"(?P<share> ?%| per ?cent\b)?"
    r"(?P<after>(?: (?:of the |of |more |other )?[^\W\d_][\w'’-]*){0,2})",
    re.IGNORECASE,
)
# People are counted under many names: 12 dead are 12 people.
_SAME = dict.fromkeys(("dead", "persons", "victims", "individuals", "men", "women"), stem("people"))
_PHRASES: Mapping[Firmness, str] = {
    "at least": "at least|more than|over|above|upwards of|no fewer than|exceeding",
    "at most": "at most|up to|fewer than|less than|under|below|no more than|as many as",
    "about": "about|around|some|nearly|almost|roughly|approximately|an estimated",
}
_BEFORE = {
    firmness: re.compile(rf"\b(?:{phrases})\s+[$€£¥]?$", re.IGNORECASE)
    for firmness, phrases in _PHRASES.items()
}
_YEARS = range(1900, 2101)
_EXACT = 0.02  # of the greater one: what rounding may do
_ROUGH = 0.15


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its value, what it counts (a stem, a coin, "%" or "date"), how firm it is."""

    value: float
    of: str
    firmness: Firmness
    start: int
    end: int

    def agrees(self, other: Figure) -> bool:
        """Tell whether both can be true at once, given what each leaves open."""
        if self.of == "date":
            return self.value == other.value
        room = _ROUGH if "about" in (self.firmness, other.firmness) else _EXACT
        if abs(self.value - other.value) <= room * max(abs(self.value), abs(other.value)):
            return True
        low, high = sorted((self, other), key=lambda figure: figure.value)
        return low.firmness == "at least" or high.firmness == "at most"


def figures(sentence: str) -> list[Figure]:
    """Return the figures of a sentence in their order; years and bare numbers count nothing."""
    dates = list(_dates(sentence))
    taken = [(date.start, date.end) for date in dates]
    amounts = [
        amount
        for amount in _amounts(sentence)
        if not any(start <= amount.start < end for start, end in taken)
    ]
    return sorted(dates + amounts, key=lambda figure: figure.start)


def _dates(sentence: str) -> Iterator[Figure]:
    for found in _DATE.finditer(sentence):
        month = (found["month"] or found["month2"])[:3].lower()
        number = next(place for place, name in enumerate(_MONTHS) if name.startswith(month))
        day = int(found["day"] or found["day2"])
        if 1 <= day <= 31:
            yield Figure(number * 100 + day, "date", "exactly", found.start(), found.end())


def _amounts(sentence: str) -> Iterator[Figure]:
    for found in _AMOUNT.finditer(sentence):
        of = found["coin"] or ("%" if found["share"] else _counted(found["after"]))
        value = _value(found["value"], found["scale"])
        is_year = value in _YEARS and not (found["coin"] or found["share"] or found["scale"])
        if of is None or (is_year and "," not in found["value"]):
            continue
        start, end = found.start(), found.end() - len(found["after"])
        yield Figure(value, of, _firmness(sentence[:start]), start, end)


def _counted(after: str) -> str | None:
    """Return what stands after a number: `people`; None where it counts nothing."""
    found = [word for word in words(after) if word not in STOP_WORDS]
    return _SAME.get(found[0], stem(found[0])) if found else None


def _value(text: str, scale: str | None) -> float:
    value = _WORDS.get(text.lower()) or float(text.replace(",", ""))
    return value * _SCALES[scale.lower()] if scale else value


def _firmness(before: str) -> Firmness:
    for firmness, pattern in _BEFORE.items():
        if pattern.search(before):
            return firmness
    return "exactly"
