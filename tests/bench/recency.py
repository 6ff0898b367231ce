"""Recency: what it does to answers from articles that an old one has a little less of a score.

The 247 articles of `multihop_news` are stored at their own times, each source a feed. The questions
of MultiHop-RAG tell whether the right articles are still quoted, which is to stay so. Then "What of
X and Y?" is asked for each two names that two or more articles share which are ten days apart: how
often the newest of those is quoted first.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from bench.multihop_news import News, news, read_questions
from bench.row import Row
from selfd_daemon.answering.composing import chosen
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.retrieval import evidence
from selfd_daemon.answering.retrieval.corrective import RETRIEVED
from selfd_daemon.answering.retrieval.evidence import gather
from selfd_daemon.knowledge.terms import trend_terms
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_storage import Hit, NewArticle, PollOutcome, RoomLimits, Store
from support.feed_service import Clock

APART = timedelta(days=10)
WEIGHTS = (0.0, 0.025, 0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what was found for it, and the articles that are right to quote first."""

    text: str
    hits: Sequence[Hit]
    right: frozenset[str]


def rows(data: Path | None) -> list[Row]:
    """Ask with several weights of age; the shipped one is among them."""
    if data is None:
        return []
    questions, topics = asyncio.run(_found(data / "multihop"))
    found, shipped = [], evidence.STALE
    try:
        for weight in WEIGHTS:
            evidence.STALE = weight
            first, any_, newest = _quoted(questions), _quoted(questions, 9), _quoted(topics)
            note = f"of {len(questions)} questions"
            is_ours = ", shipped" * (weight == shipped)
            found += [
                Row(f"age {weight}{is_ours}, right article first", first, "", None, "higher", note),
                Row(f"age {weight}{is_ours}, right one quoted", any_, "", None, "higher", note),
                Row(f"age {weight}{is_ours}, newest of two names first", newest, "", None, "higher",
                    f"of {len(topics)} topics"),
            ]  # fmt: skip
    finally:
        evidence.STALE = shipped
    return found


def _quoted(asked: Sequence[Asked], most: int = 1) -> float:
    """Return the share of questions that quote what is right among the first `most` quotes."""
    right = 0
    for each in asked:
        gathered = gather(read_question(each.text), each.hits).evidence
        quotes = chosen(gathered)[:most] if gathered else []
        right += any(quote.hit.item.id in each.right for quote in quotes)
    return right / len(asked)


async def _found(folder: Path) -> tuple[list[Asked], list[Asked]]:
    """Store the articles, and search for the questions and the topics."""
    articles = news(folder)
    clock = Clock(articles[0].at)
    limits = RoomLimits(floor=0, ballast=0)
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
        store = await Store.open(
            Path(place), now=clock, limits=limits, embedders=shipped_embedders()
        )
        async with store:
            ids = await _stored(store, clock, articles)
            await store.settle()
            questions = [
                Asked(
                    each["question"],
                    await store.search(each["question"], scope=["ARTICLE"], first=RETRIEVED),
                    frozenset(ids[one["url"]] for one in each["evidence"]),
                )
                for each in read_questions(folder)
                if each["evidence"]
            ]
            topics = []
            for names, newest in _topics(articles).items():
                text = f"What of {' and '.join(sorted(names))}?"
                hits = await store.search(text, scope=["ARTICLE"], first=RETRIEVED)
                topics.append(Asked(text, hits, frozenset({ids[newest.url]})))
            return questions, topics


async def _stored(store: Store, clock: Clock, articles: Sequence[News]) -> dict[str, str]:
    """Return the ids of the stored articles by their addresses."""
    feeds: dict[str, str] = {}
    ids: dict[str, str] = {}
    for each in articles:
        clock.now = each.at + timedelta(hours=1)
        if each.source not in feeds:
            url = f"https://{len(feeds)}.example/feed"
            feeds[each.source] = (await store.feeds.add(url=url, title=each.source)).id
        new = NewArticle(str(each.number), each.title, each.url, "", each.text, each.at)
        outcome = PollOutcome(clock(), clock())
        (kept,) = await store.feeds.record_poll(feeds[each.source], outcome, [new])
        ids[each.url] = kept.id
    return ids


def _topics(articles: Sequence[News]) -> Mapping[frozenset[str], News]:
    """Return two names that articles share which are days apart, with the newest of those."""
    sharing: defaultdict[frozenset[str], list[News]] = defaultdict(list)
    for each in articles:
        for pair in combinations(sorted(set(trend_terms(each.title, ""))), 2):
            sharing[frozenset(pair)].append(each)
    return {
        names: told[-1]
        for names, told in sharing.items()
        if len(told) > 1 and told[-1].at - told[-2].at >= APART
    }
