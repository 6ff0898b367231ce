"""Knowledge as the API sees it: articles find their stories soon after they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from selfd_daemon.clock import Now
from selfd_daemon.knowledge.claims import claims
from selfd_daemon.knowledge.disputes import Comparison, compare
from selfd_daemon.knowledge.features import Embed, Vector, features, gist
from selfd_daemon.knowledge.grouping import WINDOW, Arrival, Group, Grouping
from selfd_daemon.knowledge.publishers import publisher
from selfd_daemon.knowledge.terms import trend_terms
from selfd_daemon.knowledge.trends import find_trends
from selfd_graphql import ClaimInfo, ServiceError, StoryInfo, TrendInfo
from selfd_storage import (
    ArticleRecord,
    ClaimRecord,
    EmbeddingError,
    EventRecord,
    FeedRecord,
    PlacedArticle,
    ShrunkRecord,
    StorageError,
    Store,
    StoryRecord,
)

TIDY_SECONDS = 86_400.0
SHRUNK_AT_ONCE = 200  # articles in one transaction
BATCH = 64  # articles that one step places
RESTORED = 4000  # articles of the last days that are read at a start
PATIENCE_SECONDS = 2.0  # that a question waits for articles that have just arrived
MOST_STORY_HOURS = 24 * 366
MOST_TREND_HOURS = 24 * 7

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ToldStory:
    """A story with its claims held against each other."""

    record: StoryRecord
    comparison: Comparison


class KnowledgeService:
    """Implements `selfd_graphql.ports.KnowledgePort`; `run` places articles until cancelled."""

    def __init__(
        self,
        store: Store,
        *,
        now: Now,
        keep: timedelta = timedelta(days=90),
        embed: Embed | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._keep = keep
        self._embed = embed
        self._sleep = sleep
        self._now = now
        self._grouping: Grouping | None = None
        self._news = asyncio.Event()
        self._news.set()  # there may be articles from before
        self._settled = asyncio.Event()
        self._working = asyncio.Lock()
        store.on_commit(self._notice)

    async def run(self) -> None:
        """Place new articles as they arrive, until cancelled."""
        while True:
            await self._news.wait()
            try:
                await self.catch_up()
            except StorageError as error:  # such as a full disk; the next article tries again
                log.warning("articles not placed", error=str(error))
                self._settled.set()

    async def tidy(self) -> None:
        """Shrink what is old once a day, until cancelled."""
        while True:
            try:
                await self.shrink()
            except StorageError as error:
                log.warning("articles not shrunk", error=str(error))
            await self._sleep(TIDY_SECONDS)

    async def shrink(self) -> ShrunkRecord:
        """Shrink the articles that are older than the setting says, and report the sizes."""
        await self._store.terms.prune(self._now())
        total = ShrunkRecord(0, 0, 0, 0)
        while True:
            part = await self._store.retention.shrink(self._now() - self._keep, SHRUNK_AT_ONCE)
            total = ShrunkRecord(
                total.seen + part.seen,
                total.articles + part.articles,
                total.bytes_before + part.bytes_before,
                total.bytes_after + part.bytes_after,
            )
            if part.seen < SHRUNK_AT_ONCE:
                break
        if total.articles:
            log.info("articles shrunk", **asdict(total))
        return total

    async def catch_up(self) -> None:
        """Place every article that has no story yet.

        Raises:
            StorageError: they could not be read or written; they are placed another time.
        """
        async with self._working:
            self._news.clear()
            try:
                while await self._place_some():
                    pass
                if not self._news.is_set():
                    self._settled.set()
            except BaseException:
                self._grouping = None  # it may know of articles that were not stored
                raise

    async def stories(self, *, hours: int, first: int) -> Sequence[StoryInfo]:
        """Return the stories with news in the last hours, the weightiest first."""
        since = self._now() - timedelta(hours=checked_hours(hours, MOST_STORY_HOURS))
        await self._wait()
        found = await self._store.stories.page(since=since, first=first)
        feeds = await self._feeds([article for story in found for article in story.articles])
        return await asyncio.to_thread(lambda: [story_info(story, feeds) for story in found])

    async def told(self, article_ids: Sequence[str]) -> Sequence[ToldStory]:
        """Return the stories of some articles, as far as these have been placed."""
        await self._wait()
        found = await self._store.stories.of(article_ids)
        return await asyncio.to_thread(lambda: [ToldStory(each, compared(each)) for each in found])

    async def trends(self, *, hours: int, first: int) -> Sequence[TrendInfo]:
        """Return the terms that burst in the last hours, the strongest first."""
        checked_hours(hours, MOST_TREND_HOURS)
        await self._wait()
        return await find_trends(self._store, self._now(), hours=hours, first=first)

    async def _wait(self) -> None:
        """Wait a moment for what has just arrived; what takes longer is told next time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), PATIENCE_SECONDS)

    async def _place_some(self) -> bool:
        unplaced = await self._store.stories.unplaced(BATCH)
        if not unplaced:
            return False
        grouping = self._grouping or await self._restored()
        self._grouping = grouping
        feeds = await self._feeds([article for _, article in unplaced if article])
        placed = await asyncio.to_thread(_place, grouping, unplaced, feeds, self._embed)
        await self._store.stories.place(placed)
        return len(unplaced) == BATCH

    async def _restored(self) -> Grouping:
        """Make the groups of the last days again, after a start or a fault."""
        recent = await self._store.stories.recent(self._now() - WINDOW, RESTORED)
        grouping, groups = Grouping(), dict[str, Group]()

        def restore() -> None:
            found = arrivals([each.article for each in recent], self._embed)
            for each, arrival in zip(recent, found, strict=True):
                copy_of = None if each.copy_of is None else _number(each.copy_of)
                known = groups.get(each.story_id)
                groups[each.story_id] = grouping.restore(arrival, known, copy_of)

        await asyncio.to_thread(restore)
        return grouping

    async def _feeds(self, articles: Sequence[ArticleRecord]) -> dict[str, FeedRecord]:
        ids = list({article.feed_id for article in articles})
        return {feed.id: feed for feed in await self._store.feeds.get(ids) if feed is not None}

    def _notice(self, events: Sequence[EventRecord]) -> None:
        if any(event.kind == "article.added" for event in events):
            self._settled.clear()
            self._news.set()


def arrivals(articles: Sequence[ArticleRecord], embed: Embed | None) -> list[Arrival]:
    """Return articles as they are grouped."""
    texts = [(article.title, article.text or article.summary) for article in articles]
    meanings: Sequence[Vector | None] = [None] * len(articles)
    if embed is not None:
        try:
            meanings = list(embed([gist(*each) for each in texts]))
        except EmbeddingError as error:  # words have to do
            log.warning("articles not embedded", error=str(error))
    return [
        Arrival(_number(article.id), _told_at(article), title, features(title, text, meaning))
        for article, (title, text), meaning in zip(articles, texts, meanings, strict=True)
    ]


def _told_at(article: ArticleRecord) -> datetime:
    return min(article.published_at or article.fetched_at, article.fetched_at)


def story_info(story: StoryRecord, feeds: Mapping[str, FeedRecord]) -> StoryInfo:
    """Hold a story's claims against each other; quotes are named by the feeds they came from."""
    articles = {article.id: article for article in story.articles}

    def quoted(claim: ClaimRecord) -> str:
        feed = feeds.get(articles[claim.article_id].feed_id)
        return f"“{claim.text}” ({feed.title if feed else 'a feed that was removed'})"

    found = compared(story)
    return StoryInfo(
        story,
        [ClaimInfo(each.text, each.article_id, count) for each, count in found.support.items()],
        [f"{quoted(each.one)} — {quoted(each.other)}" for each in found.disputes],
    )


def compared(story: StoryRecord) -> Comparison:
    """Hold the claims of a story's readable articles against each other."""
    readable = {article.id for article in story.articles}
    return compare([claim for claim in story.claims if claim.article_id in readable])


def checked_hours(hours: int, most: int) -> int:
    """Return how far back to look.

    Raises:
        ServiceError: it is not a number of hours that makes sense.
    """
    if not 1 <= hours <= most:
        raise ServiceError("INVALID_INPUT", f"hours must be from 1 to {most}, got {hours}")
    return hours


def _place(
    grouping: Grouping,
    unplaced: Sequence[tuple[str, ArticleRecord | None]],
    feeds: Mapping[str, FeedRecord],
    embed: Embed | None,
) -> list[PlacedArticle]:
    """Find the story of each article; one that is damaged has a story of its own."""
    placed = []
    readable = [article for _, article in unplaced if article is not None]
    described = iter(arrivals(readable, embed))
    for id, article in unplaced:
        if article is None:
            placed.append(PlacedArticle(id, publisher=id))
            continue
        found = grouping.place(next(described))
        feed, text = feeds.get(article.feed_id), article.text or article.summary
        placed.append(
            PlacedArticle(
                id,
                publisher=publisher(article.url, feed.url if feed else "", article.feed_id),
                beside=_id(found.beside),
                copy_of=_id(found.copy_of),
                claims=claims(text),
                terms=trend_terms(article.title, text),
            )
        )
    grouping.prune()
    return placed


def _number(article_id: str) -> int:
    return int(article_id.partition(":")[2])


def _id(number: int | None) -> str | None:
    return None if number is None else f"article:{number}"
