"""What the API needs from above, as Protocols that the daemon implements.

Records are the store's. Every method may raise a `selfd_storage.StorageError` or a
`selfd_graphql.errors.ServiceError`; both reach the client with a code, everything else is masked.
Iterators of subscriptions end their work when they are closed.
"""

from __future__ import annotations

from typing import Protocol

from selfd_graphql.ports.answering import AnswerPort, Finished, Generation, Question, TextPiece
from selfd_graphql.ports.graph import EntityInfo, GraphPort, RelationInfo
from selfd_graphql.ports.knowledge import (
    ArticlePort,
    ClaimInfo,
    FeedPort,
    KnowledgePort,
    StoryInfo,
    TrendInfo,
)
from selfd_graphql.ports.memories import (
    DocumentPort,
    EngramPort,
    MemoryChangeInfo,
    MemoryPort,
    PortabilityPort,
    SearchPort,
)
from selfd_graphql.ports.minds import (
    BenchInfo,
    EmbeddedBy,
    MindInfo,
    MindKind,
    MindPort,
    Prompt,
    RecommendationInfo,
    ScoreInfo,
)
from selfd_graphql.ports.nights import NightPort, PlannedStep, TonightInfo
from selfd_graphql.ports.self_model import (
    AffectInfo,
    BodyInfo,
    CalibrationBinInfo,
    CapabilityInfo,
    IdentityInfo,
    SelfModelInfo,
    SelfPort,
)
from selfd_graphql.ports.system import (
    EventPort,
    JobPort,
    Operation,
    SettingInfo,
    StatusInfo,
    SystemPort,
)

__all__ = [
    "AffectInfo",
    "AnswerPort",
    "ArticlePort",
    "BenchInfo",
    "BodyInfo",
    "CalibrationBinInfo",
    "CapabilityInfo",
    "ClaimInfo",
    "DocumentPort",
    "EmbeddedBy",
    "EngramPort",
    "EntityInfo",
    "EventPort",
    "FeedPort",
    "Finished",
    "Generation",
    "GraphPort",
    "IdentityInfo",
    "JobPort",
    "KnowledgePort",
    "MemoryChangeInfo",
    "MemoryPort",
    "MindInfo",
    "MindKind",
    "MindPort",
    "NightPort",
    "Operation",
    "PlannedStep",
    "PortabilityPort",
    "Prompt",
    "Question",
    "RecommendationInfo",
    "RelationInfo",
    "ScoreInfo",
    "SearchPort",
    "SelfModelInfo",
    "SelfPort",
    "Services",
    "SettingInfo",
    "StatusInfo",
    "StoryInfo",
    "SystemPort",
    "TextPiece",
    "TonightInfo",
    "TrendInfo",
]


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
    def articles(self) -> ArticlePort: ...
    @property
    def knowledge(self) -> KnowledgePort: ...
    @property
    def graph(self) -> GraphPort: ...
    @property
    def answering(self) -> AnswerPort: ...
    @property
    def minds(self) -> MindPort: ...
    @property
    def jobs(self) -> JobPort: ...
    @property
    def nights(self) -> NightPort: ...
    @property
    def events(self) -> EventPort: ...
    @property
    def portability(self) -> PortabilityPort: ...
    @property
    def system(self) -> SystemPort: ...
    @property
    def self_model(self) -> SelfPort: ...
