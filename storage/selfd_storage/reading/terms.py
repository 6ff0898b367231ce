"""How often terms come up in articles: hour by hour for weeks, article by article for days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.reading.articles import read_articles
from selfd_storage.reading.records import ArticleRecord, TermHistory, TermMention
from selfd_storage.records import EventRecord
from selfd_storage.times import from_ms, to_ms

HOUR = 3_600_000
KEPT_HOURS = 24 * 7 * 8
KEPT_MENTIONS = timedelta(days=9)
_ALL = ""  # stands for every article, whatever its terms

_FREQUENT = """
SELECT term FROM term_hours WHERE hour >= :from AND hour < :to AND term <> ''
GROUP BY term HAVING sum(articles) >= :least ORDER BY sum(articles) DESC, term LIMIT :limit
"""
_HOURS = """
SELECT term, hour, articles FROM term_hours
WHERE term IN (SELECT value FROM json_each(:terms)) AND hour >= :from AND hour < :to
"""
_MENTIONS = """
SELECT m.term, m.article_id, s.publisher, s.copy_of FROM article_terms AS m
JOIN story_articles AS s ON s.article_id = m.article_id
WHERE m.at >= :since AND m.at < :until AND m.term IN (SELECT value FROM json_each(:terms))
ORDER BY m.at DESC, m.article_id DESC
"""


class Terms:
    """Reads how terms come and go; stories.py writes them with an article's place."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def history(self, until: datetime, *, hours: int, least: int, limit: int) -> TermHistory:
        """Return the counts of the terms that were frequent in the last hours, for some weeks.

        Args:
            least: how many articles of the last hours a term must be in.
        """
        end = to_ms(until) // HOUR + 1
        values = {"from": end - hours, "to": end, "least": least, "limit": limit}

        def read(db: sqlite3.Connection) -> TermHistory:
            terms = [row[0] for row in db.execute(_FREQUENT, values)]
            start = end - KEPT_HOURS
            counts = {term: [0] * KEPT_HOURS for term in (_ALL, *terms)}
            wanted = {"terms": json.dumps(list(counts)), "from": start, "to": end}
            for term, hour, articles in db.execute(_HOURS, wanted):
                counts[term][hour - start] = articles
            return TermHistory(from_ms(start * HOUR), counts.pop(_ALL), counts)

        return await self._database.read(read)

    async def mentions(
        self, terms: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, list[TermMention]]:
        """Return who mentioned each term in a span, the latest first."""
        values = {"terms": json.dumps(list(terms)), "since": to_ms(since), "until": to_ms(until)}

        def read(db: sqlite3.Connection) -> dict[str, list[TermMention]]:
            found: dict[str, list[TermMention]] = {term: [] for term in terms}
            for term, article, publisher, copy_of in db.execute(_MENTIONS, values):
                found[term].append(TermMention(article, publisher, copy_of))
            return found

        return await self._database.read(read)

    async def articles(self, numbers: Sequence[int]) -> dict[int, ArticleRecord]:
        """Return articles by the numbers of their mentions; damaged ones are left out."""

        def read(db: sqlite3.Connection) -> dict[int, ArticleRecord]:
            found: dict[int, ArticleRecord] = {}
            for number in numbers:
                try:
                    found |= read_articles(db, [number])
                except IntegrityError:  # the nightly check reports it
                    continue
            return found

        return await self._database.read(read)

    async def prune(self, now: datetime) -> None:
        """Drop what is too old to matter."""
        values = {"hour": to_ms(now) // HOUR - KEPT_HOURS, "at": to_ms(now - KEPT_MENTIONS)}

        def write(tx: Transaction) -> None:
            tx.execute("DELETE FROM term_hours WHERE hour < :hour", values)
            tx.execute("DELETE FROM article_terms WHERE at < :at", values)

        await self._database.write(write)


def count_terms(tx: Transaction, article: int, at: int, terms: Sequence[str], now: int) -> None:
    """Count the terms of an article that was just placed; an old one has no say any more."""
    if at // HOUR < now // HOUR - KEPT_HOURS:
        return
    tx.connection.executemany(
        "INSERT INTO term_hours (term, hour, articles) VALUES (:term, :hour, 1)"
        " ON CONFLICT (term, hour) DO UPDATE SET articles = articles + 1",
        [{"term": term, "hour": at // HOUR} for term in (_ALL, *terms)],
    )
    if at >= now - KEPT_MENTIONS // timedelta(milliseconds=1):
        tx.connection.executemany(
            "INSERT OR IGNORE INTO article_terms (term, at, article_id)"
            " VALUES (:term, :at, :article)",
            [{"term": term, "at": at, "article": article} for term in terms],
        )
