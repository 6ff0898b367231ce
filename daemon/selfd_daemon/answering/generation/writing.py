"""Answers that a mind writes: sentence by sentence, each shown once it has been checked."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

import structlog

from selfd_daemon.answering.composing import Composed, compose
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.generation.context import Passage, passages
from selfd_daemon.answering.generation.prompting import Turn, free, grounded, room_for_passages
from selfd_daemon.answering.generation.verifying import Checked, Entailment, check
from selfd_daemon.answering.question import Asked
from selfd_daemon.answering.retrieval.corrective import Confidence, Found
from selfd_daemon.answering.retrieval.origins import Names, origin
from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_daemon.minds import Delta, Ended, Message, Mind, Request
from selfd_graphql.ports import Question
from selfd_storage import ArticleRecord, CitationRecord
from selfd_storage.language.lexicon import telling_terms, terms

log = structlog.get_logger(__name__)

Unsupported: TypeAlias = Literal["drop", "mark"]
UNCHECKED = "(From the model alone; nothing that I keep backs it.)"
UNVERIFIED = "[unverified]"
UNSURE = "I am not sure of this."
CUT = "(The model broke off here.)"
LONGEST_CLOSING = max(len(UNSURE), len(CUT)) + 1  # bytes
LONGEST_TAIL = 2000  # characters without the end of a sentence, after which one is cut
_MARKS_AFTER = re.compile(r"([.!?]+)((?:\s*\[\d[\d\s,]*\])+)")
_BEGUN_MARK = re.compile(r"\[[\d\s,]*\]?")
_UNKNOWING = re.compile(r"\bI (?:do not|don['’]t) know\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be answered: a question as put, the same as read, and the talk so far."""

    question: Question
    asked: Asked
    said: Sequence[Turn] = ()


class Writer:
    """Has a mind write, and lets through what holds."""

    def __init__(
        self, confidence: Confidence, threshold: float, unsupported: Unsupported, rng: Random
    ) -> None:
        self._confidence = confidence
        self._threshold = threshold
        self._unsupported = unsupported
        self._rng = rng

    async def freely(self, mind: Mind, writing: Writing) -> AsyncGenerator[str | Draft, None]:
        """Yield what a mind says of itself, then the draft: code, plans, talk."""
        prompt = free(writing.asked, writing.said, self._rng)
        closing = f"\n{UNCHECKED}"
        request = _request(writing.question, prompt.messages, len(closing.encode()))
        told, ended = "", None
        async with aclosing(mind.generate(request)) as made:
            async for event in made:
                if isinstance(event, Delta):
                    piece = prompt.marked.cleared(event.text)
                    told += piece
                    yield piece
                else:
                    ended = event
        closing = (f"\n{CUT}" if ended is not None and ended.reason == "cut" else "") + closing
        yield closing
        signals = {"free.bias": 1.0}
        composed = Composed((told, closing), ())
        sure = self._confidence(signals)
        yield Draft(composed, sure, abstained=False, signals=signals, lasts=False)

    async def write(
        self, mind: Mind, writing: Writing, found: Found
    ) -> AsyncGenerator[str | Draft, None]:
        """Yield checked sentences, then the draft; nothing unchecked is ever yielded as checked."""
        limits = await mind.limits()
        question = writing.question
        budget = room_for_passages(limits.context_bytes, writing.said, question.max_bytes)
        given = passages(found.gathered.evidence, budget)
        prompt = grounded(writing.asked, given, writing.said, self._rng)
        entailment = _entailment(mind) if "score" in limits.abilities else None
        page = _Page(self._unsupported, question.max_bytes)
        held, ended = "", None
        async with aclosing(mind.generate(_request(question, prompt.messages, 0))) as made:
            async for event in made:
                if isinstance(event, Ended):
                    ended = event
                    break
                whole, held = _whole_sentences(held + event.text)
                for sentence in whole:
                    line = prompt.marked.plain(sentence)
                    if piece := page.take(
                        await check(line, given, question=writing.asked.said, entailment=entailment)
                    ):
                        yield piece
        if held.strip() and ended is not None and ended.reason == "stop":
            line = prompt.marked.plain(held)
            checked = await check(line, given, question=writing.asked.said, entailment=entailment)
            if piece := page.take(checked):
                yield piece
        for piece in self._ending(page, ended, found):
            yield piece
        yield self._draft(page, ended, found)

    def _ending(self, page: _Page, ended: Ended | None, found: Found) -> list[str]:
        """Return what is said after the last sentence, and put it on the page."""
        pieces: list[str] = []
        if not page.kept:
            unsure = compose(
                found.gathered.evidence,
                "anything",
                abstains=True,
                max_bytes=page.room,
                names=found.names,
            )
            pieces, page.citations = list(unsure.pieces), list(unsure.citations)
            page.pieces += pieces
            return pieces
        pieces = page.origins(found.names)
        if ended is not None and ended.reason == "cut":
            pieces.append(f"\n{CUT}")
        elif self._confidence(self._signals(page, ended, found)) < self._threshold:
            pieces.append(f"\n{UNSURE}")
        page.pieces += pieces
        return pieces

    def _draft(self, page: _Page, ended: Ended | None, found: Found) -> Draft:
        signals = self._signals(page, ended, found)
        sure = self._confidence(signals) if page.kept else 0.0
        log.info(
            "answer checked",
            sentences=len(page.checked),
            supported=sum(each.supported for each in page.checked),
            **{name: round(value, 3) for name, value in page.scores().items()},
            confidence=round(sure, 3),
        )
        composed = Composed(tuple(page.pieces), tuple(page.citations))
        is_whole = ended is not None and ended.reason != "cut"
        abstained = not page.kept or sure < self._threshold
        shares = ended.support if ended is not None else {}
        return Draft(composed, sure, abstained, signals, lasts=is_whole, shares=shares)

    def _signals(self, page: _Page, ended: Ended | None, found: Found) -> Mapping[str, float]:
        shares = ended.support.values() if ended is not None else ()
        return {
            "made.retrieval": (max(-5.0, min(5.0, _logit(found.sure))) + 5) / 10,
            "made.kept": sum(each.supported for each in page.checked) / max(1, len(page.checked)),
            "made.support": page.scores().get("lexical", 0.0),
            "made.agreement": max(shares, default=0.5),
            "made.bias": 1.0,
        }


class _Page:
    """What has been written and checked so far."""

    def __init__(self, unsupported: Unsupported, room: int) -> None:
        self._marks = unsupported == "mark"
        self.room = room
        self.checked: list[Checked] = []
        self.pieces: list[str] = []
        self.citations: list[CitationRecord] = []
        self._numbers: dict[str, int] = {}
        self._articles: dict[int, ArticleRecord] = {}

    @property
    def kept(self) -> bool:
        """Whether at least one sentence is backed."""
        return any(each.supported for each in self.checked)

    def take(self, checked: Checked) -> str | None:
        """Return what is shown of a sentence, None where it is dropped."""
        if not checked.text or _UNKNOWING.search(checked.text):
            return None
        self.checked.append(checked)
        if not checked.supported:
            return self._show(f"{checked.text} {UNVERIFIED}") if self._marks else None
        numbers = [self._numbers.get(each.item.id) for each in checked.sources]
        new = iter(range(len(self._numbers) + 1, 100))
        marks = "".join(f"[{number or next(new)}]" for number in numbers)
        shown = self._show(f"{checked.text} {marks}")
        if shown is None:
            self.checked.pop()
        else:
            for each in checked.sources:
                self._cite(each, checked)
        return shown

    def _show(self, sentence: str) -> str | None:
        piece = f" {sentence}" if self.pieces else sentence
        if len(piece.encode()) > self.room - (LONGEST_CLOSING if self.pieces else 0):
            return None
        self.room -= len(piece.encode())
        self.pieces.append(piece)
        return piece

    def origins(self, names: Names) -> list[str]:
        """Return lines that name source and date of the articles it rests on, if there is room."""
        pieces: list[str] = []
        for number, article in self._articles.items():
            piece = f"\n[{number}] {origin(article, names)}"
            if len(piece.encode()) > self.room - LONGEST_CLOSING:
                break
            self.room -= len(piece.encode())
            pieces.append(piece)
        return pieces

    def scores(self) -> dict[str, float]:
        """Return the mean figures of the checks of what is backed."""
        kept = [each.scores for each in self.checked if each.supported]
        names = {name for each in kept for name in each}
        return {name: sum(each.get(name, 0.0) for each in kept) / len(kept) for name in names}

    def _cite(self, passage: Passage, checked: Checked) -> None:
        """Note a source; its quote is the sentence of it that is nearest to what it backs."""
        if passage.item.id in self._numbers:
            return
        wanted = set(telling_terms(checked.text))
        quote = max(
            (part.text for part in sentences(passage.text)),
            key=lambda part: len(wanted.intersection(terms(part))),
            default=passage.text,
        )
        number = self._numbers[passage.item.id] = len(self._numbers) + 1
        if isinstance(passage.item, ArticleRecord):
            self._articles[number] = passage.item
        score = round(checked.scores["lexical"], 4)
        self.citations.append(CitationRecord(passage.item.id, quote, score))


def _request(question: Question, messages: tuple[Message, ...], kept_free: int) -> Request:
    return Request(
        messages,
        max_bytes=max(1, question.max_bytes - kept_free),
        temperature=question.temperature,
        method=question.method,  # type: ignore[arg-type]  # the API's enum has these values
    )


def _whole_sentences(text: str) -> tuple[list[str], str]:
    """Return the sentences that have ended for sure, each with its marks, and the rest."""
    text = _MARKS_AFTER.sub(r"\2\1", text)  # It rained. [1] And so on.
    found = list(sentences(text))
    if not found:
        return [], text
    if len(text) - found[-1].start > LONGEST_TAIL:
        return [each.text for each in found], ""
    last = found.pop()
    if found and _BEGUN_MARK.fullmatch(last.text):
        last = found.pop()
    return [each.text for each in found], text[last.start :]


def _entailment(mind: Mind) -> Entailment:
    async def saved(sentence: str, sources: str) -> float:
        alone = (await mind.score(sentence)).bits
        after = (await mind.score(sentence, after=sources)).bits
        return max(0.0, min(1.0, 1 - after / max(alone, 1e-9)))

    return saved


def _logit(p: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return math.log(p / (1 - p))
