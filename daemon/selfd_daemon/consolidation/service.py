"""The nightly CONSOLIDATE job: each episode that is over gets one reflection, and keeps it.

It only adds. Every episode is one transaction, so that a stop in the middle costs nothing: the next
run finds what is done, by a hash over each episode's memories, and goes on with the rest. Then a
larger mind of the owner's, where there is one, reads memories for facts (facts/proposing.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from selfd_daemon.clock import Now
from selfd_daemon.consolidation.episodes import Episodes, fingerprint
from selfd_daemon.consolidation.extract import SMALLEST, extract
from selfd_daemon.facts.clauses import speaker_of
from selfd_daemon.facts.proposing import Proposed
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_storage import EpisodeMember, MemoryRecord, NewMemory, SourceQuote, Store

Propose = Callable[[], Awaitable[Proposed]]

PAGE = 1000  # memories that are listed at once
SOURCE = "reflections"  # an episode of their own, so that they are nobody's neighbours


class ConsolidationService:
    """Registers and does the job."""

    def __init__(
        self, store: Store, jobs: JobRunner, *, now: Now, propose: Propose | None = None
    ) -> None:
        """Take what has a larger mind read memories for facts and tells what came of it, if any."""
        self._store = store
        self._propose = propose
        self._now = now
        jobs.register("CONSOLIDATE", self._consolidate)

    async def _consolidate(self, context: JobContext) -> Mapping[str, Any]:
        """Reflect on every episode that is over and was not reflected on as it is now."""
        total = max(1, await self._store.memories.count())
        counts: Counter[str] = Counter()
        async for members, seen in self._episodes():
            counts["episodes"] += 1
            counts["reflections"] += await self._reflect(members)
            await context.report(seen / total, _told(counts))
        found: dict[str, Any] = {
            "episodes": counts["episodes"],
            "reflections": counts["reflections"],
        }
        told = _told(counts)
        if self._propose is not None:
            await context.report(0.99, "a larger mind reads for facts, if there is one")
            facts = await self._propose()
            found |= facts.told()
            told += f"; {facts.kept} facts that {facts.mind} read" if facts.mind else ""
        await context.report(1.0, told)
        return found

    async def _episodes(self) -> AsyncIterator[tuple[list[EpisodeMember], int]]:
        """Yield the episodes that are over, and how many memories were looked at by then."""
        episodes, seen = Episodes(), 0
        last: EpisodeMember | None = None
        while page := await self._store.reflections.members(last, PAGE):
            for member in page:
                seen += 1
                for members in episodes.take(member):
                    yield members, seen
            last = page[-1]
        for members in episodes.over(self._now()):
            yield members, seen

    async def _reflect(self, members: list[EpisodeMember]) -> int:
        """Reflect on one episode, unless that was done; return how many reflections it got."""
        mark = fingerprint(members)
        if len(members) < SMALLEST or await self._store.reflections.is_done(mark):
            return 0
        ids = [member.id for member in members]
        found = await self._store.items(ids)
        memories = [item for item in found if isinstance(item, MemoryRecord)]
        quotes = await asyncio.to_thread(extract, memories)
        new = reflection(memories, quotes) if quotes else None
        return int(await self._store.reflections.add(mark, ids, new, quotes) is not None)


def _told(counts: Mapping[str, int]) -> str:
    return f"new reflections: {counts['reflections']}, episodes that are over: {counts['episodes']}"


def reflection(memories: Sequence[MemoryRecord], quotes: Sequence[SourceQuote]) -> NewMemory:
    """Put what was chosen into one text: when, of how many memories, and their words."""
    by_id = {memory.id: memory for memory in memories}
    first, last = memories[0], memories[-1]
    days = f"{first.created_at:%Y-%m-%d}"
    if last.created_at.date() != first.created_at.date():
        days += f" to {last.created_at:%Y-%m-%d}"
    where = f", {first.source}" if first.source else ""
    lines = [f"From {len(memories)} memories of {days}{where}:"]
    for each in quotes:
        speaker = speaker_of(by_id[each.memory_id].text)
        lines.append(f"- {speaker}: {each.quote}" if speaker else f"- {each.quote}")
    return NewMemory("\n".join(lines), kind="REFLECTION", source=SOURCE, at=last.created_at)
