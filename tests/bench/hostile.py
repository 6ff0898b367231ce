"""Strangers at their worst: feeds that would stall a parser, and texts that give orders.

A feed of 200,000 attributes, or of deep namespaces, has to fail by itself within six seconds while
the daemon answers. The texts are all that the data sets have against machines that read (BIPIA,
garak, PayloadsAllTheThings, markup payloads), each in an article of its own.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
import zstandard

from bench.feeds import ThreadedWeb
from bench.row import Row
from support.daemon import GraphQLError, RunningDaemon, running_daemon
from support.feed_pages import item, rss
from support.feed_service import running_feeds
from support.strangers import AROUND, OWN, Effects, effects
from support.web import LocalWeb, Reply

SECONDS, SLOWEST_MS = 6.0, 100.0  # what issue and design allow
HEAD = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
ATTRIBUTES = b" ".join(b'a%d="%s"' % (n, b">" * (n % 90 == 0)) for n in range(200_000))
NAMESPACES = b"".join(b'<a xmlns:n%d="urn:%d">' % (n, n) for n in range(60_000))
BODIES: Mapping[str, bytes] = {
    "200,000 attributes": HEAD + b"<item " + ATTRIBUTES + b"><title>x</title></item></rss>",
    "60,000 deep namespaces": HEAD + NAMESPACES + b"</rss>",
}
ADD = "mutation ($url: String!) { addFeed(url: $url) { id } }"
STATUS = "{ status { uptime memoryCount articleCount ready } }"


def rows(data: Path | None) -> list[Row]:
    """Measure the feeds with a daemon of its own, the texts where they are there."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place, ThreadedWeb() as web:
        allowed = {"SELFD_FEEDS_ALLOW_PRIVATE": "127.0.0.1"}
        with running_daemon(Path(place) / "data", **allowed) as daemon:
            web.serve("/good", Reply(body=rss("Good", [item("a")])))
            daemon.query(ADD, url=web.url("/good"))
            found.append(_usual(daemon))
            for number, (name, body) in enumerate(BODIES.items()):
                web.serve(f"/{number}", Reply(body=body))
                found += _fails(daemon, name, web.url(f"/{number}"))
                found.append(asyncio.run(_held(web.url(f"/{number}"))))
    if data is not None:
        found += _orders(data / "adversarial")
    return found


def _usual(daemon: RunningDaemon) -> Row:
    """Measure what the machine does to an answer while no hostile feed is there."""
    slowest, until = 0.0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        time.sleep(0.02)
        slowest = max(slowest, _status(daemon))
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return Row("slowest status, nothing else", slowest * 1000, "ms", None, "lower", load)


def _status(daemon: RunningDaemon) -> float:
    begun = time.perf_counter()
    daemon.query(STATUS)
    return time.perf_counter() - begun


async def _held(url: str) -> Row:
    """Measure the processor time between two turns of a loop that polls a hostile feed.

    Unlike the time of an answer it does not depend on what else the machine does.
    """
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
        async with running_feeds(Path(place)) as running:
            await running.store.feeds.add(url=url, title="")
            polling = asyncio.create_task(running.poll())
            longest = 0.0
            while not polling.done():
                before = time.thread_time()
                await asyncio.sleep(0.005)
                longest = max(longest, time.thread_time() - before)
    return Row("... loop held meanwhile", longest * 1000, "ms", SLOWEST_MS, "lower", "processor")


def _fails(daemon: RunningDaemon, name: str, url: str) -> list[Row]:
    """Follow a hostile feed, asking for the status all the while."""
    done, slowest = threading.Event(), 0.0

    def follow() -> tuple[float, str]:
        begun = time.perf_counter()
        try:
            daemon.query(ADD, url=url)
        except GraphQLError as error:
            return time.perf_counter() - begun, str(error)
        finally:
            done.set()
        return time.perf_counter() - begun, "it was taken for a feed"

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        while not done.wait(0.02):
            slowest = max(slowest, _status(daemon))
        seconds, reason = following.result()
    return [
        Row(f"feed of {name} fails", seconds, "s", SECONDS, "lower", reason),
        Row("... slowest status meanwhile", slowest * 1000, "ms", SLOWEST_MS, "lower"),
    ]


def _orders(folder: Path) -> list[Row]:
    texts = [*_texts(folder / "prompt_injection"), *_texts(folder / "xss_payloads")]
    found = asyncio.run(_read(texts))
    return [
        Row("texts that give orders", found.articles, "articles", None, "higher"),
        Row("... memories written", found.memories - OWN, "memories", 0, "lower"),
        Row("... jobs started", len(found.jobs), "jobs", 0, "lower"),
        Row("... requests they caused", _foreign(found.requested), "requests", 0, "lower"),
        Row("... lessons from them", found.learned.count(AROUND.strip()), "texts", 0, "lower"),
    ]


async def _read(texts: Sequence[str]) -> Effects:
    web = LocalWeb()
    await web.start()
    try:
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
            return await effects(Path(place), web, texts)
    finally:
        await web.stop()


def _foreign(requested: tuple[str, ...]) -> int:
    return sum(not path.strip("/").isdigit() for path in requested)


def _texts(path: Path) -> Iterator[str]:
    with path.with_suffix(".jsonl.zst").open("rb") as file:
        plain = zstandard.ZstdDecompressor().stream_reader(file)
        for line in io.TextIOWrapper(plain, "utf-8"):
            yield json.loads(line)["text"].replace("\x00", "")
