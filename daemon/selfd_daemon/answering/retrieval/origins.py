"""Where an article is from, as answers name it: its feed, and the day that it came out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from selfd_storage import ArticleRecord, Store

Names = Mapping[str, str]  # of feeds, by their ids


async def feed_names(store: Store) -> Names:
    """Return the names of all feeds."""
    return {feed.id: feed.title for feed in await store.feeds.all()}


def origin(article: ArticleRecord, names: Names) -> str:
    """Name an article's source and date; its title where the feed has no name."""
    return f"{names.get(article.feed_id) or article.title}, {day(published(article))}"


def published(article: ArticleRecord) -> datetime:
    """Return when an article came out: never later than it arrived."""
    return min(article.published_at or article.fetched_at, article.fetched_at)


def day(moment: datetime) -> str:
    """Return a date as answers write it."""
    return f"{moment.day} {moment:%B %Y}"
