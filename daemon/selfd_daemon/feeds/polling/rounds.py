"""One round over many feeds: a few at a time, two of a host, and none when there is no network."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx2

from selfd_daemon.feeds.errors import NetworkDownError
from selfd_daemon.feeds.fetching.addresses import host_of
from selfd_daemon.feeds.polling.poller import Polled, Poller
from selfd_storage import FeedRecord

_DOWN_AFTER = 3  # feeds without a network and none with: there is no point in asking the rest


@dataclass(slots=True)
class Totals:
    """What a round has come to so far; it is a job's metrics in the end."""

    feeds: int
    done: int = 0
    unchanged: int = 0
    parsed: int = 0
    new_articles: int = 0
    failed: int = 0
    without_network: int = 0

    @property
    def network_down(self) -> bool:
        """Whether everything so far says that there is no network."""
        return self.without_network >= _DOWN_AFTER and self.without_network == self.done

    def add(self, polled: Polled) -> None:
        """Count one feed."""
        self.done += 1
        self.new_articles += len(polled.new)
        if polled.error is not None:
            self.failed += 1
            self.without_network += isinstance(polled.error, NetworkDownError)
        elif polled.parsed:
            self.parsed += 1
        else:
            self.unchanged += 1


async def poll_round(
    poller: Poller,
    feeds: Sequence[FeedRecord],
    *,
    concurrency: int,
    per_host: int,
    after_each: Callable[[Totals], Awaitable[None]] | None = None,
) -> Totals:
    """Poll feeds and return the totals; stops early when there is no network.

    Whoever waits holds nothing: a feed is started when its host and the round have room, so that at
    most `concurrency` bodies are in memory, and one slow host does not keep the others waiting.

    Raises:
        StorageError: results cannot be stored.
    """
    line, totals = _Line(feeds, per_host), Totals(len(feeds))
    running: dict[asyncio.Task[Polled], str] = {}
    try:
        while True:
            while len(running) < concurrency and not totals.network_down:
                following = line.next()
                if following is None:
                    break
                host, feed = following
                running[asyncio.create_task(poller.poll(feed))] = host
            if not running:
                return totals
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                line.done(running.pop(task))
                totals.add(task.result())
            if after_each:
                await after_each(totals)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Line:
    """Feeds that wait, by host; hosts take turns."""

    def __init__(self, feeds: Sequence[FeedRecord], per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[FeedRecord]] = {}
        self._active: Counter[str] = Counter()
        for feed in feeds:
            self._waiting.setdefault(_host(feed), deque()).append(feed)

    def next(self) -> tuple[str, FeedRecord] | None:
        """Take the next feed whose host has room."""
        free = (host for host in self._waiting if self._active[host] < self._per_host)
        host = next(free, None)
        if host is None:
            return None
        feeds = self._waiting.pop(host)
        feed = feeds.popleft()
        if feeds:
            self._waiting[host] = feeds  # at the end of the line
        self._active[host] += 1
        return host, feed

    def done(self, host: str) -> None:
        """Make room."""
        self._active[host] -= 1


def _host(feed: FeedRecord) -> str:
    try:
        return host_of(httpx2.URL(feed.url))
    except httpx2.InvalidURL:
        return ""
