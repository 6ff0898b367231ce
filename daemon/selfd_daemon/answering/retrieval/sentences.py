"""Sentences with their places, so that a quote is always an exact part of what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 400  # characters of one quote; a longer sentence is cut between words

_CLOSING = r"[\"'”’)\]]*"
# A sentence ends at a full stop, at ! or ? unless it goes on in lower case ("Stop!" she said), at
# CJK marks, at an empty line, and before a line of a list or table.
_END = re.compile(
    rf"[.…]+{_CLOSING}(?=\s|$)|[!?]+{_CLOSING}(?=\s+[^a-z\s]|\s*$)|[。！？]+[」』”]*"
    r"|\n\s*\n|\n(?=\s*(?:[-*#>|]|\d+\.\s))"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|No|Vol|pp?|approx)\.$"
)
_LAST_WORD = 12  # characters that an abbreviation and what is before it can take
_SPEAKER = re.compile(r"[^\W\d_][\w.'’ -]{0,40}: ")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of an item's text: `text == item.text[start : start + len(text)]`."""

    start: int
    text: str


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text in order; together they hold everything but blanks."""
    start = 0
    for end in _END.finditer(text):
        last = text[max(start, end.end() - _LAST_WORD) : end.end()]
        if end[0].startswith(".") and _ABBREVIATION.search(last):
            continue
        yield from _trimmed(text, start, end.end())
        start = end.end()
    yield from _trimmed(text, start, len(text))


def without_speaker(text: str) -> str:
    """Return a turn of a dialogue without the name that stands before it."""
    found = _SPEAKER.match(text)
    return text[found.end() :] if found else text


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cut if cut > 0 else start + LONGEST
        yield Sentence(start, text[start:cut])
        start = cut + 1 if text[cut : cut + 1] == " " else cut
    if start < end:
        yield Sentence(start, text[start:end])
