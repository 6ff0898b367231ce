"""Questions, answers and conversations: what the API's `ask` and `generate` call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from selfd_daemon.answering.cache import AnswerCache, Embed, Key, Lookup
from selfd_daemon.answering.confidence import SHIPPED, Judged, Weights, confidence
from selfd_daemon.answering.conversing import Conversing
from selfd_daemon.answering.drafts import Draft, Specialist
from selfd_daemon.answering.question import Asked, read_in_context
from selfd_daemon.answering.quoting import Quoter
from selfd_daemon.answering.refitting import Refit, refit
from selfd_daemon.answering.routing import Router
from selfd_daemon.answering.sums import Sums
from selfd_daemon.answering.tasks import Task
from selfd_daemon.clock import Monotonic
from selfd_daemon.minds import BUILTIN_MIND
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Finished, Generation, Question, TextPiece
from selfd_storage import AnswerRecord, NewAnswer, NotFoundError, Store

RETRIEVED = 20  # items that are read for an answer
MOST_QUESTION_BYTES = 16 * 1024
HOUR = 3600.0
WEIGHTS = "answering.confidence"  # the name of the refitted weights among the small values
EDITION = 1  # of the shipped weights' names; weights of another one are not used


@dataclass(frozen=True, slots=True)
class _Read:
    """A question with all that decides its answer."""

    question: Question
    asked: Asked
    task: str
    key: Key


class AnsweringService(Conversing):
    """Implements `selfd_graphql.ports.AnswerPort`."""

    def __init__(
        self,
        store: Store,
        settings: AnsweringSettings,
        *,
        monotonic: Monotonic,
        embed: Embed | None = None,
        specialists: Mapping[Task, Specialist] | None = None,
        first: Sequence[Specialist] = (),
    ) -> None:
        """Answer from a store.

        Args:
            embed: makes vectors of texts, for telling tasks apart and for the cache.
            specialists: who answers the questions of a task; all others are answered with quotes.
            first: those who are asked before anybody else, whatever the task.
        """
        super().__init__(store)
        self._settings = settings
        self._monotonic = monotonic
        self._embed = embed
        self._router = Router.load()
        self._specialists = dict(specialists or {})
        self._first: tuple[Specialist, ...] = (Sums(), *first)
        self._quoter = Quoter(self._confidence, settings.threshold)
        self._weights: Weights | None = None
        self._cache = AnswerCache(
            store, monotonic=monotonic, seconds=settings.cache_hours * HOUR, embed=embed
        )
        store.on_commit(self._cache.follow)

    async def ask(self, question: Question) -> AnswerRecord:
        """Answer a question and keep it.

        Raises:
            ServiceError: the question is empty or too long.
            NotFoundError: there is no such conversation, or no such mind.
        """
        async with aclosing(self._answer(question)) as events:
            async for event in events:
                if isinstance(event, Finished) and event.answer is not None:
                    return event.answer
        raise AssertionError("a generation ends with its answer")

    async def generate(self, question: Question) -> AsyncGenerator[Generation, None]:
        """Yield the answer in pieces, then the kept answer; closing this keeps nothing."""
        async with aclosing(self._answer(question)) as events:
            async for event in events:
                yield event

    def looked_up(self, how: Lookup, saved: float) -> None:
        """Hear how an answer was looked for among those given before, and the seconds it saved."""

    async def refit(self) -> Refit:
        """Learn from what became of past answers; the nights call this.

        The confidence of answers uses the new weights from now on, if they were found better.
        """
        judged = [
            Judged(answer.signals, answer.outcome)
            for answer in await self._store.judgements.judged()
            if answer.outcome is not None
        ]
        found = refit(judged, await self._loaded())
        if found.accepted:
            await self._store.values.set(
                WEIGHTS, {"edition": EDITION, "weights": dict(found.weights)}
            )
            self._weights = found.weights
            self._cache.clear()
        return found

    async def _answer(self, question: Question) -> AsyncGenerator[Generation, None]:
        start = self._monotonic()
        read = await self._read(question)
        how, kept = await self._cache.find(read.asked, read.key)
        if kept is not None:
            read, draft = _Read(question, read.asked, kept.task, read.key), kept.draft
            for piece in draft.composed.pieces:
                yield TextPiece(piece)
        else:
            changes = self._cache.changes
            draft = await self._draft(read)
            for piece in draft.composed.pieces:
                yield TextPiece(piece)
        seconds = self._monotonic() - start
        if kept is None:
            await self._cache.keep(
                read.asked, read.key, draft, read.task, seconds=seconds, changes=changes
            )
        self.looked_up(how, max(0.0, kept.seconds - seconds) if kept else 0.0)
        answer = await self._keep(read, draft, seconds)
        size = len(draft.composed.text.encode())
        yield Finished(answer, acceptance=None, bytes_per_second=size / max(seconds, 1e-9))

    async def _read(self, question: Question) -> _Read:
        _check(question)
        await self._loaded()
        before, last = await self._said_before(question.conversation_id, question.instead_of)
        asked = read_in_context(question.text, before, None if last is None else last.text)
        scope = None if question.scope is None else tuple(sorted(set(question.scope)))
        key = Key(scope, BUILTIN_MIND.id, question.max_bytes, question.method)
        return _Read(question, asked, await self._task(question.text), key)

    async def _task(self, text: str) -> Task:
        vector = None if self._embed is None else (await self._embed([text]))[0]
        return self._router.task(text, vector)

    async def _draft(self, read: _Read) -> Draft:
        special = [each for task, each in self._specialists.items() if task == read.task]
        for each in (*self._first, *special):
            draft = await each.draft(read.question, read.asked)
            if draft is not None:
                return draft
        question = read.question
        hits = await self._store.search(read.asked.text, scope=question.scope, first=RETRIEVED)
        return await self._quoter.draft(read.asked, hits, question.max_bytes)

    def _confidence(self, signals: Mapping[str, float]) -> float:
        return confidence(signals, SHIPPED if self._weights is None else self._weights)

    async def _loaded(self) -> Weights:
        """Return the weights in force, read once."""
        if self._weights is None:
            kept = await self._store.values.get(WEIGHTS)
            fits = isinstance(kept, dict) and kept.get("edition") == EDITION
            self._weights = kept["weights"] if kept is not None and fits else SHIPPED
        return self._weights

    async def _keep(self, read: _Read, draft: Draft, seconds: float) -> AnswerRecord:
        return await self._store.conversations.record_turn(
            read.question.conversation_id,
            NewAnswer(
                question=read.question.text,
                text=draft.composed.text,
                confidence=draft.confidence,
                abstained=draft.abstained,
                citations=draft.composed.citations,
                mind_id=BUILTIN_MIND.id,
                task=draft.task or read.task,
                seconds=seconds,
                signals=draft.signals,
            ),
            instead_of=read.question.instead_of,
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
    if question.instead_of is not None and question.conversation_id is None:
        raise ServiceError(
            "INVALID_INPUT", "insteadOf names an answer of a conversation: give conversationId"
        )
    if question.mind_id not in (None, BUILTIN_MIND.id):
        raise NotFoundError("mind", question.mind_id)
