"""Questions, answers and conversations: what the API's `ask` and `generate` call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from selfd_daemon.answering.composing import Composed, compose
from selfd_daemon.answering.confidence import confidence
from selfd_daemon.answering.evidence import gather
from selfd_daemon.answering.question import Asked, read_question
from selfd_daemon.clock import Monotonic
from selfd_daemon.minds import BUILTIN_MIND
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Finished, Generation, Question, TextPiece
from selfd_storage import (
    AnswerRecord,
    ConversationRecord,
    Hit,
    MessageRecord,
    NewAnswer,
    NotFoundError,
    Page,
    Store,
)

TASK = "question"
RETRIEVED = 20  # items that are read for an answer
MOST_QUESTION_BYTES = 16 * 1024
RATINGS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An answer before it is stored."""

    composed: Composed
    confidence: float
    abstained: bool


class AnsweringService:
    """Implements `selfd_graphql.ports.AnswerPort` with the built-in mind, which only quotes."""

    def __init__(self, store: Store, settings: AnsweringSettings, *, monotonic: Monotonic) -> None:
        self._store = store
        self._settings = settings
        self._monotonic = monotonic

    async def ask(self, question: Question) -> AnswerRecord:
        """Answer a question and keep it.

        Raises:
            ServiceError: the question is empty or too long, or names a mind that is not there.
            NotFoundError: there is no such conversation.
        """
        start = self._monotonic()
        draft = await self._draft(question)
        return await self._keep(question, draft, self._monotonic() - start)

    async def generate(self, question: Question) -> AsyncGenerator[Generation, None]:
        """Yield the answer in pieces, then the kept answer; closing this keeps nothing."""
        start = self._monotonic()
        draft = await self._draft(question)
        for piece in draft.composed.pieces:
            yield TextPiece(piece)
        seconds = self._monotonic() - start
        answer = await self._keep(question, draft, seconds)
        size = len(draft.composed.text.encode())
        yield Finished(answer, acceptance=None, bytes_per_second=size / max(seconds, 1e-9))

    async def give_feedback(self, answer_id: str, *, rating: int, correction: str | None) -> bool:
        """Keep what the owner thinks of an answer.   Raises: NotFoundError, ServiceError."""
        if rating not in RATINGS:
            raise ServiceError("INVALID_INPUT", f"a rating is -1, 0 or 1, got {rating}")
        kept = await self._store.conversations.add_feedback(
            answer_id, rating=rating, correction=correction
        )
        if not kept:
            raise NotFoundError("answer", answer_id)
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

    async def _draft(self, question: Question) -> _Draft:
        _check(question)
        asked = read_question(question.text, await self._question_before(question))
        hits = await self._store.search(asked.text, scope=question.scope, first=RETRIEVED)
        ended = threading.Event()
        try:
            return await asyncio.to_thread(self._weigh, asked, hits, question.max_bytes, ended)
        finally:
            ended.set()  # a thread cannot be cancelled, but it looks at this

    def _weigh(
        self, asked: Asked, hits: Sequence[Hit], max_bytes: int, ended: threading.Event
    ) -> _Draft:
        gathered = gather(asked, hits, ended.is_set)
        sure = confidence(gathered)
        abstains = sure < self._settings.threshold
        composed = compose(
            gathered.evidence, asked.expected, abstains=abstains, max_bytes=max_bytes
        )
        return _Draft(composed, sure, abstains)

    async def _question_before(self, question: Question) -> str | None:
        """Return the last question of the conversation.   Raises: NotFoundError."""
        id = question.conversation_id
        if id is None:
            return None
        if await self._store.conversations.get(id) is None:
            raise NotFoundError("conversation", id)
        said = await self._store.conversations.messages(id)
        return next((each.text for each in reversed(said) if each.role == "user"), None)

    async def _keep(self, question: Question, draft: _Draft, seconds: float) -> AnswerRecord:
        return await self._store.conversations.record_turn(
            question.conversation_id,
            NewAnswer(
                question=question.text,
                text=draft.composed.text,
                confidence=draft.confidence,
                abstained=draft.abstained,
                citations=draft.composed.citations,
                mind_id=BUILTIN_MIND.id,
                task=TASK,
                seconds=seconds,
            ),
        )


def _check(question: Question) -> None:
    size = len(question.text.encode())
    if not question.text.strip():
        raise ServiceError("INVALID_INPUT", "the question is empty")
    if size > MOST_QUESTION_BYTES:
        raise ServiceError(
            "TOO_LARGE",
            f"a question may have {MOST_QUESTION_BYTES} bytes, got {size}: "
            "remember or ingest a long text, then ask about it",
        )
    if question.max_bytes < 1:
        raise ServiceError(
            "INVALID_INPUT", f"maxBytes must be at least 1, got {question.max_bytes}"
        )
    if question.mind_id not in (None, BUILTIN_MIND.id):
        raise NotFoundError("mind", question.mind_id)
