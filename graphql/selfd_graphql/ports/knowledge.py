"""Feeds, and what the articles of many feeds come to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfd_storage import ArticleRecord, FeedRecord, JobRecord, Page, StoryRecord


@dataclass(frozen=True, slots=True)
class ClaimInfo:
    """A sentence of a story's article, and how many of its sources say the same."""

    text: str
    article_id: str
    support: int


@dataclass(frozen=True, slots=True)
class StoryInfo:
    """A story; each dispute quotes two of its sources that differ."""

    record: StoryRecord
    claims: Sequence[ClaimInfo]
    disputes: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrendInfo:
    """A term, its articles of these hours over those expected, and the next window's forecast.

    The errors are mean absolute ones over past windows, None where there are none.
    """

    term: str
    count: int
    burst: float
    forecast: float
    forecast_error: float | None
    naive_error: float | None
    articles: Sequence[ArticleRecord]


class FeedPort(Protocol):
    """Following feeds."""

    async def add(self, url: str) -> FeedRecord: ...
    async def remove(self, id: str) -> bool: ...
    async def import_opml(self, opml: str) -> Sequence[FeedRecord]: ...
    async def poll(self, ids: Sequence[str] | None) -> JobRecord: ...
    async def all(self) -> Sequence[FeedRecord]: ...
    async def by_ids(self, ids: Sequence[str]) -> Sequence[FeedRecord | None]: ...
    async def articles(
        self,
        *,
        first: int,
        after: str | None,
        feed_id: str | None,
        since: datetime | None,
        unread: bool = False,
    ) -> Page[ArticleRecord]: ...
    def article_stream(self, feed_ids: Sequence[str] | None) -> AsyncIterator[ArticleRecord]: ...


class ArticlePort(Protocol):
    """What the owner does with single articles."""

    async def mark(self, ids: Sequence[str], *, read: bool) -> int: ...
    async def mark_all_read(self, *, feed_id: str | None, until: datetime | None) -> int: ...
    async def read_in_full(self, id: str) -> ArticleRecord: ...


class KnowledgePort(Protocol):
    """What the articles of many feeds come to."""

    async def stories(self, *, hours: int, first: int) -> Sequence[StoryInfo]: ...
    async def trends(self, *, hours: int, first: int) -> Sequence[TrendInfo]: ...
