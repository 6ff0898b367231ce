"""What an article is about, in the words that a trend is told by."""

from __future__ import annotations

import re

from selfd_daemon.facts.names import read_names
from selfd_storage.language.lexicon import STOP_WORDS, words

MOST = 16
LEAD = 600  # characters
_LONGEST = 60

_WORD = re.compile(r"[^\W\d_]{4,}")
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april june july august september october november december"
_PAGES = "says said news update updates live video watch latest score highlights result results"
EMPTY = STOP_WORDS | set(f"{_DAYS} {_MONTHS} {_PAGES}".split())  # they stand in any news


def trend_terms(title: str, text: str) -> list[str]:
    """Return the names in the first lines, and the other telling words of the title."""
    lead = text[:LEAD]
    named_here = read_names(lead or title)  # a title alone may have capitals for its own sake
    names = [name[:_LONGEST] for name in named_here if len(name) > 2]
    named = {word for name in names for word in words(name)}
    others = [
        word
        for word in words(title)
        if word not in named and word not in EMPTY and _WORD.fullmatch(word)
    ]
    return list(dict.fromkeys(names + others))[:MOST]
