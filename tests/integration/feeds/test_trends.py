"""A term that many feeds take up within a day is a trend; one that one voice repeats is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from selfd_daemon.knowledge.service import KnowledgeService
from selfd_graphql import ServiceError, TrendInfo
from selfd_storage import NewArticle, PollOutcome, Store
from support.feed_service import START, Clock
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

CALM = ["garden", "council", "harvest", "library", "railway"]


async def publish(store: Store, feed: int, texts: Sequence[tuple[str, float]]) -> None:
    """Have a feed bring articles, each with its title and how many hours ago it came."""
    url = f"https://paper{feed}.example/feed"
    known = [found for found in await store.feeds.all() if found.url == url]
    followed = known[0] if known else await store.feeds.add(url=url, title=f"Paper {feed}")
    news = [
        NewArticle(
            f"{title}{hours}",
            title,
            f"https://paper{feed}.example/{hours}",
            "",
            f"{title} in paper{feed} number{number}",
            START - timedelta(hours=hours),
        )
        for number, (title, hours) in enumerate(texts)
    ]
    await store.feeds.record_poll(followed.id, PollOutcome(START, START), news)


async def trends(store: Store, hours: int = 24) -> Sequence[TrendInfo]:
    knowledge = KnowledgeService(store, now=Clock())
    await knowledge.catch_up()
    return await knowledge.trends(hours=hours, first=10)


async def test_a_term_that_many_take_up_is_a_trend(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, now=Clock(), limits=ANY_ROOM) as store:
        for feed in range(4):
            past = [(f"{CALM[day % 5]} report", 24.0 * day + feed) for day in range(14)]
            await publish(store, feed, [*past, ("earthquake tonight", feed + 0.5)])
        found = await trends(store)
    top = {trend.term: trend for trend in found}["earthquake"]
    assert top.count == 4
    assert top.burst > 2
    assert top.forecast >= 0
    assert top.forecast_error is not None
    assert len(top.articles) == 4
    assert "report" not in {trend.term for trend in found}, "it is in the news every day"


async def test_one_voice_makes_no_trend(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, now=Clock(), limits=ANY_ROOM) as store:
        await publish(store, 1, [("earthquake tonight", hour / 10) for hour in range(9)])
        await publish(store, 2, [("earthquake tomorrow", 1)])
        assert await trends(store) == []


async def test_an_empty_store_has_no_trends(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, now=Clock(), limits=ANY_ROOM) as store:
        assert await trends(store) == []


async def test_what_is_old_is_dropped_from_the_counts(tmp_path: Path) -> None:
    clock = Clock()
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        await publish(store, 1, [("earthquake tonight", 1)])
        await trends(store)
        await store.terms.prune(START + timedelta(days=60))
        history = await store.terms.history(START, hours=24, least=1, limit=9)
    assert sum(history.all) == 0


@pytest.mark.parametrize("hours", [0, 24 * 8])
async def test_a_span_that_makes_no_sense_is_refused(hours: int, tmp_path: Path) -> None:
    async with await Store.open(tmp_path, now=Clock(), limits=ANY_ROOM) as store:
        with pytest.raises(ServiceError, match="hours must be from 1 to 168"):
            await trends(store, hours)
