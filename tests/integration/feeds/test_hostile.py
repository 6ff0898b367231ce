"""A hostile feed fails by itself, within seconds, and harms neither the daemon nor other feeds."""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path

import pytest

from selfd_daemon.feeds.errors import ParserError
from selfd_daemon.feeds.reader import WALL_SECONDS, FeedReader
from support.feed_pages import item, rss
from support.feed_service import Clock, running_feeds
from support.web import LocalWeb, Reply

pytestmark = pytest.mark.anyio

HEAD = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
MANY_ATTRIBUTES = (
    HEAD + b"<item " + b" ".join(b'a%d="%s"' % (n, b">" * (n % 90 == 0)) for n in range(200_000))
    + b"><title>x</title></item></channel></rss>"
)  # fmt: skip
ONE_LONG_TAG = HEAD + b"<item " + b" ".join(b'a%d="x"' % n for n in range(20_000)) + b"/>"
DEEP_NAMESPACES = (
    HEAD + b"".join(b'<a xmlns:n%d="urn:%d">' % (n, n) for n in range(60_000)) + b"</rss>"
)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (b + 1, b"&%c;" % b * 10) for b in range(ord("a"), ord("j")))
    + b']><rss version="2.0"><channel><item><title>&j;</title></item></channel></rss>'
)
SECRET = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">
<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]><rss version="2.0"><channel><title>t</title>
<item><title>before &x; after</title></item></channel></rss>"""


async def test_a_feed_of_200000_attributes_fails_while_everything_else_goes_on(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/hostile", Reply(body=MANY_ATTRIBUTES))
    web.serve("/good", Reply(body=rss("Good", [item("a")])))
    async with running_feeds(tmp_path, feeds={"concurrency": 4}) as running:
        hostile = await running.store.feeds.add(url=web.url("/hostile"), title="")
        good = await running.store.feeds.add(url=web.url("/good"), title="")
        began, longest = time.monotonic(), 0.0
        polling = asyncio.create_task(running.poll())
        while not polling.done():
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        took = time.monotonic() - began
        assert (await running.feed(good.id)).article_count == 1
        failed = await running.feed(hostile.id)
    assert "took longer than" in str(failed.error) or "more than" in str(failed.error)
    assert took < WALL_SECONDS + 10, "beside it a child is started and a feed is fetched"
    assert longest < 0.5, "a loaded machine may be slow, a blocked loop takes seconds"


async def test_a_tag_that_is_too_long_is_refused_at_once() -> None:
    reader = FeedReader(now=Clock())
    with pytest.raises(ParserError, match="a tag of more than 65,536 bytes"):
        await reader.read(ONE_LONG_TAG, url="http://t.example/", headers={})
    await reader.close()


async def test_deep_namespaces_are_given_up_within_the_time_allowed() -> None:
    reader = FeedReader(now=Clock(), seconds=1.0)
    began = time.monotonic()
    with pytest.raises(ParserError, match="took longer than 1 s"):
        await reader.read(DEEP_NAMESPACES, url="http://t.example/", headers={})
    assert time.monotonic() - began < 10
    found = await reader.read(rss("Next", [item("a")]), url="http://t.example/", headers={})
    assert found.feed is not None, "the next feed gets a parser of its own"
    await reader.close()


async def test_entities_neither_grow_nor_reach_for_files(web: LocalWeb, tmp_path: Path) -> None:
    reader = FeedReader(now=Clock())
    for body in (LAUGHS, SECRET):
        found = await reader.read(body, url="http://t.example/", headers={})
        assert found.feed is not None
        assert len(found.feed.entries) == 1
        title = found.feed.entries[0].title
        assert "lollol" not in title
        hostname = Path("/etc/hostname")
        assert not hostname.exists() or hostname.read_text().strip() not in title
    await reader.close()


async def test_a_feed_of_300000_items_is_read_from_both_ends() -> None:
    body = rss("Archive", [f"<item><guid>{n}</guid></item>" for n in range(300_000)])
    reader = FeedReader(now=Clock(), wall_seconds=60.0)  # .3 s of processor, however busy it is
    found = await reader.read(body, url="http://t.example/", headers={})
    await reader.close()
    assert found.feed is not None
    assert len(found.feed.entries) == 500


async def test_every_way_to_misbehave_leaves_an_error_beside_that_feed(
    web: LocalWeb, tmp_path: Path
) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + HEAD)
        while True:
            writer.write(b"<item><title>x</title></item>" * 2000)
            await writer.drain()

    async def short(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + HEAD)
        await writer.drain()

    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    packed = {"Content-Encoding": "gzip"}
    web.serve("/bomb", Reply(headers=packed, body=gzip.compress(bytes(64 << 20))))
    web.serve("/cut", Reply(headers=packed, body=gzip.compress(rss("x", [item("a")]))[:-9]))
    web.serve("/circle", Reply(302, {"Location": "/circle"}))
    web.serve("/inward", Reply(302, {"Location": "http://10.0.0.1/admin"}))
    web.serve("/page", Reply(headers={"Content-Type": "text/html"}, body=b"<html>"))
    web.misbehave("/endless", endless)
    web.misbehave("/short", short)
    web.misbehave("/silent", silent)
    expected = {
        "/bomb": "larger than",
        "/cut": "before its end",
        "/circle": "more than 5 times",
        "/inward": "10.0.0.1, which is not a public address",
        "/page": "is no feed",
        "/endless": "larger than",
        "/short": "before its end",
        "/silent": "did not answer within 1 s",
        "/missing": "(404)",
    }
    limits = {"max_body_bytes": 1 << 20, "timeout_seconds": 1.0}

    async def by_number(host: str, port: int) -> list[str]:
        return ["10.0.0.1" if host == "10.0.0.1" else "127.0.0.1"]

    async with running_feeds(tmp_path, feeds=limits, resolve=by_number) as running:
        for path in expected:
            await running.store.feeds.add(url=web.url(path), title=path)
        job = await running.poll()
        errors = {feed.title: str(feed.error) for feed in await running.service.all()}
    assert job.metrics["failed"] == len(expected)
    for path, words in expected.items():
        assert words in errors[path]
