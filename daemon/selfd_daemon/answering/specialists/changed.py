"""Answers to what has changed: what holds now first, and then what held before, each in its words.

"Where does Maya live?" has the words of "Maya lives in Oslo" and none of the newer "she resides in
Porto now". What was stated once and is over (facts/timeline.py) is not left alone as the answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Protocol

from selfd_daemon.answering.composing import Composed
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked
from selfd_daemon.answering.retrieval.confidence import confidence, signals_of
from selfd_daemon.answering.retrieval.evidence import gather
from selfd_daemon.clock import Now
from selfd_daemon.facts.timeline import Relation
from selfd_graphql.ports import Question
from selfd_storage import CitationRecord, Hit, StatementRecord, Store
from selfd_storage.language.cues import span_of

RETRIEVED = 20  # as many as for an answer of quotes, so that the best sentence is the same
# A question of the past is answered by what held then.
_PAST = re.compile(
    r"\b(?:did|was|were|had|been|used to|before|former(?:ly)?|previous(?:ly)?|earlier|once|first"
    r"|old|ago|originally|ever)\b",
    re.IGNORECASE,
)


class Timelines(Protocol):
    """Tells what is over, and what came in its place; `FactService` is one."""

    async def replaced(self, text: str) -> Sequence[tuple[Relation, Relation]]: ...


class Changed:
    """Implements `drafts.Specialist` where the sentence that answers best holds no more."""

    def __init__(self, store: Store, timelines: Timelines, *, now: Now, threshold: float) -> None:
        self._store = store
        self._now = now
        self._timelines = timelines
        self._threshold = threshold

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Quote what holds now and what held before; None where nothing changed or is sure."""
        is_past = _PAST.search(asked.text) or span_of(asked.text, self._now()) is not None
        if is_past or asked.expected == "time" or not asked.terms:
            return None
        replaced = await self._timelines.replaced(asked.text)
        if not replaced:
            return None
        hits = await self._store.search(asked.text, scope=question.scope, first=RETRIEVED)
        gathered = await asyncio.to_thread(gather, asked, hits)
        if not gathered.evidence:
            return None
        best, signals = gathered.evidence[0], signals_of(gathered)
        sure = confidence(signals)
        for former, present in replaced:
            old, new = former.sources[0], present.sources[0]
            is_best = old.item_id == best.hit.item.id and old.quote in best.sentence.text
            if is_best and new.item_id != old.item_id and sure >= self._threshold:
                composed = _composed(best.hit, old, new)
                if len(composed.text.encode()) <= question.max_bytes:
                    return Draft(composed, sure, False, signals)
        return None


def _composed(hit: Hit, old: StatementRecord, new: StatementRecord) -> Composed:
    score = round(hit.score, 4)
    return Composed(
        (f"{new.quote} [1]", f"\nBefore that: {old.quote} [2]"),
        (
            CitationRecord(new.item_id, new.quote, score),
            CitationRecord(old.item_id, old.quote, score),
        ),
    )
