"""Stories: which articles tell of the same event, from how many independent sources."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import checked_first
from selfd_storage.reading.articles import read_articles
from selfd_storage.reading.records import (
    ArticleRecord,
    ClaimRecord,
    PlacedArticle,
    StoryArticleRecord,
    StoryRecord,
)
from selfd_storage.reading.story_rows import put_claims, recount
from selfd_storage.reading.terms import count_terms
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms

LISTED = 100  # articles of a story, the earliest
_UNPLACED = """
SELECT id FROM articles
WHERE id > (SELECT coalesce(max(article_id), 0) FROM story_articles) ORDER BY id LIMIT :limit
"""
_RECENT = """
SELECT s.article_id, s.story_id, s.copy_of FROM articles AS a
JOIN story_articles AS s ON s.article_id = a.id
WHERE a.at >= :since ORDER BY a.id DESC LIMIT :limit
"""
# Many sources weigh as much as being recent: one that is a day old needs twice as many.
_PAGE = """
SELECT id, first_seen_at, sources FROM stories
WHERE seen_at >= :since AND articles > 1
ORDER BY sources * 1.0 / (86400000 + max(0, :now - latest_at)) DESC, id DESC LIMIT :limit
"""
_OF_ARTICLES = """
SELECT id, first_seen_at, sources FROM stories
WHERE id IN (SELECT story_id FROM story_articles
    WHERE article_id IN (SELECT value FROM json_each(:ids))) ORDER BY id
"""
_MEMBERS = """
SELECT s.story_id, s.article_id, s.publisher, s.copy_of FROM story_articles AS s
JOIN articles AS a ON a.id = s.article_id
WHERE s.story_id IN (SELECT value FROM json_each(:ids)) ORDER BY a.at, a.id
"""
_CLAIMS = """
SELECT article_id, text FROM claims
WHERE article_id IN (SELECT value FROM json_each(:ids)) ORDER BY article_id, position
"""


class Stories:
    """Keeps stories. They can be made again from the articles, so nothing here is durable."""

    def __init__(
        self,
        database: Database[EventRecord],
        now: Callable[[], datetime],
        on_damage: Callable[[str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._on_damage = on_damage

    async def unplaced(self, limit: int) -> list[tuple[str, ArticleRecord | None]]:
        """Return the next articles that belong to no story yet, None for one that is damaged."""

        def read(db: sqlite3.Connection) -> list[tuple[str, ArticleRecord | None]]:
            numbers = [row[0] for row in db.execute(_UNPLACED, {"limit": limit})]
            return [(make_id("article", number), self._readable(db, number)) for number in numbers]

        return await self._database.read(read)

    async def recent(self, since: datetime, limit: int) -> list[StoryArticleRecord]:
        """Return the newest articles that were placed and are not older, in their order."""
        values = {"since": to_ms(since), "limit": limit}

        def read(db: sqlite3.Connection) -> list[StoryArticleRecord]:
            rows = list(db.execute(_RECENT, values))
            found = ((self._readable(db, row[0]), row) for row in reversed(rows))
            return [
                StoryArticleRecord(article, make_id("story", story), _article_id(copy_of))
                for article, (_, story, copy_of) in found
                if article is not None
            ]

        return await self._database.read(read)

    async def place(self, placed: Sequence[PlacedArticle]) -> None:
        """Write where articles belong, and what they claim, in one transaction.

        An article that is gone by now is left out.
        """

        def write(tx: Transaction) -> None:
            now = to_ms(self._now())
            changed = [_place(tx, each, now) for each in placed]
            for story in dict.fromkeys(number for number in changed if number is not None):
                if recount(tx, story) > 1:
                    tx.emit("story.changed", make_id("story", story))

        await self._database.write(write)

    async def page(self, *, since: datetime, first: int) -> list[StoryRecord]:
        """Return stories of more than one article with news since then, the weightiest first."""
        values = {
            "since": to_ms(since),
            "now": to_ms(self._now()),
            "limit": checked_first(first),
        }

        def read(db: sqlite3.Connection) -> list[StoryRecord]:
            rows = list(db.execute(_PAGE, values))
            return self._stories(db, rows)

        return await self._database.read(read)

    async def of(self, article_ids: Sequence[str]) -> list[StoryRecord]:
        """Return the stories of some articles, those of one article too."""
        values = {"ids": json.dumps([number_of("article", id) for id in article_ids])}

        def read(db: sqlite3.Connection) -> list[StoryRecord]:
            return self._stories(db, list(db.execute(_OF_ARTICLES, values)))

        return await self._database.read(read)

    def _stories(self, db: sqlite3.Connection, rows: Sequence[Any]) -> list[StoryRecord]:
        members: dict[int, list[tuple[int, str, int | None]]] = {row[0]: [] for row in rows}
        for story, *member in db.execute(_MEMBERS, {"ids": json.dumps(list(members))}):
            members[story].append(tuple(member))
        members = {story: each[:LISTED] for story, each in members.items()}
        numbers = [number for each in members.values() for number, _, _ in each]
        articles = {number: self._readable(db, number) for number in numbers}
        claims: dict[int, list[str]] = {number: [] for number in numbers}
        for number, text in db.execute(_CLAIMS, {"ids": json.dumps(numbers)}):
            claims[number].append(text)
        found = []
        for story, first_seen, sources in rows:
            told = [article for number, _, _ in members[story] if (article := articles[number])]
            if told:
                found.append(
                    StoryRecord(
                        id=make_id("story", story),
                        title=told[0].title,
                        articles=tuple(told),
                        sources=sources,
                        first_seen_at=from_ms(first_seen),
                        claims=tuple(
                            ClaimRecord(make_id("article", number), publisher, text)
                            for number, publisher, copy_of in members[story]
                            if copy_of is None
                            for text in claims[number]
                        ),
                    )
                )
        return found

    def _readable(self, db: sqlite3.Connection, number: int) -> ArticleRecord | None:
        try:
            return read_articles(db, [number]).get(number)
        except IntegrityError as error:
            self._on_damage(error.id)
            return None


def _place(tx: Transaction, placed: PlacedArticle, now: int) -> int | None:
    """Write what is known of one article; return its story, None where the article is gone."""
    article = number_of("article", placed.article_id)
    row = tx.execute(
        "SELECT at, fetched_at FROM articles WHERE id = :article", {"article": article}
    ).fetchone()
    if article is None or row is None:
        return None
    beside = None if placed.beside is None else number_of("article", placed.beside)
    known = tx.execute(
        "SELECT story_id FROM story_articles WHERE article_id = :beside", {"beside": beside}
    ).fetchone()
    story = int(known[0]) if known else _new_story(tx, *row)
    copied = None if placed.copy_of is None else number_of("article", placed.copy_of)
    tx.execute(
        "INSERT INTO story_articles (article_id, story_id, publisher, copy_of)"
        " VALUES (:article, :story, :publisher, :copied)",
        {"article": article, "story": story, "publisher": placed.publisher, "copied": copied},
    )
    put_claims(tx, article, placed.claims)
    count_terms(tx, article, row[0], placed.terms, now)
    return story


def _new_story(tx: Transaction, at: int, fetched: int) -> int:
    cursor = tx.execute(
        "INSERT INTO stories (first_seen_at, seen_at, latest_at, articles, sources)"
        " VALUES (:fetched, :fetched, :at, 0, 0)",
        {"at": at, "fetched": fetched},
    )
    return int(cursor.lastrowid)


def _article_id(number: int | None) -> str | None:
    return None if number is None else make_id("article", number)
