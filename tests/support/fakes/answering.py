"""A fake of the port of answers and conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfd_graphql import Generation, Question
from selfd_storage import (
    AnswerRecord,
    ConversationRecord,
    FoundMessage,
    MessageRecord,
    NotFoundError,
    Page,
)
from support.fakes.channel import Channel, page_of
from support.fakes.samples import ANSWER, NOON

CONVERSATION = ConversationRecord("conversation:1", "How long?", NOON)


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
