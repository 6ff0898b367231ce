"""Articles have one story each, its sources are counted as voices, and feeds that go leave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from selfd_storage import (
    ArticleRecord,
    FeedRecord,
    NewArticle,
    PlacedArticle,
    PollOutcome,
    Store,
)
from selfd_storage.reading.story_rows import independent
from selfd_storage.times import EPOCH, utc_now

pytestmark = pytest.mark.anyio


async def tell(store: Store, name: str, *titles: str) -> tuple[FeedRecord, list[ArticleRecord]]:
    """Follow a feed that brings articles with these titles."""
    feed = await store.feeds.add(url=f"https://{name}.example/feed", title=name)
    news = [NewArticle(title, title, None, "", f"{title} {name}. " * 20, None) for title in titles]
    outcome = PollOutcome(EPOCH, EPOCH)
    return feed, await store.feeds.record_poll(feed.id, outcome, news[::-1])


async def corroboration(store: Store, articles: Sequence[ArticleRecord]) -> list[int]:
    found = await store.articles.get([article.id for article in articles])
    return [article.corroboration for article in found if article is not None]


async def test_a_story_holds_the_articles_that_were_placed_beside_each_other(store: Store) -> None:
    _, (one, lone) = await tell(store, "a", "A bridge fell", "Rain")
    _, (other,) = await tell(store, "b", "Bridge gone")
    assert [id for id, _ in await store.stories.unplaced(9)] == [one.id, lone.id, other.id]
    await store.stories.place(
        [
            PlacedArticle(one.id, "a", claims=["Two were hurt."]),
            PlacedArticle(lone.id, "a"),
            PlacedArticle(other.id, "b", beside=one.id),
        ]
    )
    assert await store.stories.unplaced(9) == []
    (story,) = await store.stories.page(since=EPOCH, first=9)
    assert (story.title, story.sources) == ("A bridge fell", 2)
    assert [article.id for article in story.articles] == [one.id, other.id]
    assert [(claim.article_id, claim.text) for claim in story.claims] == [
        (one.id, "Two were hurt.")
    ]
    assert await corroboration(store, [one, lone, other]) == [2, 1, 2]
    assert await store.stories.page(since=utc_now() + timedelta(days=1), first=9) == []


async def test_a_story_that_changed_is_told(store: Store) -> None:
    _, (one, other) = await tell(store, "a", "x", "y")
    before = await store.events.latest()
    await store.stories.place([PlacedArticle(one.id, "a")])
    assert await store.events.page(before) == []
    await store.stories.place([PlacedArticle(other.id, "a", beside=one.id)])
    assert [event.kind for event in await store.events.page(before)] == ["story.changed"]


async def test_a_feed_that_goes_takes_its_part_of_a_story_with_it(store: Store) -> None:
    first, (one,) = await tell(store, "a", "x")
    _, (other,) = await tell(store, "b", "y")
    placed = [
        PlacedArticle(one.id, "a", claims=["It is so."]),
        PlacedArticle(other.id, "b", beside=one.id),
    ]
    await store.stories.place(placed)
    assert await store.feeds.remove(first.id)
    assert await store.stories.page(since=EPOCH, first=9) == []
    assert await corroboration(store, [other]) == [1]
    await store.stories.place([PlacedArticle(one.id, "a")])  # placed while its feed went


async def test_placed_articles_come_back_with_their_story(store: Store) -> None:
    _, (one, other) = await tell(store, "a", "x", "y")
    await store.stories.place(
        [PlacedArticle(one.id, "a"), PlacedArticle(other.id, "b", beside=one.id, copy_of=one.id)]
    )
    recent = await store.stories.recent(EPOCH, 9)
    assert [(each.article.id, each.story_id, each.copy_of) for each in recent] == [
        (one.id, "story:1", None),
        (other.id, "story:1", one.id),
    ]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([(1, "a", None)], 1),
        ([(1, "a", None), (2, "b", None)], 2),
        ([(1, "a", None), (2, "a", None)], 1),
        ([(1, "a", None), (2, "b", 1), (3, "c", 1)], 1),
        ([(1, "a", None), (2, "b", 1), (3, "b", None), (4, "c", None)], 2),
        ([(2, "b", 1), (3, "c", 1)], 1),
    ],
)
def test_a_publisher_is_one_source_and_so_are_all_who_print_one_text(
    rows: list[tuple[int, str, int | None]], count: int
) -> None:
    assert independent(rows) == count
