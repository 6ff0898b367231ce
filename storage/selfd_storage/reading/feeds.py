"""Feeds: what is followed, and how its polling stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import DuplicateError, NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.ranges import pack_ranges
from selfd_storage.reading.article_writes import insert_article, remove_articles
from selfd_storage.reading.articles import read_articles
from selfd_storage.reading.records import ArticleRecord, FeedRecord, NewArticle, PollOutcome
from selfd_storage.records import EventRecord
from selfd_storage.texts import MAX_LABEL_BYTES, checked_text, storable
from selfd_storage.times import from_ms, optional_moment, to_ms

_FEED = """
SELECT f.id, f.url, f.title, f.added_at, f.last_polled_at, f.next_poll_at,
    (SELECT count(*) FROM articles AS a WHERE a.feed_id = f.id),
    f.error, f.failures, f.gone, f.etag, f.last_modified, f.body_hash,
    (SELECT count(*) FROM articles AS a WHERE a.feed_id = f.id AND a.read_at IS NULL)
FROM feeds AS f
"""
_ALL = f"{_FEED} ORDER BY f.id"
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_BY_ID = f"{_FEED} WHERE f.id {_AMONG}"
_DUE = f"""{_FEED}
WHERE NOT f.gone AND (f.next_poll_at IS NULL OR f.next_poll_at <= :at) ORDER BY f.next_poll_at, f.id
"""
_NEXT = "SELECT min(next_poll_at) FROM feeds WHERE NOT gone"


class Feeds:
    """Keeps feeds. Following and leaving one is durable; a poll can be made again."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, *, url: str, title: str) -> FeedRecord:
        """Follow a feed.

        Raises:
            DuplicateError: it is followed already, as the error's `id`.
        """
        checked_text(url, "feed's URL", MAX_LABEL_BYTES)

        def write(tx: Transaction) -> FeedRecord:
            known = _number_of_url(tx, url)
            if known is not None:
                id = make_id("feed", known)
                raise DuplicateError(f"the feed {url!r} is followed already, as {id}", id)
            cursor = tx.execute(
                "INSERT INTO feeds (url, title, added_at, failures, gone)"
                " VALUES (:url, :title, :now, 0, 0)",
                {"url": url, "title": storable(title), "now": to_ms(self._now())},
            )
            number = int(cursor.lastrowid)
            tx.emit("feed.added", make_id("feed", number))
            return _read(tx.connection, [number])[number]

        return await self._database.write(write, durable=True)

    async def remove(self, id: str) -> bool:
        """Leave a feed and drop its articles, but for those that another feed carried as well."""
        number = number_of("feed", id)

        def write(tx: Transaction) -> bool:
            known = tx.execute("SELECT 1 FROM feeds WHERE id = :id", {"id": number}).fetchone()
            if number is None or known is None:
                return False
            removed = remove_articles(tx, number)
            tx.execute("DELETE FROM feeds WHERE id = :id", {"id": number})
            payload = {"articles": len(removed), "removed": pack_ranges(removed)}
            tx.emit("feed.removed", id, payload)
            return True

        return await self._database.write(write, durable=True, frees=True)

    async def all(self) -> list[FeedRecord]:
        """Return every feed, in the order in which they were added."""
        return await self._database.read(lambda db: [_record(row) for row in db.execute(_ALL)])

    async def get(self, ids: Sequence[str]) -> list[FeedRecord | None]:
        """Return feeds in the order of `ids`, None where there is none."""
        numbers = [number_of("feed", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: _read(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def due(self, at: datetime) -> list[FeedRecord]:
        """Return the feeds to poll by a moment, those first that have waited longest."""
        values = {"at": to_ms(at)}
        return await self._database.read(
            lambda db: [_record(row) for row in db.execute(_DUE, values)]
        )

    async def next_due(self) -> datetime | None:
        """Return when the next feed is to be polled, None when there is none that says so."""

        def read(db: sqlite3.Connection) -> datetime | None:
            return optional_moment(db.execute(_NEXT).fetchone()[0])

        return await self._database.read(read)

    async def record_poll(
        self, feed_id: str, outcome: PollOutcome, articles: Sequence[NewArticle] = ()
    ) -> list[ArticleRecord]:
        """Write what a poll found in one transaction; return the new articles, oldest first.

        `articles` come as the feed lists them, newest first. One with a known guid, or with the
        content of a stored article, is not stored again. What the outcome leaves None stays.

        Raises:
            NotFoundError: the feed was removed meanwhile.
        """

        def write(tx: Transaction) -> list[ArticleRecord]:
            number = number_of("feed", feed_id)
            if number is None or not _save_outcome(tx, number, outcome):
                raise NotFoundError("feed", feed_id)
            now = to_ms(self._now())
            added = [insert_article(tx, number, new, now) for new in reversed(articles)]
            numbers = [article for article in added if article is not None]
            for article in numbers:
                tx.emit("article.added", make_id("article", article), {"feed": feed_id})
            if outcome.error is None:
                tx.emit("feed.polled", feed_id, {"new": len(numbers)})
            else:
                tx.emit("feed.failed", feed_id, {"error": storable(outcome.error)})
            found = read_articles(tx.connection, numbers)
            return [found[article] for article in numbers]

        return await self._database.write(write)


def _save_outcome(tx: Transaction, number: int, outcome: PollOutcome) -> bool:
    """Write how a poll went; False when the feed is not there any more."""
    taken = None if outcome.url is None else _number_of_url(tx, outcome.url)
    row = tx.execute(
        "UPDATE feeds SET last_polled_at = :at, next_poll_at = :next, error = :error,"
        " failures = :failures, gone = :gone, title = coalesce(:title, title),"
        " url = coalesce(:url, url), etag = coalesce(:etag, etag),"
        " last_modified = coalesce(:last_modified, last_modified),"
        " body_hash = coalesce(:body_hash, body_hash) WHERE id = :id RETURNING id",
        {
            "id": number,
            "at": to_ms(outcome.at),
            "next": to_ms(outcome.next_poll_at),
            "error": None if outcome.error is None else storable(outcome.error),
            "failures": outcome.failures,
            "gone": outcome.gone,
            "title": None if outcome.title is None else storable(outcome.title),
            "url": outcome.url if taken is None else None,  # another feed lives there already
            "etag": None if outcome.etag is None else storable(outcome.etag),
            "last_modified": (
                None if outcome.last_modified is None else storable(outcome.last_modified)
            ),
            "body_hash": outcome.body_hash,
        },
    ).fetchone()
    return row is not None


def _number_of_url(tx: Transaction, url: str) -> int | None:
    row = tx.execute("SELECT id FROM feeds WHERE url = :url", {"url": url}).fetchone()
    return None if row is None else int(row[0])


def _read(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, FeedRecord]:
    rows = db.execute(_BY_ID, {"ids": json.dumps(list(numbers))})
    return {row[0]: _record(row) for row in rows}


def _record(row: tuple[Any, ...]) -> FeedRecord:
    number, url, title, added, last, following, articles, error, failures, gone, *rest = row
    etag, last_modified, body_hash, unread = rest
    return FeedRecord(
        id=make_id("feed", number),
        url=url,
        title=title,
        added_at=from_ms(added),
        last_polled_at=optional_moment(last),
        next_poll_at=optional_moment(following),
        article_count=articles,
        error=error,
        failures=failures,
        gone=bool(gone),
        etag=etag,
        last_modified=last_modified,
        body_hash=body_hash,
        unread_count=unread,
    )
