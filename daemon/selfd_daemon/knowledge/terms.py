"""What an article is about, in the words that a trend is told by."""

from __future__ import annotations

import re

from selfd_storage.lexicon import STOP_WORDS, words

MOST = 16
LEAD = 600  # characters
_LONGEST = 60

# Capitalised words in a row that do not begin a sentence: Harbour Bridge, Ingrid Moe.
_NAMES = re.compile(
    r"(?<=[a-z0-9,;:)’'] )[A-Z][\w'’-]*[\w](?: (?:of |de |van |von |al-)?[A-Z][\w'’-]*[\w])*"
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april june july august september october november december"
_EMPTY = STOP_WORDS | set(f"{_DAYS} {_MONTHS} says said news update live video".split())


def trend_terms(title: str, text: str) -> list[str]:
    """Return the names in the first lines, and the other telling words of the title."""
    lead = text[:LEAD]
    names = [_plain(name) for name in _NAMES.findall(f"{title}. {lead}" if not text else lead)]
    names = [name for name in names if len(name) > 2 and name.lower() not in _EMPTY]
    named = {word for name in names for word in words(name)}
    others = [
        word
        for word in words(title)
        if word not in named and word not in _EMPTY and _WORD.fullmatch(word)
    ]
    return list(dict.fromkeys(names + others))[:MOST]


def _plain(name: str) -> str:
    return re.sub(r"['’]s?$", "", name)[:_LONGEST]
