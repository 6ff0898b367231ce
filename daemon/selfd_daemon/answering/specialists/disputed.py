"""Answers to what the news disagree on: both sides, each in its own words with source and date.

"How many were hurt in the bridge collapse?" has two answers where two papers count differently. Who
asks is told so, instead of getting whichever sentence fits the question a little better.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked, Expected
from selfd_daemon.answering.retrieval.confidence import confidence
from selfd_daemon.answering.retrieval.evidence import Gathered, gather
from selfd_daemon.answering.retrieval.origins import feed_names
from selfd_daemon.answering.specialists.news import Stories
from selfd_daemon.answering.specialists.news_writing import Writer
from selfd_daemon.knowledge.disputes import Dispute, Kind
from selfd_daemon.knowledge.service import ToldStory
from selfd_graphql.ports import Question
from selfd_storage import ArticleRecord, Store
from selfd_storage.language.lexicon import terms

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
        best = _best(await asyncio.to_thread(gather, asked, hits))
        if best is None:
            return None
        article, sentence = best
        for story in await self._stories.told([article.id]):
            for dispute in story.comparison.disputes:
                if dispute.kind in kinds and sentence in (dispute.one.text, dispute.other.text):
                    return await self._both(question, asked, story, dispute)
        return None

    async def _both(
        self, question: Question, asked: Asked, story: ToldStory, dispute: Dispute
    ) -> Draft | None:
        """Quote both sides, if their story is surely what is asked about.

        How far the best sentence is ahead of others says nothing here: the other side is as good.
        """
        signals = {"news.bias": 1.0, "news.covered": _covered(asked, story)}
        sure = confidence(signals)
        if sure < self._threshold:
            return None
        writer = Writer(await feed_names(self._store), question.max_bytes)
        writer.differ(story, dispute)
        return Draft(writer.composed(), sure, False, signals)


def _covered(asked: Asked, story: ToldStory) -> float:
    """Return the share of the question's terms that the articles of a story have."""
    told = " ".join(f"{each.title} {each.summary} {each.text}" for each in story.record.articles)
    return len(set(asked.terms) & set(terms(told))) / len(asked.terms)


def _best(gathered: Gathered) -> tuple[ArticleRecord, str] | None:
    """Return the best sentence and its article, None where it is of none."""
    if not gathered.evidence:
        return None
    best = gathered.evidence[0]
    item = best.hit.item
    return (item, best.sentence.text) if isinstance(item, ArticleRecord) else None
