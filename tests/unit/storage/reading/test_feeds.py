"""Feeds are followed once, their articles kept once, and what one poll found is one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from selfd_storage import (
    DuplicateError,
    FeedRecord,
    InvalidInputError,
    NewArticle,
    NotFoundError,
    PollOutcome,
    Store,
)
from support.storage import Clock

pytestmark = pytest.mark.anyio

LONG = (
    "A text that is long enough to be told from any other by what it says and not by its place. "
    * 2
)


def article(guid: str, text: str = LONG, at: datetime | None = None, **more: str) -> NewArticle:
    fields = {"title": "Title", "url": f"https://example.org/{guid}", "summary": "", **more}
    return NewArticle(guid=guid, text=text, published_at=at, **fields)


def outcome(clock: Clock, **more: object) -> PollOutcome:
    return PollOutcome(clock(), clock() + timedelta(hours=1), **more)  # type: ignore[arg-type]


async def feed(store: Store, name: str = "a") -> FeedRecord:
    return await store.feeds.add(url=f"https://{name}.example/feed", title=name)


async def poll(store: Store, clock: Clock, feed_id: str, *articles: NewArticle) -> list[str]:
    return [each.id for each in await store.feeds.record_poll(feed_id, outcome(clock), articles)]


async def test_a_feed_is_followed_once(store: Store, clock: Clock) -> None:
    first = await feed(store)
    assert (first.article_count, first.last_polled_at, first.error) == (0, None, None)
    assert first.added_at == clock()
    with pytest.raises(DuplicateError, match="followed already, as feed:1") as caught:
        await feed(store)
    assert caught.value.id == first.id
    assert await store.feeds.all() == [first]
    assert await store.feeds.get(["feed:9", first.id, "nonsense"]) == [None, first, None]


@pytest.mark.parametrize("url", ["", "https://x/\ud800", "https://x/" + "y" * 5000])
async def test_an_address_that_cannot_be_kept_is_refused(store: Store, url: str) -> None:
    with pytest.raises(InvalidInputError, match="the feed's URL"):
        await store.feeds.add(url=url, title="t")


async def test_a_poll_keeps_its_articles_and_its_outcome(store: Store, clock: Clock) -> None:
    followed = await feed(store)
    published = clock() - timedelta(days=1)
    new = article("g", at=published, html="<p>x</p>")
    saved = outcome(
        clock, etag='"e"', last_modified="m", body_hash=b"h", title="Better", failures=0
    )
    (stored,) = await store.feeds.record_poll(followed.id, saved, [new])
    assert (stored.guid, stored.title, stored.text, stored.url) == ("g", "Title", LONG, new.url)
    assert (stored.published_at, stored.fetched_at) == (published, clock())
    assert (stored.feed_id, stored.corroboration) == (followed.id, 1)
    assert await store.articles.get([stored.id]) == [stored]
    assert await store.articles.html(stored.id) == "<p>x</p>"
    assert await store.articles.html("article:9") is None
    (now,) = await store.feeds.all()
    assert (now.title, now.etag, now.last_modified, now.body_hash) == ("Better", '"e"', "m", b"h")
    assert (now.last_polled_at, now.next_poll_at) == (saved.at, saved.next_poll_at)
    assert now.article_count == 1


async def test_a_failed_poll_keeps_what_is_known_of_the_feed(store: Store, clock: Clock) -> None:
    followed = await feed(store)
    await store.feeds.record_poll(followed.id, outcome(clock, etag="e"))
    await store.feeds.record_poll(followed.id, outcome(clock, error="no route", failures=1))
    (now,) = await store.feeds.all()
    assert (now.error, now.failures, now.etag, now.title) == ("no route", 1, "e", "a")
    await store.feeds.record_poll(followed.id, outcome(clock))
    (now,) = await store.feeds.all()
    assert (now.error, now.failures) == (None, 0)
    kinds = [event.kind for event in await store.events.page(1)]
    assert kinds == ["feed.polled", "feed.failed", "feed.polled"]


async def test_a_feed_that_moves_onto_another_keeps_its_address(store: Store, clock: Clock) -> None:
    first, second = await feed(store, "a"), await feed(store, "b")
    await store.feeds.record_poll(first.id, outcome(clock, url="https://new.example/"))
    await store.feeds.record_poll(second.id, outcome(clock, url="https://new.example/"))
    assert [each.url for each in await store.feeds.all()] == ["https://new.example/", second.url]


async def test_a_poll_of_a_feed_that_is_gone_is_refused_and_keeps_nothing(
    store: Store, clock: Clock
) -> None:
    followed = await feed(store)
    await store.feeds.remove(followed.id)
    with pytest.raises(NotFoundError, match="no feed with id 'feed:1'"):
        await poll(store, clock, followed.id, article("g"))
    assert await store.articles.count() == 0


async def test_the_same_guid_is_the_same_article_whatever_else_changed(
    store: Store, clock: Clock
) -> None:
    followed = await feed(store)
    assert await poll(store, clock, followed.id, article("g"), article("g")) == ["article:1"]
    assert await poll(store, clock, followed.id, article("g", "other", title="Other")) == []
    assert await poll(store, clock, followed.id, article("h", "other words")) == ["article:2"]


async def test_a_feed_tells_which_entries_it_has_not_brought_before(
    store: Store, clock: Clock
) -> None:
    first, second = await feed(store, "a"), await feed(store, "b")
    await poll(store, clock, first.id, article("g1"), article("g2"))  # the same content
    assert await store.articles.unknown(first.id, ["g0", "g1", "g2", "g3"]) == ["g0", "g3"]
    assert await store.articles.unknown(second.id, ["g1"]) == ["g1"]
    assert await store.articles.unknown("nonsense", ["g1"]) == ["g1"]


async def test_the_same_content_under_another_guid_is_kept_once(store: Store, clock: Clock) -> None:
    first, second = await feed(store, "a"), await feed(store, "b")
    await poll(store, clock, first.id, article("g1"))
    assert await poll(store, clock, first.id, article("g2", LONG.upper())) == []
    assert await poll(store, clock, second.id, article("g1")) == []
    (kept,) = (await store.articles.page()).items
    assert kept.corroboration == 1, "one text is one source"


async def test_short_texts_are_the_same_only_at_the_same_place(store: Store, clock: Clock) -> None:
    followed = await feed(store)
    daily = [article(f"day{day}", "No delays.") for day in range(3)]
    assert len(await poll(store, clock, followed.id, *daily)) == 3
    again = article("new guid", "No delays.", url="https://example.org/day1")
    assert await poll(store, clock, followed.id, again) == []


async def test_articles_of_one_poll_are_told_oldest_first(store: Store, clock: Clock) -> None:
    followed = await feed(store)
    found = await store.feeds.record_poll(
        followed.id, outcome(clock), [article("new", "new"), article("old", "old")]
    )
    assert [each.guid for each in found] == ["old", "new"]
    assert [each.guid for each in (await store.articles.page()).items] == ["new", "old"]


async def test_pages_of_articles_are_by_time_and_feed(store: Store, clock: Clock) -> None:
    first, second = await feed(store, "a"), await feed(store, "b")
    hours = {"a1": -3, "a2": -1, "a3": 50}  # the last one claims to come from the future
    articles = [article(g, g, clock() + timedelta(hours=h)) for g, h in hours.items()]
    await poll(store, clock, first.id, *articles)
    await poll(store, clock, second.id, article("b1", "b1", clock() - timedelta(hours=2)))

    async def guids(**filters: object) -> list[str]:
        page = await store.articles.page(**filters)  # type: ignore[arg-type]
        return [each.guid for each in page.items]

    assert await guids() == ["a3", "a2", "b1", "a1"]
    assert await guids(feed_id=first.id) == ["a3", "a2", "a1"]
    assert await guids(since=clock() - timedelta(hours=2)) == ["a3", "a2", "b1"]
    assert await guids(feed_id="nonsense") == []
    page = await store.articles.page(first=2, feed_id=first.id)
    assert (page.total, page.has_next) == (3, True)
    assert await guids(first=2, after=page.cursors[-1], feed_id=first.id) == ["a1"]


async def test_feeds_are_due_when_their_time_has_come(store: Store, clock: Clock) -> None:
    names = {name: await feed(store, name) for name in ("never", "past", "future", "gone")}
    await store.feeds.record_poll(names["past"].id, PollOutcome(clock(), clock()))
    await store.feeds.record_poll(names["future"].id, outcome(clock))
    await store.feeds.record_poll(names["gone"].id, PollOutcome(clock(), clock(), gone=True))
    assert [each.title for each in await store.feeds.due(clock())] == ["never", "past"]


async def test_a_feed_takes_its_articles_along_but_for_those_that_others_carried(
    store: Store, clock: Clock
) -> None:
    first, second = await feed(store, "a"), await feed(store, "b")
    await poll(store, clock, first.id, article("shared"), article("own", "own words"))
    await poll(store, clock, second.id, article("shared"))
    assert await store.feeds.remove(first.id)
    assert not await store.feeds.remove(first.id)
    (kept,) = (await store.articles.page()).items
    assert (kept.guid, kept.feed_id, kept.corroboration) == ("shared", second.id, 1)
    assert await store.articles.count() == 1
    assert await poll(store, clock, second.id, article("shared")) == []
