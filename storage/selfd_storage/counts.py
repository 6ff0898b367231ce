"""How many memories, articles and documents there are, without counting rows on every page."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_storage._sqlite import sqlite3
from selfd_storage.records import EventRecord


class Counts:
    """Counted once when the file is opened, then kept by the events of each commit."""

    def __init__(self) -> None:
        self.memories = 0
        self.articles = 0
        self.documents = 0

    def load(self, db: sqlite3.Connection) -> None:
        """Count the rows."""
        row = db.execute(
            "SELECT (SELECT count(*) FROM memories), (SELECT count(*) FROM articles),"
            " (SELECT count(*) FROM documents)"
        ).fetchone()
        self.memories, self.articles, self.documents = row

    def apply(self, events: Sequence[EventRecord]) -> None:
        """Follow what was committed."""
        for event in events:
            match event.kind:
                case "memory.added":
                    self.memories += 1
                case "memory.forgotten":
                    self.memories -= 1
                case "article.added":
                    self.articles += 1
                case "feed.removed":
                    self.articles -= event.payload.get("articles", 0)
                case "document.ingested":
                    self.documents += 1 if event.payload.get("new") else 0
                case "document.removed":
                    self.documents -= 1
