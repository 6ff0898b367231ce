"""Answers to what the news disagree on: both sides, each in its own words with source and date.

"How many were hurt in the bridge collapse?" has two answers where two papers count differently. Who
asks is told so, instead of getting whichever sentence fits the question a little better.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from selfd_daemon.answering.confidence import confidence, signals_of
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.evidence import gather
from selfd_daemon.answering.news import Stories
from selfd_daemon.answering.news_writing import Writer
from selfd_daemon.answering.origins import feed_names
from selfd_daemon.answering.question import Asked, Expected
from selfd_daemon.knowledge.disputes import Kind
from selfd_graphql.ports import Question
from selfd_storage import ArticleRecord, Store

RETRIEVED = 20  # as many as for an answer of quotes, so that the best sentence is the same
# What a dispute is about, by what a question asks for; of other questions it is no answer.
_KINDS: Mapping[Expected, frozenset[Kind]] = {
    "number": frozenset({"figure"}),
    "time": frozenset({"figure"}),
    "person": frozenset({"deed", "quotation"}),
    "anything": frozenset({"figure", "deed", "quotation", "denial"}),
}


class Disputed:
    """Implements `drafts.Specialist` where the sentence that answers best is disputed."""

    def __init__(self, store: Store, stories: Stories, *, threshold: float) -> None:
        self._store = store
        self._stories = stories
        self._threshold = threshold

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Quote both sides; None where the best sentence is not disputed, or nothing is sure."""
        kinds = _KINDS.get(asked.expected)
        if kinds is None or not asked.terms or not await self._store.articles.count():
            return None
        hits = await self._store.search(asked.text, scope=question.scope, first=RETRIEVED)
        gathered = await asyncio.to_thread(gather, asked, hits)
        best = gathered.evidence[0] if gathered.evidence else None
        if best is None or not isinstance(best.hit.item, ArticleRecord):
            return None
        signals = signals_of(gathered)
        sure = confidence(signals)
        if sure < self._threshold:
            return None
        for story in await self._stories.told([best.hit.item.id]):
            for dispute in story.comparison.disputes:
                sides = (dispute.one.text, dispute.other.text)
                if dispute.kind in kinds and best.sentence.text in sides:
                    names = await feed_names(self._store)
                    writer = Writer(names, question.max_bytes)
                    writer.differ(story, dispute)
                    return Draft(writer.composed(), sure, False, signals)
        return None
