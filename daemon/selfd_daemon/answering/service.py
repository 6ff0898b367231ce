"""Questions and answers: what the API's `ask` and `generate` call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from random import Random, SystemRandom

from selfd_daemon.answering.asking import Choice, Minds, checked, chosen
from selfd_daemon.answering.cache import AnswerCache, Embed, Key, Lookup
from selfd_daemon.answering.calibration.refitting import Refit, refit
from selfd_daemon.answering.conversing import Conversing
from selfd_daemon.answering.drafts import Draft, Specialist
from selfd_daemon.answering.generation.prompting import Turn
from selfd_daemon.answering.generation.writing import Writer, Writing
from selfd_daemon.answering.question import read_in_context
from selfd_daemon.answering.quoting import quoted
from selfd_daemon.answering.retrieval.confidence import SHIPPED, Judged, Weights, confidence
from selfd_daemon.answering.retrieval.corrective import Retriever
from selfd_daemon.answering.routing import Router
from selfd_daemon.answering.routing.tasks import Task
from selfd_daemon.answering.specialists.sums import Sums
from selfd_daemon.clock import Monotonic
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Finished, Generation, Question, TextPiece
from selfd_storage import AnswerRecord, MessageRecord, NewAnswer, Store

HOUR = 3600.0
WEIGHTS = "answering.confidence"  # the name of the refitted weights among the small values
EDITION = 2  # of the shipped weights; those that were fitted around other ones are not used
OWN = frozenset({"memory", "thought"})  # the kinds of items that no stranger wrote
UNGROUNDED = frozenset({"code", "maths", "chat", "planning"})  # a mind's own words will do


@dataclass(frozen=True, slots=True)
class _Read:
    """A question with all that decides its answer."""

    writing: Writing
    key: Key
    choice: Choice
    task: str = ""


class AnsweringService(Conversing):
    """Implements `selfd_graphql.ports.AnswerPort`."""

    def __init__(
        self,
        store: Store,
        settings: AnsweringSettings,
        *,
        monotonic: Monotonic,
        embed: Embed | None = None,
        minds: Minds | None = None,
        specialists: Mapping[Task, Specialist] | None = None,
        first: Sequence[Specialist] = (),
        rng: Random | None = None,
    ) -> None:
        """Answer from a store.

        Args:
            embed: makes vectors of texts, for telling tasks apart and for the cache.
            minds: those that can be asked for; without them there are only quotes.
            specialists: who answers the questions of a task; all others are answered with quotes.
            first: those who are asked before anybody else, whatever the task.
        """
        super().__init__(store)
        self._settings = settings
        self._monotonic = monotonic
        self._embed = embed
        self._minds = minds
        self._router = Router.load()
        self._specialists = dict(specialists or {})
        self._first: tuple[Specialist, ...] = (Sums(), *first)
        self._retriever = Retriever(store, self._confidence)
        self._writer = Writer(
            self._confidence, settings.threshold, settings.unsupported, rng or SystemRandom()
        )
        self._weights: Weights | None = None
        self._cache = AnswerCache(
            store, monotonic=monotonic, seconds=settings.cache_hours * HOUR, embed=embed
        )
        store.on_commit(self._cache.follow)

    async def ask(self, question: Question) -> AnswerRecord:
        """Answer a question and keep it.

        Raises:
            ServiceError: the question is empty or too long, or its mind cannot answer.
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
            if answer.outcome is not None and answer.judge == "feedback"
        ]
        found = refit(judged, await self._loaded())
        if found.accepted:
            kept = {"edition": EDITION, "weights": dict(found.weights)}
            await self._store.values.set(WEIGHTS, kept)
            self._weights = found.weights
            self._cache.clear()
        return found

    async def _answer(self, question: Question) -> AsyncGenerator[Generation, None]:
        start, draft = self._monotonic(), None
        read = await self._read(question)
        how, kept = await self._cache.find(read.writing.asked, read.key)
        changes = self._cache.changes
        if kept is not None:
            read, draft = replace(read, task=kept.task), kept.draft
            for piece in draft.composed.pieces:
                yield TextPiece(piece)
        else:
            read = replace(read, task=await self._task(question.text))
            async with aclosing(self._made(read)) as made:
                async for step in made:
                    if isinstance(step, Draft):
                        draft = step
                    else:
                        yield TextPiece(step)
        assert draft is not None, "what is made ends with a draft"
        seconds = self._monotonic() - start
        if kept is None:
            await self._cache.keep(
                read.writing.asked, read.key, draft, read.task, seconds=seconds, changes=changes
            )
        self.looked_up(how, max(0.0, kept.seconds - seconds) if kept else 0.0)
        answer = await self._keep(read, draft, seconds)
        size = len(draft.composed.text.encode())
        yield Finished(answer, acceptance=None, bytes_per_second=size / max(seconds, 1e-9))

    async def _read(self, question: Question) -> _Read:
        checked(question)
        choice = await chosen(question, self._minds)
        await self._loaded()
        said = await self._said_before(question.conversation_id, question.instead_of)
        last = next((each.text for each in reversed(said) if each.answer is not None), None)
        before = [each.text for each in said if each.role == "user"]
        asked = read_in_context(question.text, before, last)
        scope = None if question.scope is None else tuple(sorted(set(question.scope)))
        key = Key(scope, choice.info.id, question.max_bytes, question.method, question.temperature)
        writing = Writing(question, asked, _turns(said))
        return _Read(writing, key, choice)

    async def _task(self, text: str) -> Task:
        vector = None if self._embed is None else (await self._embed([text]))[0]
        return self._router.task(text, vector)

    async def _made(self, read: _Read) -> AsyncGenerator[str | Draft, None]:
        """Yield pieces of text, then the draft."""
        draft = await self._special(read) or await self._quoted(read)
        if draft is not None:
            for piece in draft.composed.pieces:
                yield piece
            yield draft
            return
        assert read.choice.mind is not None, "without one there are quotes"
        if read.task in UNGROUNDED:
            written = self._writer.freely(read.choice.mind, read.writing)
        else:
            question = read.writing.question
            found = await self._retriever.find(read.writing.asked, question.scope)
            written = self._writer.write(read.choice.mind, read.writing, found)
        async with aclosing(written) as steps:
            async for step in steps:
                yield step

    async def _special(self, read: _Read) -> Draft | None:
        """Return the answer of a specialist, None where none has one."""
        special = [each for task, each in self._specialists.items() if task == read.task]
        for each in (*self._first, *special):
            draft = await each.draft(read.writing.question, read.writing.asked)
            if draft is not None:
                return draft
        return None

    async def _quoted(self, read: _Read) -> Draft | None:
        """Return quotes, None where a mind is to write."""
        if read.choice.mind is not None:
            return None
        question = read.writing.question
        found = await self._retriever.find(read.writing.asked, question.scope)
        return quoted(
            read.writing.asked,
            found,
            threshold=self._settings.threshold,
            max_bytes=question.max_bytes,
        )

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
        question = read.writing.question
        answer = await self._store.conversations.record_turn(
            question.conversation_id,
            NewAnswer(
                question=question.text,
                text=draft.composed.text,
                confidence=draft.confidence,
                abstained=draft.abstained,
                citations=draft.composed.citations,
                mind_id=read.choice.info.id,
                task=draft.task or read.task,
                seconds=seconds,
                signals=draft.signals,
            ),
            instead_of=question.instead_of,
        )
        if "made.kept" in draft.signals and not draft.abstained:  # each sentence was checked
            kept = draft.signals["made.kept"]
            await self._store.judgements.judge(answer.id, kept, by="verification")
        if draft.shares:
            await self._store.minds.support(answer.id, draft.shares)
        return answer


def _turns(said: Sequence[MessageRecord]) -> tuple[Turn, ...]:
    return tuple(Turn(each.role, each.text, _quotes_strangers(each)) for each in said)


def _quotes_strangers(message: MessageRecord) -> bool:
    cited = message.answer.citations if message.answer is not None else ()
    return any(each.item_id.partition(":")[0] not in OWN for each in cited)
