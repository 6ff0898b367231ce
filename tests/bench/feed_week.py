"""A week of polling 500 feeds, on a clock that flies, with the request log as the judge.

The feeds are a local web's, each at a host of its own. Most publish at a rhythm of their own and
answer conditions with 304; some are gone, busy, broken, moved, forget their validators, or never
publish. After the week each feed's own requests are held against what it asked for: one that came
sooner than its rhythm, its server or its failures allow is one too many.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import structlog

from bench.feeds import ThreadedWeb
from bench.row import Row
from support.feed_pages import item, rss
from support.feed_service import START, Clock, running_feeds
from support.web import LocalWeb, Reply, Seen

FEEDS = 500
WEEK = timedelta(days=7)
LISTED = 10  # entries that a feed shows
BUSY = timedelta(hours=12)  # that a busy server asks for
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)  # the settings as they ship
LEARNING = 2  # first requests of a feed, before its rhythm is known
HOUR = timedelta(hours=1)
# How often feeds of each hundred publish: every so many hours; 0 is never.
RHYTHMS = (*[1] * 4, *[3] * 10, *[8] * 20, *[24] * 40, *[120] * 10, *[0] * 6)
OTHERS = ("gone", "busy", "broken", "moved", "moved", "forgetful", "forgetful", "gone", "busy", "0")
Log: TypeAlias = Mapping[str, Sequence[tuple[datetime, bool]]]


@dataclass(frozen=True, slots=True)
class Judged:
    """How many requests there were, how many too many, and how many lacked their conditions."""

    requests: int
    too_many: int
    unconditional: int


def rows(data: Path | None) -> list[Row]:
    """Let a week pass."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return asyncio.run(_week(FEEDS))


async def _week(count: int) -> list[Row]:
    clock, begun = Clock(), time.perf_counter()
    log: defaultdict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place, ThreadedWeb() as web:
        hosts = [f"s{number}.test" for number in range(count)]
        async with running_feeds(Path(place), clock=clock, allow=hosts) as running:
            for number, host in enumerate(hosts):
                _serve(web, number, clock, log)
                await running.store.feeds.add(url=web.url(f"/{number}", host), title=str(number))
            while clock() < START + WEEK:
                clock.pass_(seconds=await running.service.poll_due())
            feeds = await running.store.feeds.all()
    judged = judge(log)
    missed = sum(_missed(feed.article_count, int(feed.title)) for feed in feeds)
    note = f"{count} feeds, {time.perf_counter() - begun:.0f} s for 7 days"
    return [
        Row("a week of feeds, requests", judged.requests, "requests", None, "lower", note),
        Row("... one too many", judged.too_many, "requests", 0, "lower"),
        Row("... without conditions", judged.unconditional, "requests", 0, "lower"),
        Row(
            "... articles missed", missed, "articles", 0, "lower", "but those of the last interval"
        ),
    ]


def kind_of(number: int) -> str:
    """Return what a feed is like: the hours of its rhythm, or how it misbehaves."""
    place = number % 100
    return str(RHYTHMS[place]) if place < len(RHYTHMS) else OTHERS[place - len(RHYTHMS)]


def judge(log: Log) -> Judged:
    """Hold each feed's requests against what it allows."""
    requests = too_many = unconditional = 0
    for path, seen in log.items():
        requests += len(seen)
        kind = kind_of(int(path.strip("/").removeprefix("new")))
        times = [at for at, _ in seen]
        too_many += _too_many(kind, times, moved=path.startswith("/new"))
        if kind.isdigit():
            unconditional += sum(not conditional for _, conditional in seen[1:])
    return Judged(requests, too_many, unconditional)


def _too_many(kind: str, times: Sequence[datetime], *, moved: bool) -> int:
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if kind == "gone" or (kind == "moved" and not moved):
        return max(0, len(times) - 1)
    if kind == "busy":
        return sum(gap < BUSY for gap in gaps)
    if kind == "broken":
        return sum(gap < min(SHORTEST * 2**place, LONGEST) for place, gap in enumerate(gaps))
    hours = 24 if kind in ("moved", "forgetful") else int(kind)
    allowed = LONGEST if hours == 0 else min(max(hours * HOUR / 2, SHORTEST), LONGEST)
    # A rhythm is seen through what the feed lists: a little sooner is within its accuracy.
    return sum(gap < 0.85 * allowed for gap in gaps[LEARNING:])


def _missed(stored: int, number: int) -> int:
    kind = kind_of(number)
    if kind in ("gone", "busy", "broken"):
        return stored
    hours = 24 if not kind.isdigit() else int(kind)
    if hours == 0:
        return stored
    published = LISTED + int(WEEK / (hours * HOUR))
    unasked = int(min(hours * HOUR / 2 * 1.1, LONGEST * 1.1) / (hours * HOUR)) + 1
    return max(0, published - unasked - stored)


def _serve(
    web: LocalWeb, number: int, clock: Clock, log: dict[str, list[tuple[datetime, bool]]]
) -> None:
    """Put a feed on the web that behaves as its kind does."""
    path, kind = f"/{number}", kind_of(number)

    def kept(page: Callable[[Seen], Reply]) -> Callable[[Seen], Reply]:
        def answer(seen: Seen) -> Reply:
            log[seen.path].append((clock(), "if-none-match" in seen.headers))
            return page(seen)

        return answer

    replies = {
        "gone": Reply(410),
        "busy": Reply(429, {"Retry-After": str(BUSY // timedelta(seconds=1))}),
        "broken": Reply(500),
        "moved": Reply(301, {"Location": f"/new{number}"}),
    }
    if kind in replies:
        web.serve(path, kept(lambda _: replies[kind]))
    hours = 24 if not kind.isdigit() else int(kind)

    def feed(seen: Seen) -> Reply:
        count = int((clock() - START) / (hours * HOUR)) if hours else 0
        tag = f'"{count}"'
        if kind != "forgetful" and seen.headers.get("if-none-match") == tag:
            return Reply(304, {"ETag": tag})
        shown = range(count, count - LISTED, -1) if hours else range(0)
        entries = [item(f"{number}-{n}", at=START + n * hours * HOUR) for n in shown]
        headers = {} if kind == "forgetful" else {"ETag": tag}
        return Reply(headers=headers, body=rss(str(number), entries))

    if kind == "moved":
        web.serve(f"/new{number}", kept(feed))
    elif kind not in replies:
        web.serve(path, kept(feed))
