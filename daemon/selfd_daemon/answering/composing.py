"""Writing the answer: quotes with their numbers, or what is nearest when it is not sure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfd_daemon.answering.question import Expected
from selfd_daemon.answering.retrieval.evidence import Evidence
from selfd_daemon.answering.retrieval.origins import Names, day, origin
from selfd_storage import ArticleRecord, CitationRecord, MemoryRecord
from selfd_storage.language.cues import span_of
from selfd_storage.times import from_ms

MOST_QUOTES = 3
WORTH_TOLD, WORTH_READ = 0.75, 0.85  # of the best score, for a quote beside the best one
NOTHING = "I know nothing about that."
_MEANT = re.compile(
    r"\b(?:yesterday|last (?:night|week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|\w+ (?:day|week|month|year)s? ago)\b",
    re.IGNORECASE,
)
UNSURE = "I am not sure enough to answer. The nearest that I have:"


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text in the pieces that are streamed, and what it cites, in order of [1], [2]."""

    pieces: tuple[str, ...]
    citations: tuple[CitationRecord, ...]

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def compose(
    evidence: Sequence[Evidence],
    expected: Expected,
    *,
    abstains: bool,
    max_bytes: int,
    names: Names,
) -> Composed:
    """Write an answer of at most `max_bytes` bytes; a quote is shown whole or left out.

    `names` are those of the feeds that articles came from.
    """
    if not evidence:
        return Composed((_cut(NOTHING, max_bytes),), ())
    shown = evidence[:1] if abstains else chosen(evidence)
    pieces = [UNSURE] if abstains else []
    citations: list[CitationRecord] = []
    room = max_bytes - sum(len(piece.encode()) for piece in pieces)
    for number, each in enumerate(shown, 1):
        piece = ("\n" if pieces else "") + _line(each, expected, number, names)
        room -= len(piece.encode())
        if room < 0:
            break
        pieces.append(piece)
        quote = each.sentence.text
        citations.append(CitationRecord(each.hit.item.id, quote, round(each.score, 4)))
    if not citations:  # no room for even one quote: as much of it as there is room for
        quote = _cut(shown[0].sentence.text, max_bytes)
        cited = CitationRecord(shown[0].hit.item.id, quote, round(shown[0].score, 4))
        return Composed((quote,), (cited,) if quote else ())
    return Composed(tuple(pieces), tuple(citations))


def chosen(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the best sentence, and those nearly as good that say something else."""
    found: list[Evidence] = []
    is_told = isinstance(evidence[0].hit.item, MemoryRecord)
    least = evidence[0].score * (WORTH_TOLD if is_told else WORTH_READ)
    for each in evidence:
        if each.score < least or len(found) == MOST_QUOTES:
            break
        if all(each.sentence.text != other.sentence.text for other in found):
            found.append(each)
    return found


def _line(evidence: Evidence, expected: Expected, number: int, names: Names) -> str:
    """Return one quote with its mark, and the source and date where they are part of the answer."""
    quote, item = evidence.sentence.text, evidence.hit.item
    if isinstance(item, ArticleRecord):
        return f"{quote} ({origin(item, names)}) [{number}]"
    if isinstance(item, MemoryRecord) and expected == "time":
        return f"{quote} (told {_told(quote, item.created_at)}) [{number}]"
    return f"{quote} [{number}]"


def _told(quote: str, at: datetime) -> str:
    """Return when a memory was told, and which days it means by `yesterday` or `last week`."""
    found = _MEANT.search(quote)
    span = span_of(found[0], at) if found is not None else None
    if span is None:
        return day(at)
    first, last = from_ms(span.start), from_ms(span.end) - timedelta(days=1)
    meant = day(first) if first == last else f"{day(first)} to {day(last)}"
    return f"{day(at)}, of {meant}"


def _cut(text: str, max_bytes: int) -> str:
    """Return as much of a text as fits, never half a character."""
    return text.encode()[:max_bytes].decode("utf-8", "ignore")
