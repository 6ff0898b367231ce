"""Polling is polite: conditions, moves, refusals and rhythms are kept, on real connections."""

from __future__ import annotations

import asyncio
import socket
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.feeds.polling.schedule import SHORTEST_WAIT, WITHOUT_NETWORK
from support.feed_pages import item, rss
from support.feed_service import START, Clock, Running, running_feeds
from support.web import LocalWeb, Reply, Seen

pytestmark = pytest.mark.anyio
FEED = rss("News", [item("a", at=START)])


def minutes_ahead(running: Running, at: datetime | None) -> float:
    assert at is not None
    return (at - running.clock()) / timedelta(minutes=1)


async def test_validators_are_sent_back_and_a_304_costs_no_reading(
    web: LocalWeb, tmp_path: Path
) -> None:
    modified = "Mon, 02 Nov 2026 07:00:00 GMT"

    def page(seen: Seen) -> Reply:
        if seen.headers.get("if-none-match") == 'W/"1"':
            return Reply(304)
        return Reply(headers={"ETag": 'W/"1"', "Last-Modified": modified}, body=FEED)

    web.serve("/feed", page)
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        for _ in range(2):
            job = await running.poll()
            assert (job.metrics["unchanged"], job.metrics["parsed"]) == (1, 0)
    sent = [
        (seen.headers.get("if-none-match"), seen.headers.get("if-modified-since"))
        for seen in web.log
    ]
    assert sent == [(None, None), ('W/"1"', modified), ('W/"1"', modified)]


async def test_a_server_that_ignores_conditions_costs_a_transfer_but_no_reading(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(headers={"ETag": '"1"'}, body=FEED))
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        job = await running.poll()
    assert (job.metrics["unchanged"], job.metrics["parsed"]) == (1, 0)


async def test_validators_that_a_server_stops_sending_are_dropped(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(headers={"ETag": '"1"'}, body=FEED))
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=rss("News", [])))
        await running.poll()
        await running.poll()
    assert [seen.headers.get("if-none-match") for seen in web.log] == [None, '"1"', None]


async def test_a_304_that_was_not_asked_for_is_a_failure(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(304))
    async with running_feeds(tmp_path) as running:
        feed = await running.store.feeds.add(url=web.url("/feed"), title="News")
        await running.poll()
        assert "304 although nothing was known" in str((await running.feed(feed.id)).error)


async def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=FEED))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(301, {"Location": "/moved"}))
        web.serve("/moved", Reply(body=rss("News", [item("b")])))
        await running.poll()
        assert (await running.feed(feed.id)).url == web.url("/moved")
        await running.poll()
    assert web.paths() == ["/feed", "/feed", "/moved", "/moved"]


async def test_a_feed_that_moved_to_what_is_no_feed_keeps_its_address(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=FEED))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(301, {"Location": "/login"}))
        web.serve("/login", Reply(headers={"Content-Type": "text/html"}, body=b"<html>Log in"))
        await running.poll()
        now = await running.feed(feed.id)
    assert now.url == web.url("/feed")
    assert "is no feed" in str(now.error)


async def test_a_feed_that_is_gone_is_not_asked_again_unless_by_name(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=FEED))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(410))
        await running.poll()
        gone = await running.feed(feed.id)
        assert gone.gone
        assert "removed for good (410): remove the feed" in str(gone.error)
        running.clock.pass_(days=30)
        await running.service.poll_due()
        assert (await running.poll()).metrics["feeds"] == 0
        assert len(web.log) == 2
        web.serve("/feed", Reply(body=FEED))
        await running.poll([feed.id])
        back = await running.feed(feed.id)
        assert (back.gone, back.error) == (False, None)
        assert len(await running.articles()) == 1, "what was there stays"


async def test_retry_after_is_kept_to_and_the_reason_shown(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=FEED))
    async with running_feeds(tmp_path, feeds={"max_interval_seconds": 3600}) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(429, {"Retry-After": "7200"}))
        await running.poll()
        waiting = await running.feed(feed.id)
        assert waiting.failures == 1
        assert "asks for fewer requests (429)" in str(waiting.error)
        assert 120 <= minutes_ahead(running, waiting.next_poll_at) <= 132
        running.clock.pass_(minutes=119)
        await running.service.poll_due()
        assert len(web.log) == 2, "nobody asks before the time that the server named"


async def test_failures_back_off_and_a_success_forgets_them(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=rss("News", [item("a", at=START)])))
    async with running_feeds(tmp_path, feeds={"min_interval_seconds": 60}) as running:
        feed = await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(500))
        waits = []
        for _ in range(13):
            await running.poll()
            waits.append(minutes_ahead(running, (await running.feed(feed.id)).next_poll_at))
        assert waits[0] < waits[-1]
        assert 1440 <= waits[-1] <= 1584
        web.serve("/feed", Reply(body=rss("News", [item("b", at=START)])))
        await running.poll()
        healthy = await running.feed(feed.id)
    assert (healthy.failures, healthy.error) == (0, None)
    assert minutes_ahead(running, healthy.next_poll_at) < 1000


async def test_freshness_that_the_server_promises_is_waited_for(
    web: LocalWeb, tmp_path: Path
) -> None:
    news = [item(f"n{n}", at=START - timedelta(minutes=10 * n)) for n in range(40)]
    web.serve("/fast", Reply(body=rss("Fast", news)))
    web.serve("/fresh", Reply(headers={"Cache-Control": "max-age=7200"}, body=rss("X", news)))
    web.serve("/ttl", Reply(body=rss("Y", news, extra="<ttl>240</ttl>")))
    async with running_feeds(tmp_path) as running:
        ahead = [
            minutes_ahead(running, (await running.service.add(web.url(path))).next_poll_at)
            for path in ("/fast", "/fresh", "/ttl")
        ]
    assert ahead[0] < 20
    assert 120 <= ahead[1] <= 132
    assert 240 <= ahead[2] <= 264


async def test_a_publishers_interval_holds_for_unchanged_feeds_as_well(
    web: LocalWeb, tmp_path: Path
) -> None:
    news = [item(f"n{n}", at=START - timedelta(minutes=10 * n)) for n in range(40)]
    body = rss("News", news, extra="<ttl>240</ttl>")

    def page(seen: Seen) -> Reply:
        return Reply(304) if "if-none-match" in seen.headers else Reply(200, {"ETag": '"1"'}, body)

    web.serve("/feed", page)
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        await running.poll()
        ahead = minutes_ahead(running, (await running.feed(feed.id)).next_poll_at)
    assert 240 <= ahead <= 264


async def test_a_feed_that_was_never_reached_is_tried_again_soon(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/never", Reply(503))
    web.serve("/quiet", Reply(body=rss("Quiet", [])))
    async with running_feeds(tmp_path) as running:
        never = await running.store.feeds.add(url=web.url("/never"), title="")
        quiet = await running.service.add(web.url("/quiet"))
        await running.poll()
        assert minutes_ahead(running, (await running.feed(never.id)).next_poll_at) < 6
        web.serve("/quiet", Reply(503))
        await running.poll()
        assert minutes_ahead(running, (await running.feed(quiet.id)).next_poll_at) >= 720


async def test_a_feed_without_dates_is_not_left_alone_for_a_day(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=rss("News", [item("a"), item("b")])))
    async with running_feeds(tmp_path) as running:
        feed = await running.service.add(web.url("/feed"))
        assert minutes_ahead(running, feed.next_poll_at) < 800


async def test_a_poll_that_runs_already_is_shared(web: LocalWeb, tmp_path: Path) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        asked.set()
        await answer.wait()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(FEED)}\r\n\r\n"
        writer.write(head.encode() + FEED)
        await writer.drain()

    web.misbehave("/feed", slow)
    async with running_feeds(tmp_path) as running:
        await running.store.feeds.add(url=web.url("/feed"), title="News")
        job = asyncio.create_task(running.poll())
        await asked.wait()
        due = asyncio.create_task(running.service.poll_due())
        await asyncio.sleep(0)
        answer.set()
        await due
        assert (await job).metrics["new_articles"] == 1
    assert len(web.log) == 1


async def test_a_cancelled_job_stops_asking(web: LocalWeb, tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    web.misbehave("/feed", never)
    async with running_feeds(tmp_path) as running:
        feed = await running.store.feeds.add(url=web.url("/feed"), title="News")
        job = await running.service.poll(None)
        await asked.wait()
        assert (await running.jobs.cancel(job.id)).state == "CANCELLED"
        assert (await running.feed(feed.id)).last_polled_at is None


async def test_without_a_network_a_few_feeds_are_tried_and_then_none(
    web: LocalWeb, tmp_path: Path
) -> None:
    tried: list[str] = []

    async def no_network(host: str, port: int) -> Any:
        tried.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async with running_feeds(tmp_path, resolve=no_network, feeds={"concurrency": 2}) as running:
        for number in range(30):
            await running.store.feeds.add(url=f"https://s{number}.test/feed", title="")
        wait = await running.service.poll_due()
        assert wait > 60 * SHORTEST_WAIT, "not at once again"
        assert len(tried) <= 5
        failed = [feed for feed in await running.service.all() if feed.error]
        assert all("check the network" in str(feed.error) for feed in failed)
        assert all(minutes_ahead(running, feed.next_poll_at) <= 66 for feed in failed)
        job = await running.poll()
        assert (job.state, str(job.error)[:20]) == ("FAILED", "there is no network:")


async def test_on_a_metered_network_only_what_the_owner_asks_for_is_fetched(
    web: LocalWeb, tmp_path: Path
) -> None:
    metered = True
    web.serve("/feed", Reply(body=FEED))
    async with running_feeds(tmp_path, is_metered=lambda: metered) as running:
        await running.store.feeds.add(url=web.url("/feed"), title="News")
        assert await running.service.poll_due() == WITHOUT_NETWORK
        assert web.paths() == []
        await running.poll()
        assert web.paths() == ["/feed"]
        running.clock.pass_(days=2)
        metered = False
        await running.service.poll_due()
        assert len(web.log) == 2
    always = {"on_metered": True}
    async with running_feeds(tmp_path, feeds=always, is_metered=lambda: True) as running:
        running.clock.pass_(days=9)
        await running.service.poll_due()
    assert len(web.log) == 3


async def test_a_simulated_week_shows_each_feeds_rhythm_and_no_request_too_many(
    web: LocalWeb, tmp_path: Path
) -> None:
    """Four feeds on a clock that flies: hourly, daily, silent, and one that asks for fewer."""
    clock = Clock()
    times: dict[str, list[datetime]] = {}

    def publish(path: str, gap: timedelta | None) -> None:
        def page(seen: Seen) -> Reply:
            times.setdefault(path, []).append(clock())
            count = int((clock() - START) / gap) if gap else 0
            news = [
                item(f"{path}-{n}", at=START + gap * n)
                for n in range(count, max(count - 10, -30), -1)
                if gap
            ]
            tag = f'"{count}"'
            if seen.headers.get("if-none-match") == tag:
                return Reply(304, {"ETag": tag})
            return Reply(headers={"ETag": tag}, body=rss(path, news))

        web.serve(path, page)

    publish("/hourly", timedelta(hours=1))
    publish("/daily", timedelta(days=1))
    publish("/silent", None)

    def busy(seen: Seen) -> Reply:
        times.setdefault("/busy", []).append(clock())
        return Reply(429, {"Retry-After": str(12 * 3600)})

    web.serve("/busy", busy)
    async with running_feeds(tmp_path, clock=clock) as running:
        for path in ("/hourly", "/daily", "/silent", "/busy"):
            await running.store.feeds.add(url=web.url(path), title=path)
        loop = asyncio.create_task(running.service.run())
        while clock() < START + timedelta(days=7):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        loop.cancel()
        stored = {feed.title: feed.article_count for feed in await running.service.all()}
    asked = {path: len(moments) for path, moments in times.items()}
    gaps = {path: min(b - a for a, b in pairwise(moments)) for path, moments in times.items()}
    assert 200 <= asked["/hourly"] <= 7 * 24 * 2 + 2
    assert gaps["/hourly"] >= timedelta(minutes=25)
    assert asked["/daily"] <= 7 * 2 + 2
    assert asked["/silent"] <= 8
    assert asked["/busy"] <= 14
    assert gaps["/busy"] >= timedelta(hours=12)
    assert stored["/hourly"] in (10 + 7 * 24 - 1, 10 + 7 * 24), "none missed but perhaps the last"
    assert stored["/daily"] in (10 + 6, 10 + 7)
