"""News: whether "What's new about X since yesterday?" cites the article that is about X.

The articles are those of `multihop_news`, stored at their own times by an injected clock, each
source a feed. An hour after each one it is asked for by the names in its title; and each time the
same is asked about an article that is a month away, of which nothing is to be told.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.multihop_news import News as Item
from bench.multihop_news import news
from bench.row import Row
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.specialists.news import COVERED, News
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_daemon.knowledge.terms import trend_terms
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewArticle, PollOutcome, RoomLimits, Store
from support.feed_service import Clock

AWAY = 120  # articles, about a month
NAMES = 2  # of a title, that a question names
THRESHOLD = AnsweringSettings().threshold


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: how much of it was covered, whether it was answered, and rightly."""

    covered: float
    abstained: bool
    right: bool
    there: bool  # the article that is asked for


def rows(data: Path | None) -> list[Row]:
    """Ask for each article, and for one that is not there."""
    if data is None:
        return []
    asked = asyncio.run(_ask(news(data / "multihop")))
    there = [each for each in asked if each.there]
    away = [each for each in asked if not each.there]
    answered = [each for each in asked if not each.abstained]
    told = sum(each.right for each in there) / len(there)
    silent = sum(each.right for each in away) / len(away)
    found = [
        Row("news, article cited", told, "", None, "higher", f"of {len(there)} questions"),
        Row("news, abstained rightly", silent, "", None, "higher", f"of {len(away)} questions"),
    ]
    for low, high in ((COVERED, 1.0), (1.0, 1.1)):
        part = [each for each in answered if low <= each.covered < high]
        right = sum(each.right for each in part) / max(len(part), 1)
        note = f"of {len(part)} answers"
        found.append(Row(f"news, right at coverage {low}", right, "", None, "higher", note))
    return found


async def _ask(articles: Sequence[Item]) -> list[Asked]:
    clock, found = Clock(articles[0].at), []
    embed = Embedder.load().embed
    limits = RoomLimits(floor=0, ballast=0)
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
        async with await Store.open(Path(place), now=clock, limits=limits) as store:
            knowledge = KnowledgeService(store, now=clock, embed=embed)
            answers = News(store, knowledge, now=clock, threshold=THRESHOLD)
            feeds: dict[str, str] = {}
            for place_, each in enumerate(articles):
                clock.now = each.at + timedelta(hours=1)
                if each.source not in feeds:
                    url = f"https://{len(feeds)}.example/feed"
                    feeds[each.source] = (await store.feeds.add(url=url, title=each.source)).id
                new = NewArticle(
                    str(each.number), each.title, f"https://a.example/{each.number}", "",
                    each.text, each.at,
                )  # fmt: skip
                outcome = PollOutcome(clock(), clock())
                (kept,) = await store.feeds.record_poll(feeds[each.source], outcome, [new])
                await knowledge.catch_up()
                found += await _both(answers, kept.id, each, articles[place_ - AWAY])
    return found


async def _both(answers: News, id: str, each: Item, away: Item) -> list[Asked]:
    found = []
    for about, there in ((each, True), (away, False)):
        names = trend_terms(about.title, "")[:NAMES]
        text = f"What's new about {' and '.join(names)} since yesterday?"
        draft = await answers.draft(Question(text), read_question(text))
        assert draft is not None, text
        cites = any(cited.item_id == id for cited in draft.composed.citations)
        right = cites and not draft.abstained if there else draft.abstained
        covered = draft.signals["news.covered"]
        found.append(Asked(covered, draft.abstained, right, there))
    return found
