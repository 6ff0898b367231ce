"""One poll of one feed: ask, read, store in one transaction, decide when to ask again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from selfd_daemon.clock import Now
from selfd_daemon.feeds.errors import (
    FeedError,
    GoneError,
    NetworkDownError,
    NotAFeedError,
    StatusError,
    UnreachableError,
)
from selfd_daemon.feeds.fetching.fetch import Fetched, Fetcher
from selfd_daemon.feeds.full_text import FullText
from selfd_daemon.feeds.parsing.entries import Entry, ParsedFeed
from selfd_daemon.feeds.polling.rhythm import Pace, after_failure, after_success, interval, moments
from selfd_daemon.feeds.reader import FeedReader
from selfd_storage import (
    ArticleRecord,
    FeedRecord,
    NewArticle,
    NotFoundError,
    PollOutcome,
    Store,
)

_MAX_VALIDATOR = 1024  # characters of an ETag that are kept and sent back
_REMEMBERED = 50  # articles from which a feed's rhythm is taken after a start

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """How one poll went; `parsed` is False where the feed had not changed."""

    feed_id: str
    new: Sequence[ArticleRecord] = ()
    parsed: bool = False
    error: FeedError | None = None


@dataclass(slots=True)
class _Habits:
    """When a feed had news, and for how long its publisher says that it stays as it is."""

    news: Sequence[datetime]
    ttl: int | None = None


class Poller:
    """Polls feeds, each at most once at a time: who asks meanwhile shares the result."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        reader: FeedReader,
        full_text: FullText,
        pace: Pace,
        *,
        now: Now,
        rng: Random,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._reader = reader
        self._full_text = full_text
        self._pace = pace
        self._now = now
        self._rng = rng
        self._habits: dict[str, _Habits] = {}
        self._running: dict[str, asyncio.Task[Polled]] = {}

    async def poll(self, feed: FeedRecord) -> Polled:
        """Poll a feed; what goes wrong with it is part of the result.

        Raises:
            StorageError: the result could not be stored; the feed will be asked again.
        """
        while running := self._running.get(feed.id):
            await asyncio.wait([running])
            if not running.cancelled():
                return running.result()
        task = self._running[feed.id] = asyncio.ensure_future(self._poll(feed))
        try:
            return await task
        finally:
            del self._running[feed.id]

    def forget(self, feed_id: str) -> None:
        """Drop what is kept about a feed that is left."""
        self._habits.pop(feed_id, None)

    async def first(self, feed: FeedRecord, fetched: Fetched, parsed: ParsedFeed) -> None:
        """Store what was fetched to find out that it is a feed, so that it is not fetched twice."""
        await self._store_feed(feed, fetched, parsed, _hash(fetched.body))

    async def _poll(self, feed: FeedRecord) -> Polled:
        try:
            fetched = await self._fetcher.get(feed.url, headers=_conditions(feed))
            if fetched.unchanged:
                if not (feed.etag or feed.last_modified):
                    raise UnreachableError("the server says 304 although nothing was known before")
                return await self._unchanged(feed, fetched, feed.body_hash)
            body_hash = _hash(fetched.body)
            if body_hash == feed.body_hash:
                return await self._unchanged(feed, fetched, body_hash)
            found = await self._reader.read(fetched.body, url=fetched.url, headers=fetched.headers)
            if found.feed is None:
                raise NotAFeedError(no_feed(fetched))
            parsed = await self._with_full_text(feed, found.feed)
            return await self._store_feed(feed, fetched, parsed, body_hash)
        except FeedError as error:
            return await self._failed(feed, error)
        except NotFoundError:  # removed while it was asked
            self.forget(feed.id)
            return Polled(feed.id)

    async def _with_full_text(self, feed: FeedRecord, parsed: ParsedFeed) -> ParsedFeed:
        """Read the pages behind the entries that are new, where the owner wants that."""
        if not self._full_text.wanted(feed.url):
            return parsed
        by_guid = {entry.guid: entry for entry in parsed.entries}
        unknown = await self._store.articles.unknown(feed.id, list(by_guid))
        new = [by_guid[guid] for guid in unknown]
        filled = {entry.guid: entry for entry in await self._full_text.fill(new)}
        entries = [filled.get(entry.guid, entry) for entry in parsed.entries]
        return replace(parsed, entries=entries)

    async def _unchanged(
        self, feed: FeedRecord, fetched: Fetched, body_hash: bytes | None
    ) -> Polled:
        habits = await self._known_habits(feed)
        await self._store.feeds.record_poll(
            feed.id, self._outcome(feed, fetched, body_hash, habits)
        )
        return Polled(feed.id)

    async def _store_feed(
        self, feed: FeedRecord, fetched: Fetched, parsed: ParsedFeed, body_hash: bytes
    ) -> Polled:
        now, known = self._now(), await self._known_habits(feed)
        times = [entry.published for entry in parsed.entries if entry.published] + [*known.news]
        if parsed.entries and not times:
            times = [now]  # without dates news is as of its arrival, which the store finds out
        news = moments(times, now)
        habits = _Habits(news, parsed.ttl)
        outcome = self._outcome(feed, fetched, body_hash, habits)
        if parsed.title:
            outcome = replace(outcome, title=parsed.title)
        new = await self._store.feeds.record_poll(
            feed.id, outcome, [_article(entry) for entry in parsed.entries]
        )
        arrived = [article.published_at or article.fetched_at for article in new]
        habits.news = moments([*news, *arrived], now)
        self._habits[feed.id] = habits
        return Polled(feed.id, new, parsed=True)

    def _outcome(
        self, feed: FeedRecord, fetched: Fetched, body_hash: bytes | None, habits: _Habits
    ) -> PollOutcome:
        now = self._now()
        etag, modified = _validators(fetched.headers)
        return PollOutcome(
            at=now,
            next_poll_at=after_success(
                now,
                interval(habits.news, now, self._pace),
                headers=fetched.headers,
                ttl=habits.ttl,
                pace=self._pace,
                rng=self._rng,
            ),
            url=fetched.address if fetched.address != feed.url else None,
            # A 304 may leave the validators out, and then the old ones stay.
            etag=etag or (None if fetched.unchanged else ""),
            last_modified=modified or (None if fetched.unchanged else ""),
            body_hash=body_hash,
        )

    async def _failed(self, feed: FeedRecord, error: FeedError) -> Polled:
        now, failures = self._now(), feed.failures + 1
        log.info("poll failed", feed=feed.id, failures=failures, error=str(error))
        outcome = PollOutcome(
            at=now,
            next_poll_at=after_failure(
                now,
                failures,
                await self._usual(feed, error),
                retry_after=error.retry_after if isinstance(error, StatusError) else None,
                network_down=isinstance(error, NetworkDownError),
                pace=self._pace,
                rng=self._rng,
            ),
            error=str(error),
            failures=failures,
            gone=isinstance(error, GoneError),
        )
        await self._store.feeds.record_poll(feed.id, outcome)
        return Polled(feed.id, error=error)

    async def _usual(self, feed: FeedRecord, error: FeedError) -> timedelta:
        """Return the least time to wait after a failure.

        A server that answered is not asked more often than when all is well. One that was not
        reached, or a feed that never was, may be tried again soon.
        """
        if isinstance(error, UnreachableError) or feed.body_hash is None:
            return self._pace.shortest
        return interval((await self._known_habits(feed)).news, self._now(), self._pace)

    async def _known_habits(self, feed: FeedRecord) -> _Habits:
        """Return a feed's habits, from memory, or from its articles after a start."""
        if feed.id not in self._habits:
            page = await self._store.articles.page(first=_REMEMBERED, feed_id=feed.id)
            times = [article.published_at or article.fetched_at for article in page.items]
            self._habits[feed.id] = _Habits(moments(times, self._now()))
        return self._habits[feed.id]


def no_feed(fetched: Fetched) -> str:
    """Say what came instead of a feed."""
    kind = f"{fetched.media_type!r}, " if fetched.media_type else ""
    what = "an empty reply" if not fetched.body.strip() else f"{kind}not RSS, Atom or JSON Feed"
    return (
        f"{fetched.url} is no feed but {what}: look for its RSS or Atom link and add that address"
    )


def _conditions(feed: FeedRecord) -> Mapping[str, str]:
    headers = {}
    if feed.etag:
        headers["if-none-match"] = feed.etag
    if feed.last_modified:
        headers["if-modified-since"] = feed.last_modified
    return headers


def _validators(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return ETag and Last-Modified, "" for one that is missing or cannot be sent back."""
    found = (headers.get("etag", "").strip(), headers.get("last-modified", "").strip())
    etag, modified = (
        text if text.isascii() and text.isprintable() and len(text) <= _MAX_VALIDATOR else ""
        for text in found
    )
    return etag, modified


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _article(entry: Entry) -> NewArticle:
    return NewArticle(
        guid=entry.guid,
        title=entry.title,
        url=entry.url,
        summary=entry.summary,
        text=entry.text,
        published_at=entry.published,
        html=entry.html,
    )
