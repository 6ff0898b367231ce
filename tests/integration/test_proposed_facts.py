"""A larger mind behind a real server proposes facts; what the words of a memory say is kept."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.consolidation import ConsolidationService
from selfd_daemon.facts.proposing import Proposing
from selfd_daemon.facts.service import FactService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import MindService
from selfd_storage import JobRecord, NewMemory, Store
from selfd_storage.times import utc_now
from support.storage import ANY_ROOM
from support.talking import talking_server

pytestmark = pytest.mark.anyio

CLOCKS = "Tom repairs clocks in Ghent, and his brother bakes bread."
MOVED = "Maya resides in Porto, and the rent is low."
SAID = (
    "Here is what the note says:\n",
    "- Tom | repairs | clocks | Tom repairs clocks in Ghent\n",
    "- Tom | repairs | cars | Tom repairs clocks in Ghent\n",  # the object is not in the words
    "- Tom | repairs | clocks | Tom repairs old clocks\n",  # the words are not in the note
    "Maya | resides in | Porto | Maya resides in Porto\n",
    "me | am fond of | figs\n",
    "past: me | works at | Acme | I left Acme in March\n",
    "none",
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as opened:
        yield opened


@pytest.fixture
async def minds(store: Store) -> AsyncIterator[MindService]:
    service = MindService(store)
    yield service
    await service.close()


@pytest.fixture
async def jobs(store: Store, minds: MindService) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    proposing = Proposing(store, FactService(store), minds)
    ConsolidationService(store, runner, now=utc_now, propose=proposing.run)
    yield runner
    await runner.stop()


async def consolidate(jobs: JobRunner) -> JobRecord:
    job = await jobs.start("CONSOLIDATE", {})
    done = [record async for record in jobs.progress(job.id)][-1]
    assert done.state == "SUCCEEDED", done.error
    return done


async def told(store: Store) -> set[tuple[str, str, str, str]]:
    found = await store.graph.statements(list(range(1, 50)))
    return {
        (each.subject, each.predicate, each.object, each.item_id)
        for each in found
        if each.origin == "MIND"
    }


async def test_only_what_the_words_say_is_kept_and_each_memory_is_shown_once(
    store: Store, minds: MindService, jobs: JobRunner
) -> None:
    for text in (CLOCKS, MOVED, "How are you, Tom?", "I left Acme in March, it was time."):
        await store.memories.add(NewMemory(text))
    reflection = NewMemory("Tom repairs clocks in Ghent, he says.", kind="REFLECTION")
    await store.memories.add(reflection)
    async with talking_server(SAID) as url:
        mind = await minds.add(name="talker", kind="HTTP", model=url, options={})
        first = await consolidate(jobs)
        again = await consolidate(jobs)
        await store.memories.add(NewMemory("Tom repairs clocks in Bruges too, at night."))
        third = await consolidate(jobs)
    assert mind.kind == "HTTP"
    assert first.metrics["mind"] == "talker"
    assert first.metrics["read_by_mind"] == 3  # a question states nothing, a reflection is ours
    assert again.metrics["read_by_mind"] == 0
    assert third.metrics["read_by_mind"] == 1
    assert await told(store) == {("Tom", "repairs", "clocks", "memory:1")}


async def test_a_mind_that_says_it_otherwise_is_read_in_our_words(
    store: Store, minds: MindService, jobs: JobRunner
) -> None:
    """What the rules would not read of a sentence may still end what they had read of another."""
    facts = FactService(store)
    at = datetime(2026, 1, 5, tzinfo=UTC)
    await store.memories.add(NewMemory("Maya lives in Oslo.", at=at))
    text = "These days Maya, as of May, calls home and resides in Porto, her own flat."
    await store.memories.add(NewMemory(text, at=datetime(2026, 6, 1, tzinfo=UTC)))
    await facts.catch_up()
    async with talking_server(["Maya | resides in | Porto"]) as url:
        await minds.add(name="talker", kind="HTTP", model=url, options={})
        await consolidate(jobs)
    entity = await facts.entity("Maya")
    assert entity is not None
    relations = await facts.relations(entity, first=10, as_of=None)
    assert [(each.predicate, each.object, each.valid_to is None) for each in relations] == [
        ("lives in", "Porto", True),
        ("lives in", "Oslo", False),
    ]


async def test_without_a_larger_mind_nothing_is_proposed(store: Store, jobs: JobRunner) -> None:
    await store.memories.add(NewMemory(CLOCKS))
    done = await consolidate(jobs)
    assert (done.metrics["mind"], done.metrics["facts_kept"]) == (None, 0)


async def test_a_server_that_is_gone_is_told_and_the_memory_is_shown_another_time(
    store: Store, minds: MindService, jobs: JobRunner
) -> None:
    await store.memories.add(NewMemory(CLOCKS))
    async with talking_server(SAID) as url:
        await minds.add(name="talker", kind="HTTP", model=url, options={})
    done = await consolidate(jobs)
    assert done.metrics["facts_kept"] == 0
    assert "talker" in done.metrics["mind_trouble"] or "127.0.0.1" in done.metrics["mind_trouble"]
