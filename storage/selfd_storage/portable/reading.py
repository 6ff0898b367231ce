"""What was read, as lines: documents with their pieces, feeds, articles with who carried them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError, InvalidInputError
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.portable.lines import (
    Object,
    Outcome,
    Run,
    kept_number,
    moment,
    objects,
    optional_moment,
    optional_text,
    shown,
    text,
    whole,
)
from selfd_storage.ranges import pack_ranges
from selfd_storage.reading.article_writes import fingerprint_of_content
from selfd_storage.reading.records import NewArticle
from selfd_storage.texts import MAX_LABEL_BYTES, checked_text
from selfd_storage.times import optional_moment as as_time

_FIELDS = ("guid", "title", "url", "summary", "text", "html")


class DocumentLines:
    """Implements `lines.Lines`. A path that is here keeps what it holds."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return documents above a number."""
        rows = db.execute(
            "SELECT id, path, media_type, size, content_hash, modified_at, ingested_at"
            " FROM documents WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        ).fetchall()
        return [(row[0], _document(db, row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether its path is here."""
        return _document_at(db, text(line, "path")) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a document."""
        here = _document_at(tx.connection, text(line, "path"))
        if here is not None:
            _note_chunks(tx.connection, here, line, run)
            return "known"
        _insert_document(tx, line, run)
        return "new"


class FeedLines:
    """Implements `lines.Lines`."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return feeds above a number."""
        rows = db.execute(
            "SELECT id, url, title, added_at FROM feeds WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        )
        return [
            (number, {"url": url, "title": title, "addedAt": shown(at)})
            for number, url, title, at in rows.fetchall()
        ]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether it is followed."""
        return _feed(db, text(line, "url")) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Follow a feed; it is asked for news as soon as possible."""
        url = text(line, "url")
        if _feed(tx.connection, url) is not None:
            return "known"
        added = optional_moment(line, "addedAt")
        _follow(tx, url, optional_text(line, "title") or url, run.now if added is None else added)
        return "new"


class ArticleLines:
    """Implements `lines.Lines`."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return articles above a number."""
        rows = db.execute(
            "SELECT a.id, f.url, a.read_at, a.published_at, a.fetched_at,"
            " a.codec, a.size, a.hash, a.body"
            " FROM articles AS a JOIN feeds AS f ON f.id = a.feed_id"
            " WHERE a.id > :after ORDER BY a.id LIMIT :limit",
            {"after": after, "limit": limit},
        ).fetchall()
        return [(row[0], _article(db, row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether its content is here, from whatever feed."""
        return _twin(db, _content(line)) is not None

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add an article, or the feeds that carried one that is here."""
        content = _content(line)
        number = _twin(tx.connection, content)
        is_new = number is None
        if number is None:
            number = _insert_article(tx, line, content, run)
        run.became(optional_text(line, "id"), make_id("article", number))
        seen = sum(_see(tx, number, sighting, run) for sighting in objects(line, "seenIn"))
        return "new" if is_new else "merged" if seen else "known"


def _document(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any] | None:
    number, path, media_type, size, content_hash, modified_at, ingested_at = row
    chunks = db.execute(
        "SELECT id, start_line, end_line, codec, size, hash, body FROM chunks"
        " WHERE document_id = :id ORDER BY id",
        {"id": number},
    ).fetchall()
    try:
        pieces = [
            {
                "id": make_id("chunk", chunk),
                "startLine": start,
                "endLine": end,
                "text": unpack(make_id("chunk", chunk), "chunk", *body).decode("utf-8"),
            }
            for chunk, start, end, *body in chunks
        ]
    except IntegrityError:
        return None
    return {
        "id": make_id("document", number),
        "path": path,
        "mediaType": media_type,
        "size": size,
        "contentHash": content_hash.hex(),
        "modifiedAt": shown(modified_at),
        "ingestedAt": shown(ingested_at),
        "chunks": pieces,
    }


def _document_at(db: sqlite3.Connection, path: str) -> int | None:
    row = db.execute("SELECT id FROM documents WHERE path = :path", {"path": path}).fetchone()
    return None if row is None else int(row[0])


def _note_chunks(db: sqlite3.Connection, document: int, line: Object, run: Run) -> None:
    """Find the cited pieces of a document that is here by their lines."""
    for chunk in objects(line, "chunks"):
        values = {
            "document": document,
            "start": whole(chunk, "startLine"),
            "end": whole(chunk, "endLine"),
        }
        row = db.execute(
            "SELECT id FROM chunks WHERE document_id = :document"
            " AND (start_line, end_line) = (:start, :end)",
            values,
        ).fetchone()
        if row is not None:
            run.became(optional_text(chunk, "id"), make_id("chunk", row[0]))


def _insert_document(tx: Transaction, line: Object, run: Run) -> None:
    path = text(line, "path")
    checked_text(path, "path", MAX_LABEL_BYTES)
    cursor = tx.execute(
        "INSERT INTO documents (id, path, media_type, size, content_hash, modified_at, ingested_at)"
        " VALUES (:id, :path, :media_type, :size, :content_hash, :modified_at, :ingested_at)",
        {
            "id": kept_number(tx, "documents", "document", line, run),
            "path": path,
            "media_type": text(line, "mediaType"),
            "size": whole(line, "size"),
            "content_hash": _bytes(line, "contentHash"),
            "modified_at": moment(line, "modifiedAt"),
            "ingested_at": moment(line, "ingestedAt"),
        },
    )
    number = int(cursor.lastrowid)
    added = []
    for chunk in objects(line, "chunks"):
        cursor = tx.execute(
            "INSERT INTO chunks (id, document_id, start_line, end_line,"
            " tier, codec, dictionary, size, hash, body) VALUES (:id, :document, :start, :end,"
            " :tier, :codec, :dictionary, :size, :hash, :body)",
            {
                "id": kept_number(tx, "chunks", "chunk", chunk, run),
                "document": number,
                "start": whole(chunk, "startLine"),
                "end": whole(chunk, "endLine"),
                **pack("chunk", checked_text(text(chunk, "text"), "chunk")),
            },
        )
        added.append(int(cursor.lastrowid))
        run.became(optional_text(chunk, "id"), make_id("chunk", added[-1]))
    payload = {
        "new": True,
        "chunks": len(added),
        "added": pack_ranges(added),
        "removed": pack_ranges([]),
    }
    tx.emit("document.ingested", make_id("document", number), payload)


def _feed(db: sqlite3.Connection, url: str) -> int | None:
    row = db.execute("SELECT id FROM feeds WHERE url = :url", {"url": url}).fetchone()
    return None if row is None else int(row[0])


def _follow(tx: Transaction, url: str, title: str, added: int) -> int:
    checked_text(url, "feed's URL", MAX_LABEL_BYTES)
    cursor = tx.execute(
        "INSERT INTO feeds (url, title, added_at, failures, gone) VALUES (:url, :title, :at, 0, 0)",
        {"url": url, "title": title, "at": added},
    )
    number = int(cursor.lastrowid)
    tx.emit("feed.added", make_id("feed", number))
    return number


def _article(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any] | None:
    number, feed, read, published, fetched, *body = row
    id = make_id("article", number)
    try:
        raw = unpack(id, "article", *body, published, fetched)
    except IntegrityError:
        return None
    sightings = db.execute(
        "SELECT f.url, s.guid FROM sightings AS s JOIN feeds AS f ON f.id = s.feed_id"
        " WHERE s.article_id = :id ORDER BY s.feed_id, s.guid",
        {"id": number},
    )
    return {
        "id": id,
        "feed": feed,
        **dict(zip(_FIELDS, json.loads(raw), strict=True)),
        "publishedAt": shown(published),
        "fetchedAt": shown(fetched),
        "readAt": shown(read),
        "seenIn": [
            {"feed": url, "guid": guid.to_bytes(8, "big", signed=True).hex()}
            for url, guid in sightings
        ],
    }


def _content(line: Object) -> NewArticle:
    return NewArticle(
        guid=text(line, "guid"),
        title=text(line, "title"),
        url=optional_text(line, "url"),
        summary=text(line, "summary"),
        text=text(line, "text"),
        published_at=as_time(optional_moment(line, "publishedAt")),
        html=text(line, "html"),
    )


def _twin(db: sqlite3.Connection, content: NewArticle) -> int | None:
    row = db.execute(
        "SELECT id FROM articles WHERE fingerprint = :content",
        {"content": fingerprint_of_content(content)},
    ).fetchone()
    return None if row is None else int(row[0])


def _insert_article(tx: Transaction, line: Object, content: NewArticle, run: Run) -> int:
    url = text(line, "feed")
    feed = _feed(tx.connection, url)
    if feed is None:
        feed = _follow(tx, url, url, run.now)
    body = json.dumps(
        [text(line, "guid"), *(line.get(name) for name in _FIELDS[1:])], ensure_ascii=False
    )
    published, fetched = optional_moment(line, "publishedAt"), moment(line, "fetchedAt")
    cursor = tx.execute(
        "INSERT INTO articles (id, feed_id, at, published_at, fetched_at, read_at, fingerprint,"
        " tier, codec, dictionary, size, hash, body)"
        " VALUES (:id, :feed, :at, :published, :fetched, :read, :content,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "id": kept_number(tx, "articles", "article", line, run),
            "feed": feed,
            "at": fetched if published is None else min(published, fetched),
            "published": published,
            "fetched": fetched,
            "read": optional_moment(line, "readAt"),
            "content": fingerprint_of_content(content),
            **pack("article", checked_text(body, "article"), published, fetched),
        },
    )
    number = int(cursor.lastrowid)
    tx.emit("article.added", make_id("article", number), {"feed": make_id("feed", feed)})
    return number


def _see(tx: Transaction, article: int, sighting: Object, run: Run) -> int:
    """Note that a feed carried an article; return how many sightings that adds."""
    url = text(sighting, "feed")
    feed = _feed(tx.connection, url)
    if feed is None:
        feed = _follow(tx, url, url, run.now)
    cursor = tx.execute(
        "INSERT INTO sightings (feed_id, guid, article_id) VALUES (:feed, :guid, :article)"
        " ON CONFLICT DO NOTHING",
        {
            "feed": feed,
            "guid": int.from_bytes(_bytes(sighting, "guid"), "big", signed=True),
            "article": article,
        },
    )
    return int(cursor.rowcount)


def _bytes(line: Object, name: str) -> bytes:
    try:
        return bytes.fromhex(text(line, name))
    except ValueError as error:
        raise InvalidInputError(f"{name!r} must be bytes in hex, got {line[name]!r:.60}") from error
