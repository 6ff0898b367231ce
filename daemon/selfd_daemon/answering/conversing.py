"""Conversations: read, named, searched, written out, removed; and what people think of answers."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_graphql.errors import ServiceError
from selfd_storage import (
    AnswerRecord,
    ConversationRecord,
    FoundMessage,
    MessageRecord,
    NewMemory,
    NotFoundError,
    Page,
    Store,
)

RATINGS = (-1, 0, 1)
CORRECTION = "correction"  # the tag of a memory that was one


class Conversing:
    """What there is to do with conversations besides asking."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def give_feedback(
        self, answer_id: str, *, rating: int, correction: str | None, remember: bool = False
    ) -> bool:
        """Keep what the owner thinks of an answer, and its correction as a memory if told to.

        Raises:
            NotFoundError: there is no such answer.
            ServiceError: the rating is none, or there is no correction to remember.
        """
        if rating not in RATINGS:
            raise ServiceError("INVALID_INPUT", f"a rating is -1, 0 or 1, got {rating}")
        if remember and not (correction or "").strip():
            raise ServiceError("INVALID_INPUT", "there is no correction to remember: give one")
        (answer,) = await self._store.conversations.answers([answer_id])
        if answer is None:
            raise NotFoundError("answer", answer_id)
        memory = None
        if remember and correction:
            text = await self._corrected(answer, correction)
            new = NewMemory(text, kind="FACT", tags=(CORRECTION,), source=answer.id)
            memory = await self._store.memories.add(new)
        await self._store.conversations.add_feedback(
            answer_id,
            rating=rating,
            correction=correction,
            memory_id=None if memory is None else memory.id,
        )
        return True

    async def conversations(self, *, first: int, after: str | None) -> Page[ConversationRecord]:
        """Return conversations, newest first."""
        return await self._store.conversations.page(first=first, after=after)

    async def conversation(self, id: str) -> ConversationRecord | None:
        """Return one conversation, None when there is none of that id."""
        return await self._store.conversations.get(id)

    async def messages(self, conversation_id: str) -> Sequence[MessageRecord]:
        """Return what was said, in order."""
        return await self._store.conversations.messages(conversation_id)

    async def search_conversations(self, query: str, *, first: int) -> Sequence[FoundMessage]:
        """Return the messages that hold every telling word of a query, the newest first."""
        return await self._store.conversations.search(query, first=first)

    async def rename_conversation(self, id: str, title: str) -> ConversationRecord:
        """Give a conversation another title.   Raises: NotFoundError, InvalidInputError."""
        return await self._store.conversations.rename(id, title)

    async def remove_conversation(self, id: str) -> bool:
        """Remove a conversation with all that was said in it; False where there is none."""
        return await self._store.conversations.remove(id)

    async def export_conversation(self, id: str) -> str:
        """Return a conversation as Markdown, with its quotes.   Raises: NotFoundError."""
        record = await self._store.conversations.get(id)
        if record is None:
            raise NotFoundError("conversation", id)
        said = await self._store.conversations.messages(id)
        head = f"# {record.title}\n\n{record.created_at:%Y-%m-%d %H:%M} UTC\n"
        return "\n".join([head, *map(_written, said)])

    async def _said_before(
        self, conversation_id: str | None, instead_of: str | None
    ) -> list[MessageRecord]:
        """Return what was said in a conversation, before a turn that is to be replaced.

        Raises:
            NotFoundError: there is no such conversation, or no such answer in it.
        """
        if conversation_id is None:
            return []
        if await self._store.conversations.get(conversation_id) is None:
            raise NotFoundError("conversation", conversation_id)
        said = await self._store.conversations.messages(conversation_id)
        return said if instead_of is None else _before(said, instead_of)

    async def _corrected(self, answer: AnswerRecord, correction: str) -> str:
        """Return a correction with its question, without which few of them say anything."""
        return f"{answer.question.strip()} {correction.strip()}"


def _before(said: list[MessageRecord], answer_id: str) -> list[MessageRecord]:
    for place, each in enumerate(said):
        if each.answer is not None and each.answer.id == answer_id:
            return said[: place - 1]
    raise NotFoundError("answer", answer_id)


def _written(message: MessageRecord) -> str:
    if message.answer is None:
        return f"**{' '.join(message.text.split())}**\n"
    quotes = [
        f"> [{number}] {' '.join(cited.quote.split())} ({cited.item_id})"
        for number, cited in enumerate(message.answer.citations, 1)
    ]
    sure = f"*{message.answer.confidence:.0%} sure*"
    return "\n\n".join([message.text, *quotes, sure]) + "\n"
