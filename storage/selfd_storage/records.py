"""What the store hands out: frozen records, one per kind of thing.

Every id is a string `kind:number` (`memory:12`, `article:7`), made and read by `ids.py` alone, so
that one form is used from the row to the API. Times are aware datetimes in UTC, to the millisecond.
Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from selfd_storage.self_records import ThoughtRecord

MemoryKind: TypeAlias = Literal["FACT", "EPISODE", "PREFERENCE", "NOTE", "REFLECTION"]
Scope: TypeAlias = Literal["MEMORY", "ARTICLE", "DOCUMENT"]
JobKind: TypeAlias = Literal[
    "POLL_FEEDS",
    "INGEST",
    "BUILD_ENGRAM",
    "CONSOLIDATE",
    "COMPRESS",
    "FINETUNE",
    "LORA",
    "DISTILL",
    "SELF_EDIT",
    "REINFORCE",
    "EVOLVE",
    "EVALUATE",
    "ASSESS_SELF",
    "BENCHMARK",
    "BACKUP",
    "EXPORT",
    "IMPORT",
    "VERIFY",
]
JobState: TypeAlias = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "WAITING"]
StepState: TypeAlias = Literal["PLANNED", "RUNNING", "DONE", "SKIPPED", "FAILED"]
ChangeKind: TypeAlias = Literal["ADDED", "UPDATED", "MERGED", "FORGOTTEN"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list that grows; `cursors[i]` belongs to `items[i]`."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int


@dataclass(frozen=True, slots=True)
class NewMemory:
    """What a caller gives to have remembered. `at` None means now."""

    text: str
    kind: MemoryKind = "NOTE"
    tags: tuple[str, ...] = ()
    source: str | None = None
    at: datetime | None = None
    surprise: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """One memory. `created_at` is when it happened, `recorded_at` when selfd was told."""

    id: str
    kind: MemoryKind
    text: str
    tags: tuple[str, ...]
    source: str | None
    created_at: datetime
    recorded_at: datetime
    updated_at: datetime
    occurrences: int
    surprise: float | None
    importance: float


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


Item: TypeAlias = MemoryRecord | ArticleRecord | ChunkRecord | ThoughtRecord


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search. `score` is in [0, 1]; `via` names the retrievers that found it."""

    item: Item
    score: float
    text: str
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CitationRecord:
    """The verbatim words of an item that an answer relies on."""

    item_id: str
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer as it was given, before it has an id; `signals` made its confidence."""

    question: str
    text: str
    confidence: float
    abstained: bool
    citations: tuple[CitationRecord, ...]
    mind_id: str
    task: str
    seconds: float
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One given answer.

    `confidence` predicts that it is right, `outcome` in [0, 1] is what `judge` (feedback,
    verification) found, None where nobody has said. `signals` is what the confidence was made of.
    """

    id: str
    conversation_id: str
    question: str
    text: str
    confidence: float
    abstained: bool
    citations: tuple[CitationRecord, ...]
    mind_id: str
    task: str
    seconds: float
    created_at: datetime
    signals: Mapping[str, float] = field(default_factory=dict)
    outcome: float | None = None
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """What a person thought of an answer; `memory_id` is the memory that a correction became."""

    id: str
    answer_id: str
    question: str
    answer: str
    at: datetime
    rating: int
    correction: str | None
    memory_id: str | None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One turn of a conversation; `answer` is set where selfd spoke."""

    at: datetime
    role: Literal["user", "assistant"]
    text: str
    answer: AnswerRecord | None


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """One conversation; its messages are read separately."""

    id: str
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that was searched for, with its conversation."""

    conversation: ConversationRecord
    message: MessageRecord


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One piece of long work. `metrics` holds measured results by name."""

    id: str
    kind: JobKind
    state: JobState
    progress: float
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    metrics: Mapping[str, Any]
    error: str | None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One entry of the numbered log. `subject` is the id of what it is about."""

    sequence: int
    at: datetime
    kind: str
    subject: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StorageTierRecord:
    """One storage tier, measured."""

    name: str
    codec: str
    rows: int
    raw_bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class StoragePartRecord:
    """A table of a file with its indexes, in bytes of pages; `unused` of them lie free."""

    file: str
    name: str
    bytes: int
    unused: int


@dataclass(frozen=True, slots=True)
class StorageReportRecord:
    """What memories take, measured from the files; `vector_bytes` of the raw bytes are vectors."""

    memory_count: int
    raw_bytes: int
    stored_bytes: int
    tiers: tuple[StorageTierRecord, ...]
    parts: tuple[StoragePartRecord, ...] = ()
    vector_bytes: int = 0


@dataclass(frozen=True, slots=True)
class NewEngram:
    """An engram that was built: a folder in one file."""

    name: str
    path: str
    files: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EngramRecord:
    """One engram, as it was when it was built."""

    id: str
    name: str
    path: str
    files: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    """A generation of the weights; `before` and `after` are held-out bits per byte."""

    parent: str | None
    origin: JobKind | None
    hash: str
    file: str | None
    promoted: bool
    reason: str
    before: float | None = None
    after: float | None = None
    data_hash: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[str] = ()
    created_at: datetime | None = None  # None: now
    mind: str | None = None  # whose adapter it is; None: the built-in model's weights


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """One generation of the weights, or of a mind's adapter; `mind` is None for the built-in one.

    `file` is None where it ships, came with the mind, or is gone.
    """

    id: str
    parent: str | None
    created_at: datetime
    origin: JobKind | None
    hash: str
    chain: str
    file: str | None
    before: float | None
    after: float | None
    promoted: bool
    active: bool
    reason: str
    data_hash: str | None
    figures: Mapping[str, Any]
    mind: str | None = None


@dataclass(frozen=True, slots=True)
class NightStepRecord:
    """One step of a night; `note` says what it did, or why it did not."""

    number: int
    name: str
    state: StepState
    job_id: str | None
    began_at: datetime | None
    ended_at: datetime | None
    note: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NightRecord:
    """One night. `day` is the local date on which its window began, `2026-01-31`."""

    id: str
    day: str
    began_at: datetime
    ended_at: datetime | None
    watt_hours: float
    note: str
    steps: tuple[NightStepRecord, ...]


@dataclass(frozen=True, slots=True)
class NewMind:
    """A mind to be kept. `options` is JSON and holds no secrets."""

    name: str
    kind: Literal["MLX", "HTTP", "ENSEMBLE"]
    model: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MindRecord:
    """One mind that was added. Figures are None until measured, `removed_at` while it is there."""

    id: str
    name: str
    kind: Literal["MLX", "HTTP", "ENSEMBLE"]
    model: str
    options: Mapping[str, Any]
    parameters: float | None
    bytes_per_second: float | None
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One written backup. `verified` says that the copy was opened and checked.

    `sha256` is over the file up to the hash that it ends with; empty for a plain copy.
    """

    path: str
    bytes: int
    seconds: float
    verified: bool
    encrypted: bool = False
    sha256: str = ""
