"""Records of what was read; their form is that of `selfd_storage.records`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A piece of a document, with its 1-based, inclusive line range."""

    text: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file as it was read. `content_hash` is over its raw bytes."""

    path: str
    media_type: str
    size: int
    content_hash: bytes
    modified_at: datetime
    chunks: Sequence[NewChunk]


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One ingested file."""

    id: str
    path: str
    media_type: str
    size: int
    content_hash: bytes
    modified_at: datetime
    ingested_at: datetime
    chunk_count: int


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """One piece of a document."""

    id: str
    document_id: str
    path: str
    text: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """One followed feed and its polling. `error` is None when the last poll went well."""

    id: str
    url: str
    title: str
    added_at: datetime
    last_polled_at: datetime | None
    next_poll_at: datetime | None
    article_count: int
    error: str | None
    failures: int = 0
    gone: bool = False
    etag: str | None = None
    last_modified: str | None = None
    body_hash: bytes | None = None
    unread_count: int = 0


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll of a feed found, written in one transaction with its new articles."""

    at: datetime
    next_poll_at: datetime
    error: str | None = None
    failures: int = 0
    gone: bool = False
    title: str | None = None
    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An entry of a feed: sanitised HTML in `html`, plain text in `text`, neither active.

    `guid` is the feed's own id for it (or its link, or a hash): the same guid in the same feed is
    the same article, whatever else changed.
    """

    guid: str
    title: str
    url: str | None
    summary: str
    text: str
    published_at: datetime | None
    html: str = ""


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """One stored article. `corroboration` counts the independent sources of its story.

    `read_at` is when the owner read it, None while it is unread.
    """

    id: str
    feed_id: str
    guid: str
    title: str
    url: str | None
    summary: str
    text: str
    published_at: datetime | None
    fetched_at: datetime
    corroboration: int
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacedArticle:
    """Where an article belongs: in the story of `beside`, or in one of its own where that is None.

    `copy_of` is the article whose wording it repeats, `claims` are sentences of it, and `terms` are
    what it is about.
    """

    article_id: str
    publisher: str
    beside: str | None = None
    copy_of: str | None = None
    claims: Sequence[str] = ()
    terms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StoryArticleRecord:
    """An article with its story, and the article that it is a copy of."""

    article: ArticleRecord
    story_id: str
    copy_of: str | None


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A sentence of an article, word for word."""

    article_id: str
    publisher: str
    text: str


@dataclass(frozen=True, slots=True)
class ShrunkRecord:
    """How many articles were looked at, how many shrank, and their bytes on disk."""

    seen: int
    articles: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class TermHistory:
    """Articles per hour from `start` on: of all, and of those with a term in them."""

    start: datetime
    all: Sequence[int]
    by_term: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class TermMention:
    """An article, by its number, that has a term in it; `copy_of` is the number of another."""

    article: int
    publisher: str
    copy_of: int | None


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """One event as several articles tell it, the earliest first; copies make no claims."""

    id: str
    title: str
    articles: tuple[ArticleRecord, ...]
    sources: int
    first_seen_at: datetime
    claims: tuple[ClaimRecord, ...]
