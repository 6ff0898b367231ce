"""What the API needs from above, as Protocols that the daemon implements.

Records are the store's. Every method may raise a `selfd_storage.StorageError` or a
`selfd_graphql.errors.ServiceError`; both reach the client with a code, everything else is masked.
Iterators of subscriptions end their work when they are closed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from selfd_storage import (
    AnswerRecord,
    ArticleRecord,
    BackupRecord,
    ChangeKind,
    ConversationRecord,
    EngramRecord,
    EventRecord,
    FeedRecord,
    Hit,
    Item,
    JobKind,
    JobRecord,
    JobState,
    MemoryKind,
    MemoryRecord,
    MessageRecord,
    NewMemory,
    Page,
    Scope,
    StorageReportRecord,
    StoryRecord,
)

MindKind: TypeAlias = Literal["BUILTIN", "MLX", "HTTP", "ENSEMBLE"]


@dataclass(frozen=True, slots=True)
class MindInfo:
    """One model that can answer; `parameters` and `bytes_per_second` are None until known."""

    id: str
    name: str
    kind: MindKind
    model: str
    loaded: bool
    is_default: bool
    parameters: float | None
    bytes_per_second: float | None


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """The daemon's state at one moment; `uptime` in seconds, `resident_memory` in bytes."""

    version: str
    uptime: float
    backend: str
    mind: MindInfo | None
    memory_count: int
    article_count: int
    running_jobs: int
    resident_memory: int
    ready: bool
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class MemoryChangeInfo:
    """One change to the memories; `memory` is None when it was forgotten."""

    kind: ChangeKind
    id: str
    memory: MemoryRecord | None


@dataclass(frozen=True, slots=True)
class Question:
    """What `ask` and `generate` are given. `scope` None means everywhere."""

    text: str
    conversation_id: str | None = None
    mind_id: str | None = None
    scope: Sequence[Scope] | None = None
    max_bytes: int = 2048
    temperature: float = 0.0
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What `complete` is given: raw text for one mind, with no retrieval."""

    text: str
    mind_id: str | None = None
    max_bytes: int = 256
    temperature: float = 0.0
    seed: int | None = None
    speculative: bool = True


@dataclass(frozen=True, slots=True)
class ScoreInfo:
    """How well the built-in model predicts a text: `bits` over all of its `bytes`."""

    bytes: int
    bits: float
    bits_per_byte: float


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of text as it is made."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a generation. `acceptance` is None where nothing was drafted."""

    answer: AnswerRecord | None
    acceptance: float | None
    bytes_per_second: float


Generation: TypeAlias = TextPiece | Finished


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or mutation that was answered.

    Its name is one that our own clients use, or "other": anybody could make up more of them.
    """

    name: str
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class ClaimInfo:
    """A sentence of a story's article, and how many of its sources say the same."""

    text: str
    article_id: str
    support: int


@dataclass(frozen=True, slots=True)
class StoryInfo:
    """A story; each dispute quotes two of its sources that differ."""

    record: StoryRecord
    claims: Sequence[ClaimInfo]
    disputes: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrendInfo:
    """A term, its articles of these hours over those expected, and the next window's forecast.

    The errors are mean absolute ones over past windows, None where there are none.
    """

    term: str
    count: int
    burst: float
    forecast: float
    forecast_error: float | None
    naive_error: float | None
    articles: Sequence[ArticleRecord]


class MemoryPort(Protocol):
    """Remembering, changing, forgetting."""

    async def remember(self, memory: NewMemory) -> MemoryRecord: ...
    async def remember_many(self, memories: Sequence[NewMemory]) -> Sequence[MemoryRecord]: ...
    async def update(
        self, id: str, *, text: str | None, tags: Sequence[str] | None
    ) -> MemoryRecord: ...
    async def forget(self, id: str) -> bool: ...
    async def page(
        self,
        *,
        first: int,
        after: str | None,
        kind: MemoryKind | None,
        tag: str | None,
        as_of: datetime | None,
    ) -> Page[MemoryRecord]: ...
    def changes(self) -> AsyncIterator[MemoryChangeInfo]: ...


class SearchPort(Protocol):
    """Retrieval over everything that is stored."""

    async def search(
        self, query: str, *, scope: Sequence[Scope] | None, first: int, as_of: datetime | None
    ) -> Sequence[Hit]: ...


class DocumentPort(Protocol):
    """Reading files on this machine into the store."""

    async def ingest(self, path: str) -> JobRecord: ...


class EngramPort(Protocol):
    """Folders in one searchable file each."""

    async def build(self, path: str, name: str) -> JobRecord: ...
    async def all(self) -> Sequence[EngramRecord]: ...
    async def get(self, id: str) -> EngramRecord | None: ...


class FeedPort(Protocol):
    """Following feeds."""

    async def add(self, url: str) -> FeedRecord: ...
    async def remove(self, id: str) -> bool: ...
    async def import_opml(self, opml: str) -> Sequence[FeedRecord]: ...
    async def poll(self, ids: Sequence[str] | None) -> JobRecord: ...
    async def all(self) -> Sequence[FeedRecord]: ...
    async def by_ids(self, ids: Sequence[str]) -> Sequence[FeedRecord | None]: ...
    async def articles(
        self, *, first: int, after: str | None, feed_id: str | None, since: datetime | None
    ) -> Page[ArticleRecord]: ...
    def article_stream(self, feed_ids: Sequence[str] | None) -> AsyncIterator[ArticleRecord]: ...


class KnowledgePort(Protocol):
    """What the articles of many feeds come to."""

    async def stories(self, *, hours: int, first: int) -> Sequence[StoryInfo]: ...
    async def trends(self, *, hours: int, first: int) -> Sequence[TrendInfo]: ...


class AnswerPort(Protocol):
    """Questions, answers and the conversations that they belong to."""

    async def ask(self, question: Question) -> AnswerRecord: ...
    def generate(self, question: Question) -> AsyncIterator[Generation]: ...
    async def give_feedback(
        self, answer_id: str, *, rating: int, correction: str | None
    ) -> bool: ...
    async def conversations(self, *, first: int, after: str | None) -> Page[ConversationRecord]: ...
    async def conversation(self, id: str) -> ConversationRecord | None: ...
    async def messages(self, conversation_id: str) -> Sequence[MessageRecord]: ...


class MindPort(Protocol):
    """The models that can answer, and the built-in one that is always there.

    `score`, `embed` and `patches` are the built-in model's. Where it cannot be loaded they raise
    `ServiceError("MODEL_UNAVAILABLE", ...)` with the reason.
    """

    async def minds(self) -> Sequence[MindInfo]: ...
    async def mind(self, id: str) -> MindInfo | None:
        """One mind by its id; a mind that was removed but has given answers is still found."""
        ...

    async def score(self, text: str) -> ScoreInfo: ...
    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Unit-length vectors as plain floats, in the order of `texts`."""
        ...

    async def patches(self, text: str) -> Sequence[str]: ...
    def complete(self, prompt: Prompt) -> AsyncIterator[Generation]:
        """Pieces of text as they are made, then one `Finished` with no answer."""
        ...


class JobPort(Protocol):
    """Long work."""

    async def start(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord: ...
    async def cancel(self, id: str) -> JobRecord: ...
    async def job(self, id: str) -> JobRecord | None: ...
    async def page(
        self, *, first: int, after: str | None, state: JobState | None
    ) -> Page[JobRecord]: ...
    def progress(self, id: str | None) -> AsyncIterator[JobRecord]: ...


class EventPort(Protocol):
    """The durable, numbered log, replayed and then live."""

    def stream(
        self, *, kinds: Sequence[str] | None, after: int | None
    ) -> AsyncIterator[EventRecord]: ...


class PortabilityPort(Protocol):
    """Everything out into open formats, and in again."""

    async def export_to(self, path: str) -> JobRecord: ...
    async def import_from(self, path: str, *, dry_run: bool) -> JobRecord: ...


class SystemPort(Protocol):
    """The daemon itself."""

    async def status(self) -> StatusInfo: ...
    async def storage(self) -> StorageReportRecord: ...
    async def backup(self, path: str, *, passphrase: str | None) -> BackupRecord: ...
    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        """Memories, articles and chunks by id, in the order of `ids`, None where there is none."""
        ...

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]: ...


class Services(Protocol):
    """Everything above, handed to each request as `info.context["services"]`."""

    @property
    def memories(self) -> MemoryPort: ...
    @property
    def search(self) -> SearchPort: ...
    @property
    def documents(self) -> DocumentPort: ...
    @property
    def engrams(self) -> EngramPort: ...
    @property
    def feeds(self) -> FeedPort: ...
    @property
    def knowledge(self) -> KnowledgePort: ...
    @property
    def answering(self) -> AnswerPort: ...
    @property
    def minds(self) -> MindPort: ...
    @property
    def jobs(self) -> JobPort: ...
    @property
    def events(self) -> EventPort: ...
    @property
    def portability(self) -> PortabilityPort: ...
    @property
    def system(self) -> SystemPort: ...
