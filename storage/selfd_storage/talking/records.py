"""Records of conversations and answers; their form is that of `selfd_storage.records`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


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
