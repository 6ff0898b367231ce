"""Conversations: questions and answers that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from strawberry import ID, UNSET

from selfd_graphql import described
from selfd_graphql.answers import Answer
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_storage import ConversationRecord, MessageRecord


@described.output
class Message:
    """One turn; `role` is user or assistant."""

    at: datetime
    role: str
    text: str
    answer: Answer | None

    @classmethod
    def from_record(cls, record: MessageRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            at=record.at,
            role=record.role,
            text=record.text,
            answer=None if record.answer is None else Answer.from_record(record.answer),
        )


@described.output
class Conversation(Node):
    """A conversation, oldest message first."""

    title: str
    created_at: datetime

    @described.field
    async def messages(self, info: Info) -> list[Message]:
        """Every turn, oldest first."""
        records = await services(info).answering.messages(self.id)
        return [Message.from_record(record) for record in records]

    @classmethod
    def from_record(cls, record: ConversationRecord) -> Self:
        """Translate a record of the store."""
        return cls(id=ID(record.id), title=record.title, created_at=record.created_at)


@described.output
class ConversationQuery:
    """What can be asked about conversations."""

    @described.field
    async def conversations(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[Conversation]:
        """Conversations, newest first."""
        page = await services(info).answering.conversations(
            first=page_size(first, 20), after=given(after)
        )
        return connection(page, Conversation.from_record)

    @described.field
    async def conversation(self, info: Info, id: ID) -> Conversation | None:
        """One conversation, or null when there is none with that id."""
        record = await services(info).answering.conversation(id)
        return None if record is None else Conversation.from_record(record)
