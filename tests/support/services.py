"""Services in memory, with the methods of the ports and streams that a test can feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from strawberry.types.execution import ExecutionResult

from selfd_graphql import (
    AffectInfo,
    BenchInfo,
    BodyInfo,
    CalibrationBinInfo,
    CapabilityInfo,
    ClaimInfo,
    EntityInfo,
    Finished,
    Generation,
    IdentityInfo,
    MemoryChangeInfo,
    MindInfo,
    MindKind,
    PlannedStep,
    Prompt,
    Question,
    RecommendationInfo,
    RelationInfo,
    ScoreInfo,
    SelfModelInfo,
    ServiceError,
    SettingInfo,
    StatusInfo,
    StoryInfo,
    TextPiece,
    TonightInfo,
    TrendInfo,
)
from selfd_graphql.ports import EmbeddedBy
from selfd_storage import (
    AnswerRecord,
    ArticleRecord,
    AssessmentRecord,
    BackupRecord,
    CheckpointRecord,
    ChunkRecord,
    CitationRecord,
    ConversationRecord,
    EngramRecord,
    EventRecord,
    FeedRecord,
    FoundMessage,
    GoalRecord,
    Hit,
    InvalidInputError,
    Item,
    JobKind,
    JobRecord,
    JobState,
    MemoryKind,
    MemoryRecord,
    MessageRecord,
    NewMemory,
    NightRecord,
    NightStepRecord,
    NotFoundError,
    Page,
    Scope,
    SelfTestRecord,
    SourceQuote,
    StorageReportRecord,
    StorageTierRecord,
    StoryRecord,
    TellingRecord,
    ThoughtRecord,
)

T = TypeVar("T")

# A query with its variables in, what clients would get out; and the same of a subscription.
Ask: TypeAlias = Callable[..., Awaitable[ExecutionResult]]
Follow: TypeAlias = Callable[..., AsyncGenerator[ExecutionResult, None]]

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

MIND = MindInfo("mind:builtin", "builtin", "BUILTIN", "extractive", True, True, 1e7, None)
FEED = FeedRecord("feed:1", "https://a.example/rss", "A feed", NOON, None, None, 2, None)
CHUNK = ChunkRecord("chunk:1", "document:1", "/notes/tea.md", "Steep it for three minutes.", 4, 6)
JOB = JobRecord("job:1", "INGEST", "RUNNING", 0.5, "half", NOON, NOON, None, {"files": 3}, None)
CONVERSATION = ConversationRecord("conversation:1", "How long?", NOON)
ANSWER = AnswerRecord(
    id="answer:1",
    conversation_id="conversation:1",
    question="How long?",
    text="Three minutes.",
    confidence=0.9,
    abstained=False,
    citations=(
        CitationRecord("chunk:1", "three minutes", 0.8),
        CitationRecord("memory:99", "forgotten words", 0.7),
    ),
    mind_id="mind:builtin",
    task="question",
    seconds=0.01,
    created_at=NOON,
)


def article(number: int, feed_id: str = "feed:1") -> ArticleRecord:
    """Return an article."""
    id = f"article:{number}"
    return ArticleRecord(id, feed_id, id, f"Title {number}", None, "Words.", "", None, NOON, 1)


STORY = StoryInfo(
    StoryRecord("story:1", "A bridge fell", (article(1), article(2)), 2, NOON, ()),
    [ClaimInfo("Two people were hurt.", "article:1", 1)],
    ["“Two people were hurt.” (One) — “Three people were hurt.” (Two)"],
)


TREND = TrendInfo("bridge", 9, 4.5, 3.25, 1.5, None, [article(1)])


def page_of(items: Sequence[T], first: int, after: str | None) -> Page[T]:
    """Return a page with places in the list as cursors."""
    if after is not None and not after.isdigit():
        raise InvalidInputError(f"{after!r} is no cursor of this list")
    start = 0 if after is None else int(after)
    end = min(start + first, len(items))
    cursors = [str(place) for place in range(start + 1, end + 1)]
    return Page(items[start:end], cursors, end < len(items), start > 0, len(items))


class Channel(Generic[T]):
    """A stream that a test feeds; it knows how many read it and what they asked for."""

    def __init__(self) -> None:
        self.readers = 0
        self.asked: list[Any] = []
        self.changed = asyncio.Event()
        self._queue: asyncio.Queue[T | Exception | None] = asyncio.Queue()

    def put(self, *items: T | Exception | None) -> None:
        """Feed items; None ends the stream and an exception breaks it."""
        for item in items:
            self._queue.put_nowait(item)

    async def stream(self, asked: Any = None) -> AsyncGenerator[T, None]:
        """Yield what is fed."""
        self.asked.append(asked)
        self._count(1)
        try:
            while (item := await self._queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self._count(-1)

    async def wait_for_readers(self, count: int) -> None:
        """Wait until so many read."""
        while self.readers != count:
            self.changed.clear()
            await self.changed.wait()

    def _count(self, step: int) -> None:
        self.readers += step
        self.changed.set()


@dataclass
class Memories:
    """The memory port over a list, newest first."""

    records: list[MemoryRecord] = field(default_factory=list)
    channel: Channel[MemoryChangeInfo] = field(default_factory=Channel)
    asked: dict[str, Any] = field(default_factory=dict)

    async def remember(self, memory: NewMemory) -> MemoryRecord:
        if not memory.text.strip():
            raise InvalidInputError("a memory's text must not be empty")
        record = MemoryRecord(
            id=f"memory:{len(self.records) + 1}",
            kind=memory.kind,
            text=memory.text,
            tags=memory.tags,
            source=memory.source,
            created_at=memory.at or NOON,
            recorded_at=NOON,
            updated_at=NOON,
            occurrences=1,
            surprise=memory.surprise,
            importance=0.5,
        )
        self.records.insert(0, record)
        return record

    async def remember_many(self, memories: Sequence[NewMemory]) -> Sequence[MemoryRecord]:
        return [await self.remember(memory) for memory in memories]

    async def tellings(self, ids: Sequence[str]) -> Sequence[Sequence[TellingRecord]]:
        said = {each.id: TellingRecord(each.created_at, each.recorded_at, each.source, None)
                for each in self.records}  # fmt: skip
        return [[said[id]] if id in said else [] for id in ids]

    async def quotes(self, ids: Sequence[str]) -> Sequence[Sequence[SourceQuote]]:
        kinds = {each.id: each.kind for each in self.records}
        return [
            [SourceQuote("memory:7", "said")] if kinds.get(id) == "REFLECTION" else [] for id in ids
        ]

    async def update(
        self, id: str, *, text: str | None, tags: Sequence[str] | None
    ) -> MemoryRecord:
        for place, record in enumerate(self.records):
            if record.id == id:
                changed = replace(
                    record,
                    text=record.text if text is None else text,
                    tags=record.tags if tags is None else tuple(tags),
                )
                self.records[place] = changed
                return changed
        raise NotFoundError("memory", id)

    async def forget(self, id: str) -> bool:
        before = len(self.records)
        self.records = [record for record in self.records if record.id != id]
        return len(self.records) < before

    async def page(
        self,
        *,
        first: int,
        after: str | None,
        kind: MemoryKind | None,
        tag: str | None,
        as_of: datetime | None,
    ) -> Page[MemoryRecord]:
        self.asked = {"first": first, "after": after, "kind": kind, "tag": tag, "as_of": as_of}
        return page_of(self.records, first, after)

    def changes(self) -> AsyncIterator[MemoryChangeInfo]:
        return self.channel.stream()


@dataclass
class Search:
    """The search port: finds what it is told to find."""

    hits: Sequence[Hit] = ()
    asked: dict[str, Any] = field(default_factory=dict)

    async def search(
        self, query: str, *, scope: Sequence[Scope] | None, first: int, as_of: datetime | None
    ) -> Sequence[Hit]:
        self.asked = {"query": query, "scope": scope, "first": first, "as_of": as_of}
        return self.hits[:first]


@dataclass
class Documents:
    """The document port."""

    async def ingest(self, path: str) -> JobRecord:
        if path == "/missing":
            raise ServiceError("NOT_FOUND", f"no file or folder at {path!r}", path=path)
        return JOB


SHIPPED_WEIGHTS = CheckpointRecord(
    "checkpoint:1", None, NOON, None, "aa", "bb", None, None, None, True, False, "ships", None, {}
)
TAUGHT = CheckpointRecord(
    "checkpoint:2",
    "checkpoint:1",
    NOON,
    "FINETUNE",
    "cc",
    "dd",
    "cc.safetensors",
    1.75,
    1.5,
    True,
    True,
    "better",
    "ee",
    {"old": {"before": 1.5, "after": 1.5}},
)
NIGHT = NightRecord(
    "night:1",
    "2026-01-01",
    NOON,
    NOON,
    1.5,
    "1 done",
    (NightStepRecord(1, "fine-tune", "DONE", "job:1", NOON, NOON, "better", {"bits": 1.5}),),
)
ENGRAM = EngramRecord("engram:1", "notes", "/data/engrams/notes.engram", 3, 2**32, 700, NOON)


@dataclass
class Engrams:
    """The engram port."""

    async def build(self, path: str, name: str) -> JobRecord:
        return replace(JOB, kind="BUILD_ENGRAM", metrics={"path": path, "name": name})

    async def all(self) -> Sequence[EngramRecord]:
        return [ENGRAM]

    async def get(self, id: str) -> EngramRecord | None:
        return ENGRAM if id == ENGRAM.id else None


@dataclass
class Feeds:
    """The feed port; `reads` holds the ids of each read."""

    feeds: list[FeedRecord] = field(default_factory=lambda: [FEED])
    listed: list[ArticleRecord] = field(default_factory=lambda: [article(1), article(2)])
    reads: list[Sequence[str]] = field(default_factory=list)
    channel: Channel[ArticleRecord] = field(default_factory=Channel)

    async def add(self, url: str) -> FeedRecord:
        return replace(FEED, url=url)

    async def remove(self, id: str) -> bool:
        return id == FEED.id

    async def import_opml(self, opml: str) -> Sequence[FeedRecord]:
        return self.feeds

    async def poll(self, ids: Sequence[str] | None) -> JobRecord:
        return replace(JOB, kind="POLL_FEEDS", metrics={"ids": ids})

    async def all(self) -> Sequence[FeedRecord]:
        return self.feeds

    async def by_ids(self, ids: Sequence[str]) -> Sequence[FeedRecord | None]:
        self.reads.append(ids)
        known = {feed.id: feed for feed in self.feeds}
        return [known.get(id) for id in ids]

    async def articles(
        self,
        *,
        first: int,
        after: str | None,
        feed_id: str | None,
        since: datetime | None,
        unread: bool = False,
    ) -> Page[ArticleRecord]:
        return page_of(self.listed, first, after)

    def article_stream(self, feed_ids: Sequence[str] | None) -> AsyncIterator[ArticleRecord]:
        return self.channel.stream(feed_ids)


@dataclass
class Articles:
    """The article port; `marked` holds what was marked, and how."""

    marked: list[Any] = field(default_factory=list)

    async def mark(self, ids: Sequence[str], *, read: bool) -> int:
        self.marked.append((list(ids), read))
        return len(ids)

    async def mark_all_read(self, *, feed_id: str | None, until: datetime | None) -> int:
        self.marked.append((feed_id, until))
        return 7

    async def read_in_full(self, id: str) -> ArticleRecord:
        if id != "article:1":
            raise NotFoundError("article", id)
        return replace(article(1), text="All of it.")


@dataclass
class Knowledge:
    """The knowledge port; `asked` holds the arguments of the last question."""

    found: list[StoryInfo] = field(default_factory=lambda: [STORY])
    asked: tuple[int, int] | None = None

    async def stories(self, *, hours: int, first: int) -> Sequence[StoryInfo]:
        self.asked = hours, first
        return self.found

    async def trends(self, *, hours: int, first: int) -> Sequence[TrendInfo]:
        self.asked = hours, first
        return [TREND]


@dataclass
class Graph:
    """The graph port: one entity with one relation; `asked` holds the last question's arguments."""

    asked: tuple[int, datetime | None] | None = None

    async def entity(self, name: str) -> EntityInfo | None:
        return EntityInfo("Maya", 2, (1,)) if name == "maya" else None

    async def relations(
        self, entity: EntityInfo, *, first: int, as_of: datetime | None
    ) -> Sequence[RelationInfo]:
        self.asked = first, as_of
        said = Hit(CHUNK, 1.0, "Maya lives in Lisbon", ("graph",))
        return [RelationInfo(entity.name, "lives in", "Lisbon", NOON, None, [said])][:first]


@dataclass
class Answering:
    """The answer port: one answer, given in pieces by `channel`."""

    asked: list[Question] = field(default_factory=list)
    feedback: list[Any] = field(default_factory=list)
    channel: Channel[Generation] = field(default_factory=Channel)

    async def ask(self, question: Question) -> AnswerRecord:
        self.asked.append(question)
        return ANSWER

    def generate(self, question: Question) -> AsyncIterator[Generation]:
        self.asked.append(question)
        return self.channel.stream(question)

    async def give_feedback(
        self, answer_id: str, *, rating: int, correction: str | None, remember: bool = False
    ) -> bool:
        self.feedback.append((answer_id, rating, correction, *(["remember"] if remember else [])))
        return answer_id == ANSWER.id

    async def conversations(self, *, first: int, after: str | None) -> Page[ConversationRecord]:
        return page_of([CONVERSATION], first, after)

    async def conversation(self, id: str) -> ConversationRecord | None:
        return CONVERSATION if id == CONVERSATION.id else None

    async def messages(self, conversation_id: str) -> Sequence[MessageRecord]:
        return [
            MessageRecord(NOON, "user", ANSWER.question, None),
            MessageRecord(NOON, "assistant", ANSWER.text, ANSWER),
        ]

    async def search_conversations(self, query: str, *, first: int) -> Sequence[FoundMessage]:
        said = await self.messages(CONVERSATION.id)
        return [FoundMessage(CONVERSATION, each) for each in said if query in each.text][:first]

    async def rename_conversation(self, id: str, title: str) -> ConversationRecord:
        if id != CONVERSATION.id:
            raise NotFoundError("conversation", id)
        return replace(CONVERSATION, title=title)

    async def remove_conversation(self, id: str) -> bool:
        return id == CONVERSATION.id

    async def export_conversation(self, id: str) -> str:
        return f"# {id}"


@dataclass
class Minds:
    """The mind port: one mind, which says text backwards."""

    prompts: list[Prompt] = field(default_factory=list)
    added: tuple[str, MindKind, str, Mapping[str, Any]] | None = None
    vector: Sequence[float] = (0.6, 0.8)

    async def minds(self) -> Sequence[MindInfo]:
        return [MIND]

    async def mind(self, id: str) -> MindInfo | None:
        return MIND if id == MIND.id else None

    async def add(
        self, *, name: str, kind: MindKind, model: str, options: Mapping[str, Any]
    ) -> MindInfo:
        self.added = (name, kind, model, options)
        return replace(MIND, id="mind:1", name=name, kind=kind, model=model, is_default=False)

    async def remove(self, id: str) -> bool:
        return id == "mind:1"

    async def set_default(self, id: str) -> MindInfo:
        return self._known(id)

    async def load(self, id: str) -> MindInfo:
        return self._known(id)

    async def unload(self, id: str) -> MindInfo:
        return replace(self._known(id), loaded=False)

    async def bench(self, id: str) -> BenchInfo:
        return BenchInfo(self._known(id), 256, 0.01, 0.5, 512.0)

    async def recommended(self) -> Sequence[RecommendationInfo]:
        room = 43_000_000_000
        return [RecommendationInfo("large", "4-bit", room, "it fits", True, 80.0, None, True)]

    def _known(self, id: str) -> MindInfo:
        if id != MIND.id:
            raise NotFoundError("mind", id)
        return MIND

    async def score(self, text: str) -> ScoreInfo:
        return ScoreInfo(len(text.encode()), 16.0, 16.0 / len(text.encode()))

    async def embed(
        self, texts: Sequence[str], *, by: EmbeddedBy = "WORDS"
    ) -> Sequence[Sequence[float]]:
        return [self.vector if by == "WORDS" else self.vector[::-1] for _ in texts]

    async def patches(self, text: str) -> Sequence[str]:
        return text.split()

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        self.prompts.append(prompt)
        yield TextPiece(prompt.text[::-1])
        yield Finished(None, None, 7000.0)


@dataclass
class Jobs:
    """The job port."""

    started: list[tuple[JobKind, Mapping[str, Any]]] = field(default_factory=list)
    channel: Channel[JobRecord] = field(default_factory=Channel)
    asked: dict[str, Any] = field(default_factory=dict)

    async def start(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord:
        self.started.append((kind, options))
        return replace(JOB, kind=kind, state="QUEUED")

    async def cancel(self, id: str) -> JobRecord:
        if id != JOB.id:
            raise NotFoundError("job", id)
        return replace(JOB, state="CANCELLED")

    async def job(self, id: str) -> JobRecord | None:
        return JOB if id == JOB.id else None

    async def page(
        self, *, first: int, after: str | None, state: JobState | None
    ) -> Page[JobRecord]:
        self.asked = {"state": state}
        return page_of([JOB], first, after)

    def progress(self, id: str | None) -> AsyncIterator[JobRecord]:
        return self.channel.stream(id)


@dataclass
class Events:
    """The event port."""

    channel: Channel[EventRecord] = field(default_factory=Channel)

    def stream(
        self, *, kinds: Sequence[str] | None, after: int | None
    ) -> AsyncIterator[EventRecord]:
        return self.channel.stream((kinds, after))


SETTING = SettingInfo("port", 7353, 7353, "default", "a number", "7353", "It.")


@dataclass
class System:
    """The system port; `broken` is raised by `status`."""

    broken: Exception | None = None
    setting: SettingInfo = SETTING
    resident_memory: int = 3 * 2**30
    stored: dict[str, Item] = field(default_factory=lambda: {CHUNK.id: CHUNK})
    reads: list[Sequence[str]] = field(default_factory=list)

    async def status(self) -> StatusInfo:
        if self.broken is not None:
            raise self.broken
        return StatusInfo("1.0", 5.5, "numpy", MIND, 1, 2, 0, self.resident_memory, True, ())

    async def settings(self) -> Sequence[SettingInfo]:
        return [self.setting]

    async def change_setting(self, name: str, value: Any) -> SettingInfo:
        return replace(self.setting, name=name, next_value=value)

    async def storage(self) -> StorageReportRecord:
        tier = StorageTierRecord("hot", "lz4", 1, 200, 50)
        return StorageReportRecord(1, 200, 50, (tier,))

    async def backup(self, path: str, *, passphrase: str | None) -> BackupRecord:
        return BackupRecord(path, 5 * 2**30, 1.5, True, passphrase is not None, "5ea1")

    async def items(self, ids: Sequence[str]) -> Sequence[Item | None]:
        self.reads.append(ids)
        return [self.stored.get(id) for id in ids]

    async def answers(self, ids: Sequence[str]) -> Sequence[AnswerRecord | None]:
        return [ANSWER if id == ANSWER.id else None for id in ids]


THOUGHT = ThoughtRecord(
    "thought:1", NOON, "memory", 0.5, 3, 4, "Remembered 2 memories.", ("memory:1", "memory:2")
)
GOAL = GoalRecord("goal:1", "rest", False, None, None, None, None, 0.25, NOON, None)
ASSESSMENT = AssessmentRecord(
    "assessment:1", NOON, 0.5, 9.0, (SelfTestRecord("limits", True, True, 1.0, 0.9, "All told."),)
)
SELF = SelfModelInfo(
    as_of=NOON,
    hash="5e1f",
    identity=IdentityInfo("selfd", NOON, "cafe", ("cafe",), True, ("be plain",)),
    body=BodyInfo(
        NOON, "a machine", "numpy", 0.5, 8, 4, 2, 9, None, None, None, "nominal", None, None, True
    ),
    affect=AffectInfo(0.1, 0.2, 0.3, 0.4, 0.5, {"problems": 0}),
    capabilities=(CapabilityInfo("answer question", 4, 3, 1, 0.3, 0.95, None),),
    goals=(GOAL,),
    attention=THOUGHT.text,
    attention_id=THOUGHT.id,
    calibration_error=None,
    calibration=(CalibrationBinInfo(0.5, 0.6, 2, 0.55, 0.5),),
    counts={"memories": 1},
    limits=("is offline",),
    unknown=("how hot the machine is",),
)


@dataclass
class SelfKnowledge:
    """The port of the self-model; `asked` holds the moments that it was asked for."""

    asked: list[datetime | None] = field(default_factory=list)
    told: list[tuple[str, float]] = field(default_factory=list)
    channel: Channel[SelfModelInfo] = field(default_factory=Channel)
    stream: Channel[ThoughtRecord] = field(default_factory=Channel)

    async def model(self, as_of: datetime | None) -> SelfModelInfo:
        self.asked.append(as_of)
        return SELF

    async def journal(self, *, first: int, after: str | None) -> Page[ThoughtRecord]:
        return page_of([THOUGHT], first, after)

    async def goal(self, id: str) -> GoalRecord | None:
        return GOAL if id == GOAL.id else None

    async def add_goal(self, text: str) -> GoalRecord:
        return replace(GOAL, text=text)

    async def update_goal(self, id: str, *, progress: float) -> GoalRecord:
        self.told.append((id, progress))
        return replace(GOAL, progress=progress)

    async def remove_goal(self, id: str) -> bool:
        return id == GOAL.id

    async def assessments(self, first: int) -> Sequence[AssessmentRecord]:
        return [ASSESSMENT][:first]

    async def assess(self) -> JobRecord:
        return replace(JOB, kind="ASSESS_SELF")

    def models(self) -> AsyncIterator[SelfModelInfo]:
        return self.channel.stream()

    def thoughts(self) -> AsyncIterator[ThoughtRecord]:
        return self.stream.stream()


@dataclass
class Portability:
    """The portability port."""

    async def export_to(self, path: str) -> JobRecord:
        return replace(JOB, kind="EXPORT", metrics={"path": path})

    async def import_from(self, path: str, *, dry_run: bool) -> JobRecord:
        return replace(JOB, kind="IMPORT", metrics={"path": path, "dry_run": dry_run})


@dataclass
class Nights:
    """Two generations of the weights, and a night that made the second."""

    active: str = "checkpoint:2"
    begun: bool = False
    paused: bool = False

    async def checkpoints(self) -> list[CheckpointRecord]:
        return [replace(each, active=each.id == self.active) for each in (SHIPPED_WEIGHTS, TAUGHT)]

    async def rollback(self, id: str) -> CheckpointRecord:
        if id not in (SHIPPED_WEIGHTS.id, TAUGHT.id):
            raise NotFoundError("checkpoint", id)
        self.active = id
        return next(each for each in await self.checkpoints() if each.id == id)

    async def nights(self, first: int) -> list[NightRecord]:
        return [NIGHT][:first]

    async def tonight(self) -> TonightInfo:
        steps = [PlannedStep("fine-tune", "Teach the built-in model.", "PLANNED", "")]
        note = "" if self.begun else "the machine is being used"
        return TonightInfo("2026-01-02", NOON, NOON, True, self.paused, note, 1.5, 60.0, steps)

    async def begin_tonight(self) -> TonightInfo:
        self.begun = True
        return await self.tonight()

    async def pause(self, *, paused: bool) -> TonightInfo:
        self.paused = paused
        return await self.tonight()


@dataclass
class FakeServices:
    """Every port, each a small fake that a test can look into."""

    memories: Memories = field(default_factory=Memories)
    search: Search = field(default_factory=Search)
    documents: Documents = field(default_factory=Documents)
    engrams: Engrams = field(default_factory=Engrams)
    feeds: Feeds = field(default_factory=Feeds)
    articles: Articles = field(default_factory=Articles)
    knowledge: Knowledge = field(default_factory=Knowledge)
    graph: Graph = field(default_factory=Graph)
    answering: Answering = field(default_factory=Answering)
    minds: Minds = field(default_factory=Minds)
    jobs: Jobs = field(default_factory=Jobs)
    nights: Nights = field(default_factory=Nights)
    events: Events = field(default_factory=Events)
    portability: Portability = field(default_factory=Portability)
    system: System = field(default_factory=System)
    self_model: SelfKnowledge = field(default_factory=SelfKnowledge)
