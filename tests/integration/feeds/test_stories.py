"""Feeds are polled over loopback, and their articles become stories, also after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_daemon.knowledge.service import KnowledgeService
from selfd_graphql import ServiceError, StoryInfo
from selfd_storage import EmbeddingError
from support.feed_pages import item, rss
from support.feed_service import START, Running, running_feeds
from support.web import LocalWeb, Reply

pytestmark = pytest.mark.anyio

WIRE = (
    "The Harbour Bridge in Larvik collapsed into the fjord on Monday morning. Twelve people were "
    "taken to hospital after the Larvik bridge collapse, said police chief Ingrid Moe."
)
RETOLD = (
    "Police closed the road after the Harbour Bridge in Larvik gave way over the fjord. After the "
    "Larvik bridge collapse 15 people were taken to hospital, according to Ingrid Moe."
)
BUDGET = "The finance minister won a narrow majority for the budget, with tax relief for farmers."
NEWS = {
    "one": [("Harbour Bridge in Larvik collapses", WIRE), ("Parliament passes budget", BUDGET)],
    "two": [("Larvik's Harbour Bridge falls", RETOLD)],
    "three": [("Bridge collapse in Larvik", WIRE + " (Agency)")],
}


async def follow(web: LocalWeb, running: Running, *names: str) -> None:
    at = START - timedelta(hours=1)
    for name in names:
        items = [item(title, text=text, at=at) for title, text in NEWS[name]]
        web.serve(f"/{name}", Reply(body=rss(name.title(), items)))
        await running.service.add(web.url(f"/{name}"))


async def told(running: Running) -> list[StoryInfo]:
    knowledge = KnowledgeService(running.store, now=running.clock)
    await knowledge.catch_up()
    return list(await knowledge.stories(hours=48, first=20))


async def test_an_event_in_three_feeds_is_one_story_of_two_sources(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with running_feeds(tmp_path) as running:
        await follow(web, running, "one", "two", "three")
        (story,) = await told(running)
        articles = await running.articles()
    assert story.record.title == "Harbour Bridge in Larvik collapses"
    assert len(story.record.articles) == 3
    assert story.record.sources == 2, "the third prints the text of the first"
    assert {article.title: article.corroboration for article in articles} == {
        "Harbour Bridge in Larvik collapses": 2,
        "Larvik's Harbour Bridge falls": 2,
        "Bridge collapse in Larvik": 2,
        "Parliament passes budget": 1,
    }


async def test_sources_that_differ_are_both_quoted(web: LocalWeb, tmp_path: Path) -> None:
    async with running_feeds(tmp_path) as running:
        await follow(web, running, "one", "two", "three")
        (story,) = await told(running)
    (dispute,) = story.disputes
    assert "“Twelve people were taken to hospital after the Larvik bridge collapse" in dispute
    assert "“After the Larvik bridge collapse 15 people were taken to hospital" in dispute
    assert "(One)" in dispute
    assert "(Two)" in dispute


async def test_an_article_joins_a_story_from_before_a_restart(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with running_feeds(tmp_path) as running:
        await follow(web, running, "one")
        assert await told(running) == []
    async with running_feeds(tmp_path) as running:
        await follow(web, running, "two")
        (story,) = await told(running)
    assert story.record.sources == 2


async def test_where_nothing_can_be_embedded_words_put_stories_together(
    web: LocalWeb, tmp_path: Path
) -> None:
    def broken(texts: Sequence[str]) -> NDArray[np.float32]:
        raise EmbeddingError("no weights")

    async with running_feeds(tmp_path) as running:
        await follow(web, running, "one", "two")
        knowledge = KnowledgeService(running.store, now=running.clock, embed=broken)
        await knowledge.catch_up()
        (story,) = await knowledge.stories(hours=48, first=20)
    assert len(story.record.articles) == 2


async def test_nothing_is_placed_twice(web: LocalWeb, tmp_path: Path) -> None:
    async with running_feeds(tmp_path) as running:
        await follow(web, running, "one", "two")
        first = await told(running)
        latest = await running.store.events.latest()
        assert await told(running) == first
        assert await running.store.events.latest() == latest


@pytest.mark.parametrize("hours", [0, -1, 10**9])
async def test_a_span_that_makes_no_sense_is_refused(hours: int, tmp_path: Path) -> None:
    async with running_feeds(tmp_path) as running:
        knowledge = KnowledgeService(running.store, now=running.clock)
        with pytest.raises(ServiceError, match="hours must be from 1"):
            await knowledge.stories(hours=hours, first=20)
