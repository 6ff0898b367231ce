"""Writing articles inside a transaction: new ones, those of a feed that is left, other texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b

from selfd_storage.database import Transaction
from selfd_storage.graph.rows import detach
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.reading.records import NewArticle
from selfd_storage.reading.story_rows import replace_claims, take_out
from selfd_storage.texts import checked_text, fingerprint, normalised
from selfd_storage.times import optional_ms

FINGERPRINT_BYTES = 8
TELLING_LENGTH = 100  # a shorter text is the same only at the same URL, as "Traffic news: none."


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
    detach(tx, "article", numbers)
    tx.execute("DELETE FROM articles WHERE feed_id = :feed", values)
    return numbers


def rewrite(tx: Transaction, number: int, text: str, html: str, claims: Sequence[str]) -> bool:
    """Give an article another text, that of its page; False where it is not there.

    `claims` replace those of the text before, if its story is known already. It keeps the
    fingerprint of what its feed brought, by which the same from elsewhere is known.

    Raises:
        IntegrityError: what is stored of it is damaged.
    """
    row = tx.execute(
        "SELECT published_at, fetched_at, codec, size, hash, body FROM articles WHERE id = :id",
        {"id": number},
    ).fetchone()
    if row is None:
        return False
    published, fetched, *body = row
    raw = unpack(make_id("article", number), "article", *body, published, fetched)
    guid, title, url, summary, *_ = json.loads(raw)
    fuller = json.dumps([guid, title, url, summary, text, html], ensure_ascii=False)
    columns = pack("article", checked_text(fuller, "article"), published, fetched)
    tx.execute(
        "UPDATE articles SET tier = :tier, codec = :codec, dictionary = :dictionary,"
        " size = :size, hash = :hash, body = :body, shrunk = 0 WHERE id = :id",
        {**columns, "id": number},
    )
    replace_claims(tx, number, claims)
    tx.emit("article.rewritten", make_id("article", number))
    return True


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
