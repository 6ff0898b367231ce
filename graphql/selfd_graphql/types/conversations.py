"""Conversations: questions and answers that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from strawberry import ID, UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.types.answers import Answer
from selfd_storage import ConversationRecord, MessageRecord
from selfd_storage import FoundMessage as FoundMessageRecord


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

    @described.field
    async def markdown(self, info: Info) -> str:
        """All of it as Markdown, with the quotes of its answers."""
        return await services(info).answering.export_conversation(self.id)

    @classmethod
    def from_record(cls, record: ConversationRecord) -> Self:
        """Translate a record of the store."""
        return cls(id=ID(record.id), title=record.title, created_at=record.created_at)


@described.output
class FoundMessage:
    """A message that was searched for, in its conversation."""

    conversation: Conversation
    message: Message

    @classmethod
    def from_record(cls, record: FoundMessageRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            conversation=Conversation.from_record(record.conversation),
            message=Message.from_record(record.message),
        )


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

    @described.field
    async def search_conversations(
        self, info: Info, query: str, first: int | None = 20
    ) -> list[FoundMessage]:
        """The messages that hold every telling word of a query, the newest first."""
        found = await services(info).answering.search_conversations(
            query, first=page_size(first, 20)
        )
        return [FoundMessage.from_record(each) for each in found]


@described.output
class ConversationMutation:
    """What can be done with conversations."""

    @described.mutation
    async def rename_conversation(self, info: Info, id: ID, title: str) -> Conversation:
        """Give a conversation another title."""
        record = await services(info).answering.rename_conversation(id, title)
        return Conversation.from_record(record)

    @described.mutation
    async def remove_conversation(self, info: Info, id: ID) -> bool:
        """Remove a conversation with all that was said in it; false when there is none."""
        return await services(info).answering.remove_conversation(id)
