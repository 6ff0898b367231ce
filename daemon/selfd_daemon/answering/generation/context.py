"""What a mind is given to read: as much of what was found as its budget holds.

A passage is worth its relevance, a little more when it is recent, and less the more of it was
already taken: the greedy choice of maximal marginal relevance (Carbonell & Goldstein 1998). It is
used on passages for a mind alone; the ranking of a search does not gain by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from selfd_daemon.answering.retrieval.evidence import Evidence
from selfd_storage import ArticleRecord, ChunkRecord, Item, MemoryRecord, ThoughtRecord
from selfd_storage.language.lexicon import telling_terms

MOST_PASSAGES = 12
RECENT = 0.10  # of a worth, that the newest has more than the oldest
REPEATED = 0.50  # of a worth, that is lost where all words were read before
LONGEST = 1200  # characters of one passage


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered piece of an item, word for word; strangers wrote what the owner did not tell."""

    number: int
    item: Item
    text: str
    score: float

    @property
    def is_strangers(self) -> bool:
        """Whether its words may be meant to mislead a mind."""
        return not isinstance(self.item, MemoryRecord | ThoughtRecord)


def passages(evidence: Sequence[Evidence], budget: int) -> list[Passage]:
    """Choose passages of at most `budget` bytes in all, the most telling first."""
    candidates = _pieces(evidence)
    order = _by_age([item for item, _, _ in candidates])
    chosen: list[Passage] = []
    read: set[str] = set()
    room = budget
    while candidates and len(chosen) < MOST_PASSAGES:
        worths = [
            score * (1 + RECENT * order[item.id]) * (1 - REPEATED * _share(text, read))
            for item, text, score in candidates
        ]
        place = max(range(len(candidates)), key=lambda n: worths[n])
        item, text, score = candidates.pop(place)
        size = len(text.encode())
        if size > room:
            continue
        room -= size
        read.update(telling_terms(text))
        chosen.append(Passage(len(chosen) + 1, item, text, score))
    return chosen


def _pieces(evidence: Sequence[Evidence]) -> list[tuple[Item, str, float]]:
    """Return one piece of each item: the whole of a short one, else what is around its best."""
    seen: dict[str, tuple[Item, str, float]] = {}
    for each in evidence:
        item = each.hit.item
        if item.id not in seen:
            seen[item.id] = (item, _around(item, each), each.score)
    return list(seen.values())


def _around(item: Item, evidence: Evidence) -> str:
    whole = item.text or (item.summary if isinstance(item, ArticleRecord) else "")
    if len(whole) <= LONGEST:
        return whole
    middle = evidence.sentence.start + len(evidence.sentence.text) // 2
    start = max(0, min(middle - LONGEST // 2, len(whole) - LONGEST))
    cut = whole[start : start + LONGEST]
    return cut[cut.find(" ") + 1 if start else 0 :].rsplit(" ", 1)[0]


def _by_age(items: Sequence[Item]) -> dict[str, float]:
    """Place items by age: 0 is the oldest, 1 the newest; without a date it is in the middle."""
    dates = {item.id: moment for item in items if (moment := _moment(item)) is not None}
    known = sorted(set(dates.values()))
    places = {moment: n / max(1, len(known) - 1) for n, moment in enumerate(known)}
    return {item.id: places[dates[item.id]] if item.id in dates else 0.5 for item in items}


def _moment(item: Item) -> datetime | None:
    if isinstance(item, ArticleRecord):
        return item.published_at or item.fetched_at
    if isinstance(item, ChunkRecord):
        return None
    return item.created_at if isinstance(item, MemoryRecord) else item.at


def _share(text: str, read: set[str]) -> float:
    found = telling_terms(text)
    return sum(term in read for term in found) / len(found) if found else 1.0
