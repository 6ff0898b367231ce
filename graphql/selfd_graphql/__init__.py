"""The GraphQL API of selfd.

Light names are here: the ports that the daemon implements and the errors that clients can expect.
The heavy door is `selfd_graphql.app`, which brings strawberry and starlette with it;
`selfd_graphql.operations` reads the documents that our own clients send.
"""

from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import (
    AnswerPort,
    ClaimInfo,
    DocumentPort,
    EventPort,
    FeedPort,
    Finished,
    Generation,
    JobPort,
    KnowledgePort,
    MemoryChangeInfo,
    MemoryPort,
    MindInfo,
    MindKind,
    MindPort,
    Operation,
    Prompt,
    Question,
    ScoreInfo,
    SearchPort,
    Services,
    StatusInfo,
    StoryInfo,
    SystemPort,
    TextPiece,
    TrendInfo,
)

__all__ = [
    "AnswerPort",
    "ClaimInfo",
    "DocumentPort",
    "EventPort",
    "FeedPort",
    "Finished",
    "Generation",
    "JobPort",
    "KnowledgePort",
    "MemoryChangeInfo",
    "MemoryPort",
    "MindInfo",
    "MindKind",
    "MindPort",
    "Operation",
    "Prompt",
    "Question",
    "ScoreInfo",
    "SearchPort",
    "ServiceError",
    "Services",
    "StatusInfo",
    "StoryInfo",
    "SystemPort",
    "TextPiece",
    "TrendInfo",
]
