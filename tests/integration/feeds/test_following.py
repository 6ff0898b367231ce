"""Feeds are added, polled, left and listed over a real store and a real web on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from selfd_daemon.feeds.errors import (
    AddressError,
    AddressRefusedError,
    NotAFeedError,
    OfflineError,
    OpmlError,
)
from selfd_storage import DuplicateError, NotFoundError
from support.feed_pages import item, rss
from support.feed_service import running_feeds
from support.web import LocalWeb, Reply

pytestmark = pytest.mark.anyio


async def test_an_added_feed_has_its_title_and_articles_at_once(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(headers={"ETag": '"1"'}, body=rss("News", [item("b"), item("a")])))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        articles = await running.articles()
    assert (feed.title, feed.url, feed.article_count, feed.error) == (
        "News", web.url("/feed"), 2, None,
    )  # fmt: skip
    assert feed.next_poll_at is not None
    assert [article.title for article in articles] == ["b", "a"]
    assert articles[0].text == "This is the whole text of the news that is called b."
    assert web.paths() == ["/feed"], "it is not fetched twice to be added"


async def test_the_address_of_a_page_leads_to_the_feed_that_it_names(
    web: LocalWeb, tmp_path: Path
) -> None:
    page = b"""<!doctype html><html><head><title>Blog</title>
        <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments">
        <link rel="alternate" type="application/atom+xml" href="/posts"></head><body>Hello"""
    web.serve("/", Reply(headers={"Content-Type": "text/html"}, body=page))
    web.serve("/posts", Reply(body=rss("Posts", [item("a")])))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/"))
    assert (feed.title, feed.url) == ("Posts", web.url("/posts"))
    assert web.paths() == ["/", "/posts"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(headers={"Content-Type": "text/html"}, body=b"<html>Hi"), "'text/html', not RSS"),
        (Reply(headers={"Content-Type": "image/png"}, body=b"\x89PNG"), "'image/png', not RSS"),
        (Reply(body=b""), "an empty reply"),
        (Reply(body=b"   \n"), "an empty reply"),
        (Reply(body=b'{"hello": 1}'), "not RSS, Atom or JSON Feed"),
    ],
)
async def test_what_is_no_feed_is_refused_with_the_next_step(
    web: LocalWeb, tmp_path: Path, reply: Reply, words: str
) -> None:
    web.serve("/page", reply)
    async with running_feeds(tmp_path) as running:
        with pytest.raises(NotAFeedError, match=words) as caught:
            await running.service.add(web.url("/page"))
        assert await running.service.all() == []
    assert caught.value.code == "NOT_A_FEED"
    assert web.url("/page") in str(caught.value)
    assert "add that address" in str(caught.value)


async def test_a_feed_is_followed_once(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=rss("News", [])))
    web.serve("/old", Reply(301, {"Location": "/feed"}))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        with pytest.raises(DuplicateError, match=f"already, as {feed.id}"):
            await running.service.add(web.url("/feed"))
        with pytest.raises(DuplicateError, match=f"already, as {feed.id}"):
            await running.service.add(web.url("/old"))
    assert web.paths() == ["/feed", "/old", "/feed"]


async def test_addresses_that_cannot_be_are_refused_and_private_ones_named(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with running_feeds(tmp_path, allow=["elsewhere.test"]) as running:
        with pytest.raises(AddressError, match="must start with https"):
            await running.service.add("file:///etc/passwd")
        with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1 to feeds\.allow_private"):
            await running.service.add(web.url("/feed"))


async def test_offline_nothing_is_asked_and_the_reason_is_told(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with running_feeds(tmp_path, offline=True) as running:
        with pytest.raises(OfflineError, match="without --offline"):
            await running.service.add(web.url("/feed"))
        with pytest.raises(OfflineError, match="without --offline"):
            await running.service.poll(None)
        await running.store.feeds.add(url=web.url("/feed"), title="News")
        loop = asyncio.create_task(running.service.run())
        await asyncio.sleep(0.05)
        assert not loop.done()
        loop.cancel()
    assert web.log == []


async def test_a_poll_brings_what_is_new_and_nothing_twice(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=rss("News", [item("a")])))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=rss("The News", [item("c"), item("b"), item("a")])))
        job = await running.poll()
        assert (job.state, job.progress) == ("SUCCEEDED", 1.0)
        assert job.message == "1 of 1 feeds, 2 new articles"
        assert (job.metrics["new_articles"], job.metrics["parsed"]) == (2, 1)
        assert {article.title for article in await running.articles()} == {"a", "b", "c"}
        assert (await running.feed(feed.id)).title == "The News"
        again = await running.poll([feed.id])
        assert (again.metrics["unchanged"], again.metrics["new_articles"]) == (1, 0)


async def test_a_poll_of_an_unknown_feed_is_refused(tmp_path: Path) -> None:
    async with running_feeds(tmp_path) as running:
        with pytest.raises(NotFoundError, match="feed:7"):
            await running.service.poll(["feed:7"])


async def test_one_broken_feed_does_not_keep_the_others_from_being_polled(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/good", Reply(body=rss("Good", [])))
    web.serve("/bad", Reply(body=rss("Bad", [])))
    async with running_feeds(tmp_path) as running:
        bad = await running.service.add(web.url("/bad"))
        await running.service.add(web.url("/good"))
        web.serve("/bad", Reply(503))
        web.serve("/good", Reply(body=rss("Good", [item("a")])))
        job = await running.poll()
        assert job.state == "SUCCEEDED"
        assert (job.metrics["failed"], job.metrics["new_articles"]) == (1, 1)
        assert "1 failed" in job.message
        assert "trouble of its own" in str((await running.feed(bad.id)).error)


async def test_a_removed_feed_takes_its_articles_along(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=rss("News", [item("a")])))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        assert await running.service.remove(feed.id)
        assert not await running.service.remove(feed.id)
        assert await running.service.all() == []
        assert await running.articles() == []


async def test_the_same_wire_text_in_two_feeds_is_one_article_of_one_source(
    web: LocalWeb, tmp_path: Path
) -> None:
    text = "The council voted on Monday to rebuild the old bridge, at a cost of four million. " * 3
    web.serve("/one", Reply(body=rss("One", [item("Bridge", text=text, guid="1")])))
    web.serve("/two", Reply(body=rss("Two", [item("Bridge", text=text, guid="2")])))
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/one"))
        await running.service.add(web.url("/two"))
        articles = await running.articles()
    assert [article.corroboration for article in articles] == [1], "one text is one source"


async def test_new_articles_are_streamed_to_those_who_want_that_feed(
    web: LocalWeb, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        web.serve(f"/{name}", Reply(body=rss(name, [])))
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/one"))
        two = await running.service.add(web.url("/two"))
        every, some = running.service.article_stream(None), running.service.article_stream([two.id])
        for name in ("one", "two"):
            web.serve(f"/{name}", Reply(body=rss(name, [item(f"from-{name}")])))
        await running.poll()
        async with asyncio.timeout(10):
            seen = {(await anext(every)).title, (await anext(every)).title}
            assert (await anext(some)).title == "from-two"
    assert seen == {"from-one", "from-two"}


async def test_a_list_of_subscriptions_is_imported_once_and_polled_by_schedule(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=rss("Its own title", [item("a")])))
    opml = f"""<opml version="1.0"><body><outline text="News">
        <outline text="First" xmlUrl="{web.url("/feed")}"/>
        <outline text="Script" xmlUrl="javascript:alert(1)"/></outline></body></opml>"""
    async with running_feeds(tmp_path) as running:
        added = await running.service.import_opml(opml)
        assert [(feed.title, feed.url) for feed in added] == [("First", web.url("/feed"))]
        assert await running.service.import_opml(opml) == []
        assert web.log == [], "importing a thousand feeds must not ask them all at once"
        loop = asyncio.create_task(running.service.run())
        async with asyncio.timeout(20):
            async for article in running.service.article_stream(None):
                assert article.title == "a"
                break
        loop.cancel()
        assert (await running.feed(added[0].id)).title == "Its own title"


@pytest.mark.parametrize("text", ["", "no list", "<opml><body/></opml>", "<html>"])
async def test_a_list_that_names_no_feed_is_refused(tmp_path: Path, text: str) -> None:
    async with running_feeds(tmp_path) as running:
        with pytest.raises(OpmlError, match="names no feed"):
            await running.service.import_opml(text)
