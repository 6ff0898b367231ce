"""Articles: what feeds brought, each content once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.bodies import pack, unpack
from selfd_storage.counts import Counts
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.records import ArticleRecord, EventRecord, NewArticle, Page
from selfd_storage.story_rows import take_out
from selfd_storage.texts import checked_text, fingerprint, normalised
from selfd_storage.times import from_ms, optional_moment, optional_ms

FINGERPRINT_BYTES = 8
TELLING_LENGTH = 100  # a shorter text is the same only at the same URL, as "Traffic news: none."

_ARTICLE = """
SELECT a.id, a.feed_id, a.at, a.published_at, a.fetched_at, a.codec, a.size, a.hash, a.body,
    coalesce((SELECT t.sources FROM story_articles AS s JOIN stories AS t ON t.id = s.story_id
        WHERE s.article_id = a.id), 1)
FROM articles AS a
"""
_BEFORE = """
(a.at, a.id) < (:at, :number) AND a.at >= :since ORDER BY a.at DESC, a.id DESC LIMIT :limit
"""
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_BY_ID = f"{_ARTICLE} WHERE a.id {_AMONG}"
_PAGE = f"{_ARTICLE} WHERE {_BEFORE}"
_PAGE_OF_FEED = f"{_ARTICLE} WHERE a.feed_id = :feed AND {_BEFORE}"
_SEEN = """
SELECT guid FROM sightings
WHERE feed_id = :feed AND guid IN (SELECT value FROM json_each(:guids))
"""
_EARLIEST = -(2**63)


class Articles:
    """Reads articles; feeds.py writes them."""

    def __init__(
        self,
        database: Database[EventRecord],
        counts: Counts,
        on_damage: Callable[[str], None],
    ) -> None:
        self._database = database
        self._counts = counts
        self._on_damage = on_damage

    async def page(
        self,
        *,
        first: int = 20,
        after: str | None = None,
        feed_id: str | None = None,
        since: datetime | None = None,
    ) -> Page[ArticleRecord]:
        """Return a page, newest first, of one feed or all; damaged articles are left out.

        An article's time is that of its publication, or of its arrival where that is earlier.
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
            statement = _PAGE if feed_id is None else _PAGE_OF_FEED
            rows = [self._readable(row) for row in db.execute(statement, values)]
            if feed_id is None and since is None:
                total = self._counts.articles
            else:
                total = _count(db, feed_id is None, values)
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


def insert_article(tx: Transaction, feed: int, new: NewArticle, now: int) -> int | None:
    """Store an article; None where its guid or its content is known already."""
    guid = fingerprint_of_guid(new.guid)
    sighting = {"feed": feed, "guid": guid}
    seen = tx.execute(
        "SELECT 1 FROM sightings WHERE feed_id = :feed AND guid = :guid", sighting
    ).fetchone()
    if seen is not None:
        return None
    content = fingerprint_of_content(new)
    twin = tx.execute(
        "SELECT id FROM articles WHERE fingerprint = :content", {"content": content}
    ).fetchone()
    number = _insert(tx, feed, new, content, now) if twin is None else int(twin[0])
    tx.execute(
        "INSERT INTO sightings (feed_id, guid, article_id) VALUES (:feed, :guid, :article)",
        {**sighting, "article": number},
    )
    return number if twin is None else None


def remove_articles(tx: Transaction, feed: int) -> list[int]:
    """Remove what only this feed carried, hand the rest to another one; return what went."""
    values = {"feed": feed}
    tx.execute("DELETE FROM sightings WHERE feed_id = :feed", values)
    tx.execute(
        "UPDATE articles SET feed_id = (SELECT min(s.feed_id) FROM sightings AS s"
        " WHERE s.article_id = articles.id)"
        " WHERE feed_id = :feed AND EXISTS (SELECT 1 FROM sightings AS s"
        " WHERE s.article_id = articles.id)",
        values,
    )
    rows = tx.execute("SELECT id FROM articles WHERE feed_id = :feed", values).fetchall()
    numbers = [int(number) for (number,) in rows]
    take_out(tx, numbers)
    tx.execute("DELETE FROM articles WHERE feed_id = :feed", values)
    return numbers


def fingerprint_of_guid(guid: str) -> int:
    """Return what tells one entry of a feed from its others."""
    digest = blake2b(guid.encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES)
    return int.from_bytes(digest.digest(), "big", signed=True)


def fingerprint_of_content(new: NewArticle) -> int:
    """Return what is the same for the same content under another guid or in another feed."""
    text = new.text or new.summary
    place = (new.url or "") if len(normalised(text)) < TELLING_LENGTH else ""
    return fingerprint(new.title, text, place, size=FINGERPRINT_BYTES)


def _insert(tx: Transaction, feed: int, new: NewArticle, content: int, now: int) -> int:
    body = json.dumps(
        [new.guid, new.title, new.url, new.summary, new.text, new.html], ensure_ascii=False
    )
    raw = checked_text(body, "article")
    published = optional_ms(new.published_at)
    at = now if published is None else min(published, now)
    cursor = tx.execute(
        "INSERT INTO articles (feed_id, at, published_at, fetched_at, fingerprint,"
        " tier, codec, dictionary, size, hash, body)"
        " VALUES (:feed, :at, :published, :now, :content,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "feed": feed,
            "at": at,
            "published": published,
            "now": now,
            "content": content,
            **pack("article", raw, published, now),
        },
    )
    return int(cursor.lastrowid)


def _count(db: sqlite3.Connection, of_all: bool, values: dict[str, Any]) -> int:
    if of_all:
        row = db.execute("SELECT count(*) FROM articles WHERE at >= :since", values).fetchone()
    else:
        row = db.execute(
            "SELECT count(*) FROM articles WHERE feed_id = :feed AND at >= :since", values
        ).fetchone()
    return int(row[0])


def _content(row: tuple[Any, ...]) -> dict[str, Any]:
    number, _, _, published, fetched, *body, _ = row
    raw = unpack(make_id("article", number), "article", *body, published, fetched)
    names = ("guid", "title", "url", "summary", "text", "html")
    return dict(zip(names, json.loads(raw), strict=True))


def _record(row: tuple[Any, ...]) -> ArticleRecord:
    number, feed, _, published, fetched, *_, sources = row
    content = _content(row)
    del content["html"]
    return ArticleRecord(
        id=make_id("article", number),
        feed_id=make_id("feed", feed),
        published_at=optional_moment(published),
        fetched_at=from_ms(fetched),
        corroboration=sources,
        **content,
    )
