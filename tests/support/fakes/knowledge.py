"""Fakes of the ports of feeds, articles, stories and the graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from selfd_graphql import ClaimInfo, EntityInfo, RelationInfo, StoryInfo, TrendInfo
from selfd_storage import (
    ArticleRecord,
    FeedRecord,
    Hit,
    JobRecord,
    NotFoundError,
    Page,
    StoryRecord,
)
from support.fakes.channel import Channel, page_of
from support.fakes.samples import CHUNK, JOB, NOON, article

FEED = FeedRecord("feed:1", "https://a.example/rss", "A feed", NOON, None, None, 2, None)
STORY = StoryInfo(
    StoryRecord("story:1", "A bridge fell", (article(1), article(2)), 2, NOON, ()),
    [ClaimInfo("Two people were hurt.", "article:1", 1)],
    ["“Two people were hurt.” (One) — “Three people were hurt.” (Two)"],
)
TREND = TrendInfo("bridge", 9, 4.5, 3.25, 1.5, None, [article(1)])


@dataclass
class Feeds:
    """The feed port; `reads` holds the ids of each read."""

    feeds: list[FeedRecord] = field(default_factory=lambda: [FEED])
    listed: list[ArticleRecord] = field(default_factory=lambda: [article(1), article(2)])
    reads: list[Sequence[str]] = field(default_factory=list)
    channel: Channel[ArticleRecord] = field(default_factory=Channel)

    async def add(self, url: str) -> FeedRecord:
        return replace(FEED, url=url)

    async def remove(self, id: str) -> bool:
        return id == FEED.id

    async def import_opml(self, opml: str) -> Sequence[FeedRecord]:
        return self.feeds

    async def poll(self, ids: Sequence[str] | None) -> JobRecord:
        return replace(JOB, kind="POLL_FEEDS", metrics={"ids": ids})

    async def all(self) -> Sequence[FeedRecord]:
        return self.feeds

    async def by_ids(self, ids: Sequence[str]) -> Sequence[FeedRecord | None]:
        self.reads.append(ids)
        known = {feed.id: feed for feed in self.feeds}
        return [known.get(id) for id in ids]

    async def articles(
        self,
        *,
        first: int,
        after: str | None,
        feed_id: str | None,
        since: datetime | None,
        unread: bool = False,
    ) -> Page[ArticleRecord]:
        return page_of(self.listed, first, after)

    def article_stream(self, feed_ids: Sequence[str] | None) -> AsyncIterator[ArticleRecord]:
        return self.channel.stream(feed_ids)


@dataclass
class Articles:
    """The article port; `marked` holds what was marked, and how."""

    marked: list[Any] = field(default_factory=list)

    async def mark(self, ids: Sequence[str], *, read: bool) -> int:
        self.marked.append((list(ids), read))
        return len(ids)

    async def mark_all_read(self, *, feed_id: str | None, until: datetime | None) -> int:
        self.marked.append((feed_id, until))
        return 7

    async def read_in_full(self, id: str) -> ArticleRecord:
        if id != "article:1":
            raise NotFoundError("article", id)
        return replace(article(1), text="All of it.")


@dataclass
class Knowledge:
    """The knowledge port; `asked` holds the arguments of the last question."""

    found: list[StoryInfo] = field(default_factory=lambda: [STORY])
    asked: tuple[int, int] | None = None

    async def stories(self, *, hours: int, first: int) -> Sequence[StoryInfo]:
        self.asked = hours, first
        return self.found

    async def trends(self, *, hours: int, first: int) -> Sequence[TrendInfo]:
        self.asked = hours, first
        return [TREND]


@dataclass
class Graph:
    """The graph port: one entity with one relation; `asked` holds the last question's arguments."""

    asked: tuple[int, datetime | None] | None = None

    async def entity(self, name: str) -> EntityInfo | None:
        return EntityInfo("Maya", 2, (1,)) if name == "maya" else None

    async def relations(
        self, entity: EntityInfo, *, first: int, as_of: datetime | None
    ) -> Sequence[RelationInfo]:
        self.asked = first, as_of
        said = Hit(CHUNK, 1.0, "Maya lives in Lisbon", ("graph",))
        return [RelationInfo(entity.name, "lives in", "Lisbon", NOON, None, [said])][:first]
