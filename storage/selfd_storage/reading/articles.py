"""Articles: what feeds brought, each content once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.counts import Counts
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id, number_of
from selfd_storage.packing.bodies import unpack
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.reading.article_writes import fingerprint_of_guid, rewrite
from selfd_storage.reading.records import ArticleRecord
from selfd_storage.records import EventRecord, Page
from selfd_storage.times import from_ms, optional_moment, optional_ms, to_ms

_ARTICLE = """
SELECT a.id, a.feed_id, a.at, a.published_at, a.fetched_at, a.codec, a.size, a.hash, a.body,
    a.read_at, coalesce((SELECT t.sources FROM story_articles AS s
        JOIN stories AS t ON t.id = s.story_id WHERE s.article_id = a.id), 1)
FROM articles AS a
"""
_BEFORE = """
(a.at, a.id) < (:at, :number) AND a.at >= :since ORDER BY a.at DESC, a.id DESC LIMIT :limit
"""
_COUNT = "SELECT count(*) FROM articles AS a WHERE a.at >= :since"
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_BY_ID = f"{_ARTICLE} WHERE a.id {_AMONG}"
_PAGE = f"{_ARTICLE} WHERE {_BEFORE}"
_PAGE_OF_FEED = f"{_ARTICLE} WHERE a.feed_id = :feed AND {_BEFORE}"
_UNREAD = f"{_ARTICLE} WHERE a.read_at IS NULL AND {_BEFORE}"
_UNREAD_OF_FEED = f"{_ARTICLE} WHERE a.read_at IS NULL AND a.feed_id = :feed AND {_BEFORE}"
# By whether only the unread ones are wanted, and whether those of one feed.
_PAGES = {
    (False, False): _PAGE,
    (False, True): _PAGE_OF_FEED,
    (True, False): _UNREAD,
    (True, True): _UNREAD_OF_FEED,
}
_COUNTS = {
    (False, False): _COUNT,
    (False, True): f"{_COUNT} AND a.feed_id = :feed",
    (True, False): f"{_COUNT} AND a.read_at IS NULL",
    (True, True): f"{_COUNT} AND a.read_at IS NULL AND a.feed_id = :feed",
}
_SEEN = """
SELECT guid FROM sightings
WHERE feed_id = :feed AND guid IN (SELECT value FROM json_each(:guids))
"""
_MARK_READ = """
UPDATE articles SET read_at = :now
WHERE read_at IS NULL AND id IN (SELECT value FROM json_each(:ids))
"""
_MARK_UNREAD = """
UPDATE articles SET read_at = NULL
WHERE read_at IS NOT NULL AND id IN (SELECT value FROM json_each(:ids))
"""
_MARK_ALL = """
UPDATE articles SET read_at = :now
WHERE read_at IS NULL AND fetched_at <= :until AND (:all OR feed_id = :feed)
"""
_EARLIEST = -(2**63)


class Articles:
    """Reads and marks articles; feeds.py adds them."""

    def __init__(
        self,
        database: Database[EventRecord],
        now: Callable[[], datetime],
        counts: Counts,
        on_damage: Callable[[str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._counts = counts
        self._on_damage = on_damage

    async def page(
        self,
        *,
        first: int = 20,
        after: str | None = None,
        feed_id: str | None = None,
        since: datetime | None = None,
        unread: bool = False,
    ) -> Page[ArticleRecord]:
        """Return a page, newest first, of one feed or all; damaged articles are left out.

        With `unread`, what the owner has read is left out, too. An article's time is that of its
        publication, or of its arrival where that is earlier.
        """
        place = read_cursor("article", after)
        from_on = optional_ms(since)
        values = {
            "at": place.at,
            "number": place.number,
            "feed": None if feed_id is None else number_of("feed", feed_id),
            "since": _EARLIEST if from_on is None else from_on,
            "limit": checked_first(first) + 1,
        }

        def read(db: sqlite3.Connection) -> Page[ArticleRecord]:
            statement = _PAGES[unread, feed_id is not None]
            rows = [self._readable(row) for row in db.execute(statement, values)]
            if feed_id is None and since is None and not unread:
                total = self._counts.articles
            else:
                total = int(db.execute(_COUNTS[unread, feed_id is not None], values).fetchone()[0])
            return make_page("article", rows, first, after, total)

        return await self._database.read(read)

    async def get(self, ids: Sequence[str]) -> list[ArticleRecord | None]:
        """Return articles in the order of `ids`, None where there is none.

        Raises:
            IntegrityError: one of them is damaged.
        """
        numbers = [number_of("article", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: read_articles(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def unknown(self, feed_id: str, guids: Sequence[str]) -> list[str]:
        """Return those of a feed's own ids for entries that it has not brought before."""
        hashes = [fingerprint_of_guid(guid) for guid in guids]
        values = {"feed": number_of("feed", feed_id), "guids": json.dumps(hashes)}
        seen = await self._database.read(lambda db: {row[0] for row in db.execute(_SEEN, values)})
        return [guid for guid, hash in zip(guids, hashes, strict=True) if hash not in seen]

    async def html(self, id: str) -> str | None:
        """Return the sanitised HTML of an article, None where there is no such article."""
        values = {"ids": json.dumps([number_of("article", id)])}

        def read(db: sqlite3.Connection) -> str | None:
            row = db.execute(_BY_ID, values).fetchone()
            return None if row is None else _content(row)["html"]

        return await self._database.read(read)

    async def mark(self, ids: Sequence[str], *, read: bool) -> int:
        """Mark articles as read or as unread; return how many that changed."""
        numbers = [number for id in ids if (number := number_of("article", id)) is not None]
        values = {"ids": json.dumps(numbers), "now": to_ms(self._now()) if read else None}

        def write(tx: Transaction) -> int:
            statement = _MARK_READ if read else _MARK_UNREAD
            return _marked(tx, int(tx.execute(statement, values).rowcount), read)

        return await self._database.write(write, durable=True)

    async def mark_all_read(self, *, feed_id: str | None, until: datetime) -> int:
        """Mark what was fetched by a moment as read, of one feed or of all; return how many."""
        values = {
            "now": to_ms(self._now()),
            "until": to_ms(until),
            "all": feed_id is None,
            "feed": None if feed_id is None else number_of("feed", feed_id),
        }

        def write(tx: Transaction) -> int:
            return _marked(tx, int(tx.execute(_MARK_ALL, values).rowcount), True)

        return await self._database.write(write, durable=True)

    async def rewrite(self, id: str, *, text: str, html: str, claims: Sequence[str]) -> bool:
        """Give an article the text of its page, and the claims that this makes; False: it is gone.

        Raises:
            IntegrityError: it is damaged.
        """
        number = number_of("article", id)
        if number is None:
            return False
        return await self._database.write(lambda tx: rewrite(tx, number, text, html, claims))

    async def count(self) -> int:
        """Return how many articles there are."""
        return self._counts.articles

    def _readable(self, row: tuple[Any, ...]) -> tuple[Place, ArticleRecord | None]:
        here = Place(row[2], row[0])
        try:
            return here, _record(row)
        except IntegrityError as error:
            self._on_damage(error.id)
            return here, None


def read_articles(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, ArticleRecord]:
    """Return the articles with these numbers, those that there are, by number."""
    rows = db.execute(_BY_ID, {"ids": json.dumps(list(numbers))})
    return {row[0]: _record(row) for row in rows}


def _marked(tx: Transaction, articles: int, read: bool) -> int:
    if articles:
        tx.emit("articles.marked", None, {"articles": articles, "read": read})
    return articles


def _content(row: tuple[Any, ...]) -> dict[str, Any]:
    number, _, _, published, fetched, *body, _, _ = row
    raw = unpack(make_id("article", number), "article", *body, published, fetched)
    names = ("guid", "title", "url", "summary", "text", "html")
    return dict(zip(names, json.loads(raw), strict=True))


def _record(row: tuple[Any, ...]) -> ArticleRecord:
    number, feed, _, published, fetched, *_, read, sources = row
    content = _content(row)
    del content["html"]
    return ArticleRecord(
        id=make_id("article", number),
        feed_id=make_id("feed", feed),
        published_at=optional_moment(published),
        fetched_at=from_ms(fetched),
        corroboration=sources,
        read_at=optional_moment(read),
        **content,
    )
