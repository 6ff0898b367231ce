"""What the owner does with single articles: mark them as read, have one read in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from selfd_daemon.clock import Now
from selfd_daemon.feeds.errors import NoArticleError, OfflineError
from selfd_daemon.feeds.full_text import FullText, can_read_pages
from selfd_daemon.feeds.parsing.text import html_of_text
from selfd_daemon.knowledge.claims import claims
from selfd_graphql.errors import ServiceError
from selfd_storage import ArticleRecord, NotFoundError, Store


class ArticleService:
    """Implements `selfd_graphql.ports.ArticlePort`."""

    def __init__(self, store: Store, full_text: FullText, *, now: Now, offline: bool) -> None:
        self._store = store
        self._full_text = full_text
        self._now = now
        self._offline = offline

    async def mark(self, ids: Sequence[str], *, read: bool) -> int:
        """Mark articles as read or unread; return how many that changed."""
        return await self._store.articles.mark(ids, read=read)

    async def mark_all_read(self, *, feed_id: str | None, until: datetime | None) -> int:
        """Mark as read what has come by a moment, or by now; return how many that changed.

        Raises:
            NotFoundError: there is no such feed.
        """
        if feed_id is not None and (await self._store.feeds.get([feed_id]))[0] is None:
            raise NotFoundError("feed", feed_id)
        moment = self._now() if until is None else until
        return await self._store.articles.mark_all_read(feed_id=feed_id, until=moment)

    async def read_in_full(self, id: str) -> ArticleRecord:
        """Read an article's page and keep its text, where that is longer than what the feed had.

        Raises:
            NotFoundError: there is no such article.
            FeedError: its page cannot be read, or its site does not allow it.
            ServiceError: the extra that finds articles on pages is not installed.
        """
        if self._offline:
            raise OfflineError("selfd was started offline: start it without --offline for this")
        article = await self._known(id)
        if article.url is None:
            raise NoArticleError(f"{id} has no link: its feed holds all there is")
        if not can_read_pages():
            raise ServiceError(
                "NOT_INSTALLED",
                "pages are read by an extra that is not installed: pip install selfd[articles]",
            )
        text = await self._full_text.text_of(article.url)
        if len(text) > len(article.text):
            html, found = html_of_text(text), claims(text)
            await self._store.articles.rewrite(id, text=text, html=html, claims=found)
        return await self._known(id)

    async def _known(self, id: str) -> ArticleRecord:
        article = (await self._store.articles.get([id]))[0]
        if article is None:
            raise NotFoundError("article", id)
        return article
