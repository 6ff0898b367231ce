"""Questions, answers and the conversations that they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from selfd_storage import (
    AnswerRecord,
    ConversationRecord,
    FoundMessage,
    MessageRecord,
    Page,
    Scope,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What `ask` and `generate` are given. `scope` None means everywhere.

    `instead_of` is an answer of the conversation whose question is put differently: its turn, and
    all after it, goes.
    """

    text: str
    conversation_id: str | None = None
    mind_id: str | None = None
    scope: Sequence[Scope] | None = None
    max_bytes: int = 2048
    temperature: float = 0.0
    method: str | None = None
    instead_of: str | None = None


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


class AnswerPort(Protocol):
    """Questions, answers and the conversations that they belong to."""

    async def ask(self, question: Question) -> AnswerRecord: ...
    def generate(self, question: Question) -> AsyncIterator[Generation]: ...
    async def give_feedback(
        self, answer_id: str, *, rating: int, correction: str | None, remember: bool = False
    ) -> bool: ...
    async def conversations(self, *, first: int, after: str | None) -> Page[ConversationRecord]: ...
    async def conversation(self, id: str) -> ConversationRecord | None: ...
    async def messages(self, conversation_id: str) -> Sequence[MessageRecord]: ...
    async def search_conversations(self, query: str, *, first: int) -> Sequence[FoundMessage]: ...
    async def rename_conversation(self, id: str, title: str) -> ConversationRecord: ...
    async def remove_conversation(self, id: str) -> bool: ...
    async def export_conversation(self, id: str) -> str: ...
