"""Retrieval that corrects itself: what was found is graded, and where it is doubtful looked past.

good      what was found more likely answers than not
doubtful  there is something to it: the question is put in other words, and items are looked at
          that name the same rare things as those found
bad       nothing found speaks for an answer
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from selfd_daemon.answering.question import Asked, names_in
from selfd_daemon.answering.retrieval.confidence import signals_of
from selfd_daemon.answering.retrieval.evidence import Gathered, gather
from selfd_daemon.answering.retrieval.origins import Names, feed_names
from selfd_storage import ArticleRecord, Hit, Scope, Store
from selfd_storage.items import text_of
from selfd_storage.language.lexicon import telling_terms

Grade: TypeAlias = Literal["good", "doubtful", "bad"]
Confidence = Callable[[Mapping[str, float]], float]

RETRIEVED = 20  # items that are read for an answer
GOOD = 0.5  # of probability, whatever the threshold for answering
DOUBTFUL = 0.2  # from which on looking further pays
ROOTS = 3  # of the best items, from which the graph is followed
HOPPED = 10  # items that a hop brings
FAINTER = 0.5  # the score of a hop's best item, of the best one's
BETTER = 0.05  # of probability that other items must add, to be taken for the first ones
_CLAUSE = re.compile(r",\s+|;\s*|\s+(?:and|but|or|because|when|while|after|before|if)\s+")


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer can rest on.

    `steps` are what was done besides the first search, `names` those of the feeds that it is from.
    """

    gathered: Gathered
    signals: Mapping[str, float]
    sure: float
    grade: Grade
    steps: tuple[str, ...] = ()
    names: Names = field(default_factory=dict)


class Retriever:
    """Searches, grades, and where it is doubtful searches once more."""

    def __init__(self, store: Store, confidence: Confidence) -> None:
        self._store = store
        self._confidence = confidence

    async def find(self, asked: Asked, scope: Sequence[Scope] | None) -> Found:
        """Return the best of what is stored; a cancelled caller ends the work."""
        found = await self._searched(asked, scope)
        if not any(isinstance(each.hit.item, ArticleRecord) for each in found.gathered.evidence):
            return found
        return replace(found, names=await feed_names(self._store))

    async def _searched(self, asked: Asked, scope: Sequence[Scope] | None) -> Found:
        hits = await self._store.search(asked.text, scope=scope, first=RETRIEVED, closely=True)
        found = await self._graded(asked, hits)
        if found.grade != "doubtful":
            return found
        for step, more in (
            ("rewritten", await self._rewritten(asked, scope)),
            ("hopped", await self._hopped(found, scope)),
        ):
            joined = _joined(hits, more)
            if len(joined) == len(hits):
                continue
            other = await self._graded(asked, joined)
            if other.sure >= found.sure + BETTER:
                found = Found(
                    other.gathered, other.signals, other.sure, other.grade, (*found.steps, step)
                )
                hits = joined
        return found

    async def _graded(self, asked: Asked, hits: Sequence[Hit]) -> Found:
        ended = threading.Event()
        try:
            gathered = await asyncio.to_thread(gather, asked, hits, ended.is_set)
        finally:
            ended.set()  # a thread cannot be cancelled, but it looks at this
        signals = signals_of(gathered)
        sure = self._confidence(signals)
        return Found(gathered, signals, sure, _grade(sure))

    async def _rewritten(self, asked: Asked, scope: Sequence[Scope] | None) -> list[Hit]:
        found: list[Hit] = []
        for query in rewritings(asked):
            found += await self._store.search(query, scope=scope, first=RETRIEVED // 2)
        return found

    async def _hopped(self, found: Found, scope: Sequence[Scope] | None) -> list[Hit]:
        roots = list(dict.fromkeys(each.hit.item.id for each in found.gathered.evidence))[:ROOTS]
        if not roots:
            return []
        near = await self._store.graph.sharing(roots, first=HOPPED)
        items = await self._store.items([id for id, _ in near])
        best = max(each.hit.score for each in found.gathered.evidence) * FAINTER
        heaviest = max((weight for _, weight in near), default=1.0) or 1.0
        return [
            Hit(item, best * weight / heaviest, text_of(item), ("graph",))
            for (_, weight), item in zip(near, items, strict=True)
            if item is not None and (scope is None or _scope_of(item.id) in scope)
        ]


def rewritings(asked: Asked) -> list[str]:
    """Return other ways to search for a question: clause by clause, and by its names alone."""
    clauses = [each for each in _CLAUSE.split(asked.text) if len(telling_terms(each)) > 1]
    queries = clauses if len(clauses) > 1 else []
    names = names_in(asked.text)
    if names and len(asked.terms) > len(names):
        named = frozenset(telling_terms(" ".join(names)))
        queries += [" ".join(names), " ".join(each for each in asked.terms if each not in named)]
    return [query for query in dict.fromkeys(queries) if query.strip() and query != asked.text]


def _grade(sure: float) -> Grade:
    if sure >= GOOD:
        return "good"
    return "doubtful" if sure >= DOUBTFUL else "bad"


def _joined(hits: Sequence[Hit], more: Sequence[Hit]) -> list[Hit]:
    """Put what a second look found behind the rest: its scores are of another question."""
    known = {hit.item.id for hit in hits}
    faintest = min((hit.score for hit in hits), default=1.0)
    new = {hit.item.id: hit for hit in reversed(more) if hit.item.id not in known}
    return [*hits, *(replace(hit, score=faintest * hit.score) for hit in new.values())]


def _scope_of(id: str) -> Scope:
    kinds: Mapping[str, Scope] = {"memory": "MEMORY", "article": "ARTICLE"}
    return kinds.get(id.partition(":")[0], "DOCUMENT")
