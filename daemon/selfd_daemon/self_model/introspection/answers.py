"""Questions about selfd itself, answered from its self-model and its journal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfd_daemon.clock import Now
from selfd_daemon.self_model.introspection.periods import Period, named_period
from selfd_daemon.self_model.introspection.topics import topic_of
from selfd_graphql.ports import SelfModelInfo
from selfd_storage import CitationRecord, Store, ThoughtRecord

FIDELITY = "report fidelity"  # the test of an assessment whose value answers are trusted by
QUESTIONS = 20  # that it asks
MOST_TOLD = 8  # journal entries
READ_BACK = 1000  # journal entries of a period that are looked through
TASK = "self"

_DID = re.compile(
    r"\bwhat (?:did|have|were|had) you "
    r"(?:do|done|doing|learn|learned|read|notice|noticed|been (?:doing|up to))\b"
    r"|\bwhat (?:has )?happened (?:to|with) you\b|\byour (?:day|night|journal|diary)\b"
)
_STARTED = re.compile(r"\bwhen (?:did|were) you (?:last )?(?:start|started|restarted|begin)\b")

Look = Callable[[], Awaitable[SelfModelInfo]]


@dataclass(frozen=True, slots=True)
class SelfAnswer:
    """An answer about selfd itself; each citation quotes an entry of the journal whole."""

    text: str
    confidence: float
    citations: tuple[CitationRecord, ...]


class Introspection:
    """Answers what it can about selfd; whoever answers other questions asks here first."""

    def __init__(self, store: Store, look: Look, *, now: Now) -> None:
        self._store = store
        self._look = look
        self._now = now

    async def answer(self, question: str) -> SelfAnswer | None:
        """Answer a question about selfd itself, None where it is about something else."""
        plain = " ".join(question.lower().split())
        if _STARTED.search(plain):
            return await self._started()
        if _DID.search(plain):
            now = self._now().astimezone()
            return await self._did(named_period(plain, now) or _today(now))
        topic = topic_of(question)
        if topic is None:
            return None
        model = await self._look()
        held = model.attention_id if topic.name == "attention" else None
        cited = [] if held is None else await self._store.thoughts.get([held])
        return await self._answered(topic.words(model), [each for each in cited if each])

    async def _did(self, period: Period) -> SelfAnswer:
        """Tell what the journal has of a period: the most salient, in the order of time."""
        since, until = period.since, period.until
        entries = await self._store.thoughts.between(since, until, first=READ_BACK)
        when = _range(since, until)
        if not entries:
            return await self._answered(
                f"My journal has nothing of {period.name} ({when}).", entries
            )
        weighty = sorted(entries, key=lambda each: each.salience, reverse=True)[:MOST_TOLD]
        told = sorted(weighty, key=lambda each: (each.at, each.id))
        count = "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"
        lines = [
            f"{each.at.astimezone():%H:%M} {each.text} [{number}]"
            for number, each in enumerate(told, start=1)
        ]
        intro = f"My journal has {count} of {period.name} ({when})"
        shown = ":" if len(told) == len(entries) else f", of which the {len(told)} most salient:"
        return await self._answered("\n".join([intro + shown, *lines]), told)

    async def _started(self) -> SelfAnswer:
        now = self._now()
        page = await self._store.events.newest("daemon.started")
        if page is None:
            return await self._answered("My log has no start any more.", [])
        until = now + timedelta(milliseconds=1)
        entries = await self._store.thoughts.between(page.at, until, first=READ_BACK)
        cited = [each for each in entries if each.first <= page.sequence <= each.last][:1]
        return await self._answered(
            f"I last started on {page.at.astimezone():%Y-%m-%d at %H:%M}.", cited
        )

    async def _answered(self, text: str, cited: Sequence[ThoughtRecord]) -> SelfAnswer:
        citations = tuple(CitationRecord(each.id, each.text, each.salience) for each in cited)
        return SelfAnswer(text, await self._trust(), citations)

    async def _trust(self) -> float:
        """Return how far such answers can be trusted: Laplace's rule over the last test of them."""
        for assessment in await self._store.assessments.newest(1):
            for test in assessment.tests:
                if test.name == FIDELITY and test.measured:
                    return (test.value * QUESTIONS + 1) / (QUESTIONS + 2)
        return 0.5


def _today(now: datetime) -> Period:
    found = named_period("today", now)
    assert found is not None, "it is in the table"
    return found


def _range(since: datetime, until: datetime) -> str:
    if (until - since).days == 1 and since.hour == 0:
        return f"{since:%Y-%m-%d}"
    return f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"
