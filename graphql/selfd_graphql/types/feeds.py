"""Feeds and the articles that came from them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID, UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, loaders, services
from selfd_graphql.node import Node
from selfd_graphql.streams import mapped
from selfd_graphql.types.jobs import Job
from selfd_storage import ArticleRecord, FeedRecord, NotFoundError


@described.output
class Feed(Node):
    """A feed that selfd follows."""

    url: str
    title: str
    added_at: datetime
    last_polled_at: datetime | None
    next_poll_at: datetime | None
    article_count: int
    error: str | None = strawberry.field(description="Why the last poll failed, or null.")
    failures: int = strawberry.field(description="How many polls in a row have failed.")
    gone: bool = strawberry.field(
        description="True when its server says that it is gone for good; it is not polled any more."
    )
    unread_count: int

    @classmethod
    def from_record(cls, record: FeedRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            url=record.url,
            title=record.title,
            added_at=record.added_at,
            last_polled_at=record.last_polled_at,
            next_poll_at=record.next_poll_at,
            article_count=record.article_count,
            error=record.error,
            failures=record.failures,
            gone=record.gone,
            unread_count=record.unread_count,
        )


@described.output
class Article(Node):
    """An article of a feed; its summary is plain text."""

    feed_id: strawberry.Private[str]
    title: str
    url: str | None
    summary: str
    published_at: datetime | None
    fetched_at: datetime
    corroboration: int = strawberry.field(
        description="How many independent sources tell the same story."
    )
    text: str = strawberry.field(
        description="Its text as far as the feed or its page gave it; empty once it has shrunk."
    )
    read_at: datetime | None = strawberry.field(
        description="When it was marked as read; null while it is unread."
    )

    @described.field
    async def feed(self, info: Info) -> Feed:
        """Where it came from."""
        record = await loaders(info).feeds.load(self.feed_id)
        if record is None:  # removed since the article was read
            raise NotFoundError("feed", self.feed_id)
        return Feed.from_record(record)

    @classmethod
    def from_record(cls, record: ArticleRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            feed_id=record.feed_id,
            title=record.title,
            url=record.url,
            summary=record.summary,
            published_at=record.published_at,
            fetched_at=record.fetched_at,
            corroboration=record.corroboration,
            text=record.text,
            read_at=record.read_at,
        )


@described.output
class FeedQuery:
    """What can be asked about feeds."""

    @described.field
    async def feeds(self, info: Info) -> list[Feed]:
        """Every feed that selfd follows."""
        return [Feed.from_record(record) for record in await services(info).feeds.all()]

    @described.field
    async def articles(
        self,
        info: Info,
        first: int | None = 20,
        after: str | None = UNSET,
        feed_id: ID | None = UNSET,
        since: datetime | None = UNSET,
        unread: bool = False,
    ) -> Connection[Article]:
        """Articles, newest first; with unread only those that are not marked as read."""
        page = await services(info).feeds.articles(
            first=page_size(first, 20),
            after=given(after),
            feed_id=given(feed_id),
            since=given(since),
            unread=unread,
        )
        return connection(page, Article.from_record)


@described.output
class FeedMutation:
    """What can be done with feeds."""

    @described.mutation
    async def add_feed(self, info: Info, url: str) -> Feed:
        """Follow a feed; the address of a web page that names its feed will do."""
        return Feed.from_record(await services(info).feeds.add(url))

    @described.mutation
    async def remove_feed(self, info: Info, id: ID) -> bool:
        """Stop following a feed and remove its articles; false when there is no such feed."""
        return await services(info).feeds.remove(id)

    @described.mutation
    async def import_opml(self, info: Info, opml: str) -> list[Feed]:
        """Follow every feed of an OPML file, given as its text."""
        return [Feed.from_record(feed) for feed in await services(info).feeds.import_opml(opml)]

    @described.mutation
    async def poll_feeds(self, info: Info, ids: list[ID] | None = UNSET) -> Job:
        """Poll these feeds now; all of them, when left out."""
        return Job.from_record(await services(info).feeds.poll(given(ids)))

    @described.mutation
    async def mark_articles(self, info: Info, ids: list[ID], read: bool = True) -> int:
        """Mark articles as read or unread; unread ones stay whole. Returns how many changed."""
        return await services(info).articles.mark(ids, read=read)

    @described.mutation
    async def mark_all_read(
        self, info: Info, feed_id: ID | None = UNSET, until: datetime | None = UNSET
    ) -> int:
        """Mark as read what came by a moment, of one feed or of all. Returns how many changed."""
        return await services(info).articles.mark_all_read(
            feed_id=given(feed_id), until=given(until)
        )

    @described.mutation
    async def read_in_full(self, info: Info, id: ID) -> Article:
        """Read the page of an article as far as its site's robots.txt allows, and keep its text."""
        return Article.from_record(await services(info).articles.read_in_full(id))


@described.output
class FeedSubscription:
    """What can be followed about feeds."""

    @described.subscription
    async def article_added(
        self, info: Info, feed_ids: list[ID] | None = UNSET
    ) -> AsyncGenerator[Article, None]:
        """Every new article, of these feeds or of all."""
        stream = services(info).feeds.article_stream(given(feed_ids))
        return mapped(stream, Article.from_record)
