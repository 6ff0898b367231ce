"""The sentences of an article that can be right or wrong, kept word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selfd_daemon.answering.retrieval.sentences import sentences

MOST = 12  # of an article: news puts what matters first
SHORTEST = 20  # characters

_NUMBER = re.compile(
    r"[$€£¥]?\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|"
    r"forty|fifty|dozens?|hundreds?|thousands?|millions?|billions?)\b",
    re.IGNORECASE,
)
_QUOTATION = re.compile(r"[“\"][^“”\"]{12,}[”\"]")
_ACTOR = re.compile(
    r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)* (?:\w+ly )?"
    r"(?:\w+ed|said|says|told|won|lost|began|left|made|took|met|will|has|have|is|was|were)\b"
)
_FINISHED = re.compile(r"[.!?…。！？][\"'”’)\]]*$")


def claims(text: str) -> list[str]:
    """Return the sentences with a number, a date, an amount, a quotation or an actor."""
    found = [sentence for sentence in _whole(text) if _claims_something(sentence)]
    return found[:MOST]


def _whole(text: str) -> Iterator[str]:
    for sentence in sentences(text):
        if len(sentence.text) >= SHORTEST and _FINISHED.search(sentence.text):
            yield sentence.text


def _claims_something(sentence: str) -> bool:
    if sentence.rstrip("\"'”’)]").endswith("?"):
        return False
    return any(pattern.search(sentence) for pattern in (_NUMBER, _QUOTATION, _ACTOR))
