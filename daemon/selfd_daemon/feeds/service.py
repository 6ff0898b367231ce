"""Following feeds, as the API sees it: add, leave, list, poll, read what they brought."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import structlog

from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Now
from selfd_daemon.errors import SettingError
from selfd_daemon.feeds.errors import FeedError, NetworkDownError, NotAFeedError, OfflineError
from selfd_daemon.feeds.fetching.addresses import AllowedHosts, checked_url, with_scheme
from selfd_daemon.feeds.fetching.fetch import Fetched, Fetcher, FetchLimits
from selfd_daemon.feeds.fetching.network import Resolve, SystemResolver
from selfd_daemon.feeds.full_text import FullText, can_read_pages
from selfd_daemon.feeds.parsing.entries import ParsedFeed
from selfd_daemon.feeds.polling.poller import Poller, no_feed
from selfd_daemon.feeds.polling.rhythm import Pace
from selfd_daemon.feeds.polling.rounds import Totals, poll_round
from selfd_daemon.feeds.polling.schedule import Schedule
from selfd_daemon.feeds.reader import FeedReader
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.settings import Settings
from selfd_graphql.errors import ServiceError
from selfd_storage import (
    ArticleRecord,
    DuplicateError,
    EventRecord,
    FeedRecord,
    JobRecord,
    NotFoundError,
    Page,
    Store,
)

PER_HOST = 2
MAX_OPML_CHARACTERS = 10 << 20

log = structlog.get_logger(__name__)


class FeedService:
    """Implements `selfd_graphql.ports.FeedPort`; `run` keeps feeds up to date until cancelled."""

    def __init__(
        self,
        store: Store,
        bus: EventBus,
        jobs: JobRunner,
        settings: Settings,
        *,
        now: Now,
        version: str,
        rng: Random | None = None,
        resolve: Resolve | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        is_metered: Callable[[], bool | None] = lambda: None,
    ) -> None:
        feeds = settings.feeds
        self._store = store
        self._bus = bus
        self._jobs = jobs
        self._offline = settings.offline
        self._concurrency = feeds.concurrency
        self._now = now
        self._resolver = SystemResolver()
        limits = FetchLimits(
            seconds=feeds.timeout_seconds,
            max_bytes=feeds.max_body_bytes,
            per_host=PER_HOST,
            concurrency=feeds.concurrency,
        )
        self._fetcher = Fetcher(
            limits,
            AllowedHosts(feeds.allow_private),
            resolve or self._resolver,
            agent=f"selfd/{version} (feed reader)",
        )
        self._reader = FeedReader(now=now)
        pace = Pace(
            timedelta(seconds=feeds.min_interval_seconds),
            timedelta(seconds=feeds.max_interval_seconds),
        )
        if feeds.full_text and not can_read_pages():
            raise SettingError(
                "feeds.full_text needs an extra that is not installed: pip install selfd[articles]",
                name="feeds.full_text",
            )
        self.full_text = FullText(feeds.full_text, self._fetcher, self._reader, now=now)
        self._poller = Poller(
            store, self._fetcher, self._reader, self.full_text, pace, now=now, rng=rng or Random()
        )
        self._schedule = Schedule(
            store,
            self._round,
            now=now,
            sleep=sleep,
            is_metered=(lambda: False) if feeds.on_metered else is_metered,
        )
        jobs.register("POLL_FEEDS", self.run_poll_job)

    async def close(self) -> None:
        """Close connections and end the children that read feeds."""
        await self._fetcher.close()
        await self._reader.close()
        self._resolver.close()

    async def add(self, url: str) -> FeedRecord:
        """Follow a feed, given its address or that of a page that names it.

        Raises:
            FeedError: it cannot be fetched, or is no feed.
            DuplicateError: it is followed already.
        """
        self._refuse_offline()
        address = str(checked_url(with_scheme(url)))
        await self._refuse_known(address)
        fetched, parsed = await self._find(address)
        feed = await self._store.feeds.add(
            url=fetched.address, title=parsed.title or fetched.address
        )
        await self._poller.first(feed, fetched, parsed)
        self._schedule.wake()
        return await self._known(feed.id)

    async def remove(self, id: str) -> bool:
        """Leave a feed and drop its articles; False when there is none of that id."""
        self._poller.forget(id)
        return await self._store.feeds.remove(id)

    async def import_opml(self, opml: str) -> Sequence[FeedRecord]:
        """Follow the feeds of a list that are not followed yet, and return those.

        They are asked for news soon, in the background; what is wrong with one is shown beside it.
        """
        if len(opml) > MAX_OPML_CHARACTERS:
            raise ServiceError(
                "TOO_LARGE",
                f"the list has {len(opml):,} characters, at most {MAX_OPML_CHARACTERS:,} are read",
            )
        added = []
        for subscription in await self._reader.read_opml(opml):
            try:
                address = str(checked_url(with_scheme(subscription.url)))
                title = subscription.title or address
                added.append(await self._store.feeds.add(url=address, title=title))
            except FeedError as error:
                log.info("subscription skipped", url=subscription.url, reason=str(error))
            except DuplicateError:
                continue
        self._schedule.wake()
        return added

    async def poll(self, ids: Sequence[str] | None) -> JobRecord:
        """Start a job that asks these feeds for news now; None means all that are not gone.

        Raises:
            NotFoundError: there is no feed with one of these ids.
        """
        self._refuse_offline()
        if ids is None:
            return await self._jobs.start("POLL_FEEDS", {})
        for id, feed in zip(ids, await self._store.feeds.get(ids), strict=True):
            if feed is None:
                raise NotFoundError("feed", id)
        return await self._jobs.start("POLL_FEEDS", {"ids": list(ids)})

    async def all(self) -> Sequence[FeedRecord]:
        """Return every feed."""
        return await self._store.feeds.all()

    async def by_ids(self, ids: Sequence[str]) -> Sequence[FeedRecord | None]:
        """Return feeds in the order of `ids`."""
        return await self._store.feeds.get(ids)

    async def articles(
        self,
        *,
        first: int,
        after: str | None,
        feed_id: str | None,
        since: datetime | None,
        unread: bool = False,
    ) -> Page[ArticleRecord]:
        """Return a page of articles, newest first."""
        return await self._store.articles.page(
            first=first, after=after, feed_id=feed_id, since=since, unread=unread
        )

    def article_stream(self, feed_ids: Sequence[str] | None) -> AsyncIterator[ArticleRecord]:
        """Give out each new article from here on, of these feeds or of all."""
        wanted = None if feed_ids is None else frozenset(feed_ids)
        return self._articles_of(self._bus.stream(kinds=["article.added"]), wanted)

    async def run_poll_job(self, job: JobContext) -> Mapping[str, Any]:
        """Do a POLL_FEEDS job; a feed that fails is counted and told beside it, no more."""
        ids: Sequence[str] | None = job.options.get("ids")
        if ids is None:
            feeds = [feed for feed in await self._store.feeds.all() if not feed.gone]
        else:
            feeds = [feed for feed in await self._store.feeds.get(ids) if feed is not None]

        async def report(totals: Totals) -> None:
            await job.report(totals.done / max(totals.feeds, 1), _progress(totals))

        totals = await self._round(feeds, report)
        if totals.network_down:
            raise NetworkDownError("there is no network: the feeds are tried again when there is")
        return asdict(totals)

    async def run(self) -> None:
        """Poll feeds as they come due, until cancelled; quiet when selfd is offline."""
        if self._offline:
            await asyncio.Event().wait()
        await self._schedule.run()

    async def poll_due(self) -> float:
        """Poll what is due now; return after how many seconds to look again."""
        return await self._schedule.poll_due()

    async def _round(
        self,
        feeds: Sequence[FeedRecord],
        after_each: Callable[[Totals], Awaitable[None]] | None = None,
    ) -> Totals:
        return await poll_round(
            self._poller,
            feeds,
            concurrency=self._concurrency,
            per_host=PER_HOST,
            after_each=after_each,
        )

    async def _find(self, address: str) -> tuple[Fetched, ParsedFeed]:
        """Fetch a feed, by way of the page that names it if need be."""
        fetched = await self._fetcher.get(address)
        found = await self._reader.read(fetched.body, url=fetched.url, headers=fetched.headers)
        if found.feed:
            return fetched, found.feed
        if not found.links:
            raise NotAFeedError(no_feed(fetched))
        await self._refuse_known(found.links[0])
        named = await self._fetcher.get(found.links[0])
        inner = await self._reader.read(named.body, url=named.url, headers=named.headers)
        if not inner.feed:
            raise NotAFeedError(f"{fetched.url} names a feed, but {no_feed(named)}")
        return named, inner.feed

    async def _articles_of(
        self, events: AsyncIterator[EventRecord], wanted: frozenset[str] | None
    ) -> AsyncGenerator[ArticleRecord, None]:
        async with aclosing(events) as stream:  # type: ignore[type-var]  # bus gives a generator
            async for event in stream:
                if wanted is not None and event.payload.get("feed") not in wanted:
                    continue
                article = (await self._store.articles.get([event.subject or ""]))[0]
                if article is not None:
                    yield article

    async def _known(self, id: str) -> FeedRecord:
        feed = (await self._store.feeds.get([id]))[0]
        if feed is None:
            raise NotFoundError("feed", id)
        return feed

    async def _refuse_known(self, address: str) -> None:
        """Say so before anything is fetched; the store has the last word."""
        for feed in await self._store.feeds.all():
            if feed.url == address:
                raise DuplicateError(
                    f"the feed {address!r} is followed already, as {feed.id}", feed.id
                )

    def _refuse_offline(self) -> None:
        if self._offline:
            raise OfflineError("selfd was started offline: start it without --offline for this")


def _progress(totals: Totals) -> str:
    parts = [f"{totals.done} of {totals.feeds} feeds", f"{totals.new_articles} new articles"]
    if totals.failed:
        parts.append(f"{totals.failed} failed")
    return ", ".join(parts)
