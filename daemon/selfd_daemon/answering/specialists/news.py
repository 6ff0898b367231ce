"""Answers from the news: story by story, each with source and date, and where sources differ.

"What's new about the bridge since Monday?" is answered from articles of that time alone, the newest
first among those that fit alike. A story is quoted once, from the article that fits best, with the
number of its independent sources; where they dispute each other, both are quoted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked, read_question
from selfd_daemon.answering.retrieval.confidence import confidence
from selfd_daemon.answering.retrieval.evidence import gather
from selfd_daemon.answering.retrieval.origins import day, feed_names, published
from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_daemon.answering.specialists.news_question import NewsQuestion, read_news_question
from selfd_daemon.answering.specialists.news_writing import Piece, Writer
from selfd_daemon.clock import Now
from selfd_daemon.knowledge.service import ToldStory
from selfd_graphql.ports import Question
from selfd_storage import ArticleRecord, Hit, Store
from selfd_storage.language.lexicon import terms

TASK = "news"
RETRIEVED = 40  # articles that are read for an answer
LATEST = 60  # the same where no topic is named
MOST_STORIES = 4  # that an answer tells
COVERED = 0.6  # of the topic's words that an article must have
NOTHING = "I have no news{about} since {day}."
BEFORE = " The last that I have:"


class Stories(Protocol):
    """Tells the stories of some articles."""

    async def told(self, article_ids: Sequence[str]) -> Sequence[ToldStory]: ...


class News:
    """Implements `drafts.Specialist` for questions that ask for news."""

    def __init__(self, store: Store, stories: Stories, *, now: Now, threshold: float) -> None:
        self._store = store
        self._stories = stories
        self._now = now
        self._threshold = threshold

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Answer from articles of the time that is asked about; None leaves it to others."""
        if question.scope is not None and "ARTICLE" not in question.scope:
            return None
        wanted = read_news_question(asked.said, self._now())
        if wanted is None:
            return None
        covered, pieces = await (self._about(wanted) if wanted.terms else self._overview(wanted))
        if not pieces and not wanted.is_certain:
            return None
        writer = Writer(await feed_names(self._store), question.max_bytes)
        for piece in pieces:
            writer.add(piece)
        if not pieces:
            await self._say_nothing(wanted, writer)
        signals = {"news.bias": 1.0, "news.covered": covered}
        sure = confidence(signals)
        abstains = not pieces or sure < self._threshold
        return Draft(writer.composed(), sure, abstains, signals, TASK, lasts=False)

    async def _about(self, wanted: NewsQuestion) -> tuple[float, list[Piece]]:
        """Return how much of the topic the best of it covers, and what to tell, the best first."""
        hits = await self._store.search(
            wanted.topic, scope=["ARTICLE"], first=RETRIEVED, since=wanted.since
        )
        shares = {hit.item.id: _covered(wanted, hit) for hit in hits}
        fitting = [hit for hit in hits if shares[hit.item.id] >= COVERED]
        told = await self._told([hit.item.id for hit in fitting])
        gathered = await asyncio.to_thread(gather, read_question(wanted.topic), fitting)
        seen: set[str] = set()
        found = []
        for each in gathered.evidence:  # the best first
            article = each.hit.item
            if article.id in seen or not isinstance(article, ArticleRecord):
                continue
            seen.add(article.id)
            score = each.score * shares[article.id] * self._freshness(article, wanted.since)
            found.append(Piece(article, each.sentence.text, score, told.get(article.id)))
        pieces = _best(found)
        return max((shares[each.article.id] for each in pieces), default=0.0), pieces

    async def _overview(self, wanted: NewsQuestion) -> tuple[float, list[Piece]]:
        """Return the same where no topic is named: what most sources tell, the newest of each."""
        page = await self._store.articles.page(first=LATEST, since=wanted.since)
        told = await self._told([article.id for article in page.items])
        found = []
        for article in page.items:
            story = told.get(article.id)
            sources = 1 if story is None else story.record.sources
            score = sources * self._freshness(article, wanted.since)
            found.append(Piece(article, _lead(article), score, story))
        pieces = _best(found)
        return float(bool(pieces)), pieces

    async def _say_nothing(self, wanted: NewsQuestion, writer: Writer) -> None:
        """Say that there is nothing of that time, and what came last before it."""
        about = f" about {wanted.topic}" if wanted.topic else ""
        writer.say(NOTHING.format(about=about, day=day(wanted.since)))
        if not wanted.topic:
            return
        older = await self._store.search(wanted.topic, scope=["ARTICLE"], first=RETRIEVED)
        fitting = [hit.item for hit in older if _covered(wanted, hit) >= COVERED]
        articles = [item for item in fitting if isinstance(item, ArticleRecord)]
        if articles:
            last = max(articles, key=published)
            writer.say(BEFORE)
            writer.add(Piece(last, _lead(last), 0.0, None))

    async def _told(self, ids: Sequence[str]) -> Mapping[str, ToldStory]:
        stories = await self._stories.told(ids)
        return {article.id: story for story in stories for article in story.record.articles}

    def _freshness(self, article: ArticleRecord, since: datetime) -> float:
        """Return 1 for what is of now, less for what is older, and half at the beginning."""
        span = max(self._now() - since, timedelta(days=1))
        return float(0.5 ** ((self._now() - published(article)) / span))


def _best(found: Iterable[Piece]) -> list[Piece]:
    """Return the best piece of each of the best stories, the best first."""
    chosen: dict[str, Piece] = {}
    for piece in sorted(found, key=lambda each: -each.score):
        chosen.setdefault(piece.article.id if piece.story is None else piece.story.record.id, piece)
    return list(chosen.values())[:MOST_STORIES]


def _covered(wanted: NewsQuestion, hit: Hit) -> float:
    """Return the share of the topic's terms that an article has."""
    title = hit.item.title if isinstance(hit.item, ArticleRecord) else ""
    return len(wanted.terms & set(terms(f"{title} {hit.text}"))) / len(wanted.terms)


def _lead(article: ArticleRecord) -> str:
    """Return how an article begins, its title where it has no text."""
    first = next(sentences(article.text or article.summary), None)
    return article.title if first is None else first.text
