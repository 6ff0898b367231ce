"""The store as a whole: what every method does under a lock and after the end, and its door."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import selfd_storage
from selfd_storage import (
    NewAnswer,
    NewArticle,
    NewCheckpoint,
    NewDocument,
    NewEngram,
    NewGoal,
    NewMemory,
    NewMind,
    NewThought,
    PlacedArticle,
    PollOutcome,
    RoomLimits,
    StorageError,
    Store,
    StoreBusyError,
    StoreClosedError,
)
from selfd_storage._sqlite import sqlite3
from selfd_storage.graph.follow import Place, Step
from selfd_storage.portable.lines import TABLES, Run
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

AT = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENT = NewDocument("/b", "text/plain", 1, b"", AT, [])
ANSWER = NewAnswer("q", "a", 1.0, False, (), "m", "t", 0.0)
OUTCOME = PollOutcome(AT, AT)
STEP = Step([], Place(1, 0, 0, None))
RUN = Run(0, dict.fromkeys(TABLES, 0))
CHECKPOINT = NewCheckpoint(None, None, "0" * 64, None, promoted=True, reason="it ships")
DAY = timedelta(days=1)
THOUGHT = NewThought(AT, "memory", 0.5, 1, 1, "Remembered memory:1.", ("memory:1",))
ARTICLE = NewArticle("g", "t", None, "", "", None)

# Every public method that can wait for the file, and how it is called on a store with one of each.
WRITES: dict[str, Callable[[Store], Awaitable[object]]] = {
    "checkpoints.activate": lambda s: s.checkpoints.activate("checkpoint:1"),
    "checkpoints.add": lambda s: s.checkpoints.add(CHECKPOINT),
    "checkpoints.let_go": lambda s: s.checkpoints.let_go(["checkpoint:1"]),
    "articles.mark": lambda s: s.articles.mark(["article:1"], read=True),
    "articles.mark_all_read": lambda s: s.articles.mark_all_read(feed_id=None, until=AT),
    "articles.rewrite": lambda s: s.articles.rewrite("article:1", text="t", html="", claims=[]),
    "conversations.add_feedback": lambda s: s.conversations.add_feedback("answer:1", rating=1),
    "conversations.remove": lambda s: s.conversations.remove("conversation:1"),
    "conversations.rename": lambda s: s.conversations.rename("conversation:1", "t"),
    "conversations.record_turn": lambda s: s.conversations.record_turn(None, ANSWER),
    "documents.put": lambda s: s.documents.put(DOCUMENT),
    "documents.remove": lambda s: s.documents.remove("/a"),
    "engrams.put": lambda s: s.engrams.put(NewEngram("b", "/b", 1, 1, 1, AT)),
    "events.append": lambda s: s.events.append("k"),
    "feeds.add": lambda s: s.feeds.add(url="https://new.example/", title="t"),
    "feeds.record_poll": lambda s: s.feeds.record_poll("feed:1", OUTCOME, [ARTICLE]),
    "feeds.remove": lambda s: s.feeds.remove("feed:1"),
    "judgements.judge": lambda s: s.judgements.judge("answer:1", 1.0, by="verification"),
    "jobs.create": lambda s: s.jobs.create("INGEST", {}),
    "jobs.save": lambda s: s.jobs.save("job:1", state="RUNNING"),
    "memories.add": lambda s: s.memories.add(NewMemory("new")),
    "memories.add_many": lambda s: s.memories.add_many([NewMemory("new")]),
    "memories.forget": lambda s: s.memories.forget("memory:1"),
    "memories.set_surprise": lambda s: s.memories.set_surprise("memory:1", 1.5),
    "memories.update": lambda s: s.memories.update("memory:1", text="new"),
    "nights.begin": lambda s: s.nights.begin("2026-01-02", ["a"]),
    "nights.end": lambda s: s.nights.end("night:1", "done"),
    "nights.lease": lambda s: s.nights.lease("night", "me", 9),
    "nights.release": lambda s: s.nights.release("night", "me"),
    "nights.save": lambda s: s.nights.save("night:1", note="waits"),
    "nights.step": lambda s: s.nights.step("night:1", 1, "DONE", ""),
    "minds.add": lambda s: s.minds.add(NewMind("new", "HTTP", "m", {})),
    "minds.measured": lambda s: s.minds.measured("mind:1", parameters=1.0),
    "minds.remove": lambda s: s.minds.remove("mind:1"),
    "minds.support": lambda s: s.minds.support("answer:1", {"mind:1": 1.0}),
    "graph.add": lambda s: s.graph.add("memory:1", []),
    "graph.rebuild": lambda s: s.graph.rebuild(),
    "graph.store": lambda s: s.graph.store(STEP, []),
    "reflections.add": lambda s: s.reflections.add(b"1", ["memory:1"], NewMemory("new")),
    "retention.shrink": lambda s: s.retention.shrink(AT, 9),
    "stories.place": lambda s: s.stories.place([PlacedArticle("article:1", "a")]),
    "terms.prune": lambda s: s.terms.prune(AT),
    "portable.put": lambda s: s.portable.put("memories", [{"text": "new"}], RUN),
    "tiers.drop_unused": lambda s: s.tiers.drop_unused(),
    "tiers.move": lambda s: s.tiers.move("memories", 0),
    "tiers.tighten": lambda s: s.tiers.tighten(),
    "values.set": lambda s: s.values.set("key", 1),
    "assessments.add": lambda s: s.assessments.add([], score=1.0, seconds=1.0),
    "goals.add": lambda s: s.goals.add(NewGoal("rest")),
    "goals.remove": lambda s: s.goals.remove("goal:1"),
    "goals.save": lambda s: s.goals.save("goal:1", progress=0.5),
    "self_versions.add": lambda s: s.self_versions.add({}),
    "self_versions.thin": lambda s: s.self_versions.thin(after=AT, before=AT, span=DAY),
    "thoughts.add": lambda s: s.thoughts.add(THOUGHT, heard=1),
}
READS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "articles.count": lambda s: s.articles.count(),
    "articles.get": lambda s: s.articles.get(["article:1"]),
    "articles.html": lambda s: s.articles.html("article:1"),
    "articles.unknown": lambda s: s.articles.unknown("feed:1", ["g"]),
    "articles.page": lambda s: s.articles.page(),
    "checkpoints.active": lambda s: s.checkpoints.active(),
    "checkpoints.all": lambda s: s.checkpoints.all(),
    "checkpoints.every": lambda s: s.checkpoints.every(),
    "checkpoints.learned_from": lambda s: s.checkpoints.learned_from("checkpoint:1"),
    "checkpoints.trained_on": lambda s: s.checkpoints.trained_on(["memory:1"]),
    "conversations.answers": lambda s: s.conversations.answers(["answer:1"]),
    "conversations.get": lambda s: s.conversations.get("conversation:1"),
    "conversations.messages": lambda s: s.conversations.messages("conversation:1"),
    "conversations.search": lambda s: s.conversations.search("q"),
    "judgements.feedback": lambda s: s.judgements.feedback(),
    "judgements.judged": lambda s: s.judgements.judged(),
    "conversations.page": lambda s: s.conversations.page(),
    "documents.chunks": lambda s: s.documents.chunks(["chunk:1"]),
    "documents.count": lambda s: s.documents.count(),
    "documents.under": lambda s: s.documents.under("/"),
    "engrams.all": lambda s: s.engrams.all(),
    "engrams.get": lambda s: s.engrams.get("engram:1"),
    "events.newest": lambda s: s.events.newest("k"),
    "events.latest": lambda s: s.events.latest(),
    "events.page": lambda s: s.events.page(0),
    "feeds.all": lambda s: s.feeds.all(),
    "feeds.due": lambda s: s.feeds.due(AT),
    "feeds.get": lambda s: s.feeds.get(["feed:1"]),
    "graph.by_numbers": lambda s: s.graph.by_numbers([1]),
    "graph.entities_in": lambda s: s.graph.entities_in("Ann"),
    "graph.items_naming": lambda s: s.graph.items_naming([1]),
    "graph.named": lambda s: s.graph.named("Ann"),
    "graph.next": lambda s: s.graph.next(1),
    "graph.sharing": lambda s: s.graph.sharing(["memory:1"]),
    "graph.statements": lambda s: s.graph.statements([1]),
    "feeds.next_due": lambda s: s.feeds.next_due(),
    "items": lambda s: s.items(["memory:1"]),
    "jobs.get": lambda s: s.jobs.get(["job:1"]),
    "jobs.page": lambda s: s.jobs.page(),
    "jobs.unfinished": lambda s: s.jobs.unfinished(),
    "memories.count": lambda s: s.memories.count(),
    "memories.get": lambda s: s.memories.get(["memory:1"]),
    "memories.latest": lambda s: s.memories.latest(),
    "memories.own_words": lambda s: s.memories.own_words([NewMemory("new")]),
    "memories.tellings": lambda s: s.memories.tellings(["memory:1"]),
    "memories.page": lambda s: s.memories.page(),
    "memories.unmeasured": lambda s: s.memories.unmeasured(after=None, first=5),
    "nights.latest": lambda s: s.nights.latest(),
    "nights.of_day": lambda s: s.nights.of_day("2026-01-01"),
    "minds.all": lambda s: s.minds.all(),
    "minds.get": lambda s: s.minds.get("mind:1"),
    "minds.track_records": lambda s: s.minds.track_records(),
    "reflections.is_done": lambda s: s.reflections.is_done(b"1"),
    "reflections.members": lambda s: s.reflections.members(),
    "reflections.quotes_of": lambda s: s.reflections.quotes_of(["memory:1"]),
    "reflections.quotes": lambda s: s.reflections.quotes("memory:1"),
    "report": lambda s: s.report(),
    "portable.begin": lambda s: s.portable.begin(),
    "portable.known": lambda s: s.portable.known("memories", [{"text": "old"}], RUN),
    "portable.read": lambda s: s.portable.read("memories", 0, 10),
    "search": lambda s: s.search("old"),
    "settle": lambda s: s.settle(),
    "stories.of": lambda s: s.stories.of(["article:1"]),
    "stories.page": lambda s: s.stories.page(since=AT, first=9),
    "stories.recent": lambda s: s.stories.recent(AT, 9),
    "stories.unplaced": lambda s: s.stories.unplaced(9),
    "terms.articles": lambda s: s.terms.articles([1]),
    "terms.history": lambda s: s.terms.history(AT, hours=24, least=1, limit=9),
    "terms.mentions": lambda s: s.terms.mentions(["a"], AT, AT),
    "tiers.open": lambda s: s.tiers.open(),
    "tiers.train": lambda s: s.tiers.train("memory"),
    "tiers.unlearn": lambda s: s.tiers.unlearn(),
    "values.get": lambda s: s.values.get("key"),
    "check": lambda s: s.check(),
    "check_structure": lambda s: s.check_structure(),
    "verify": lambda s: s.verify(),
    "assessments.newest": lambda s: s.assessments.newest(),
    "goals.all": lambda s: s.goals.all(),
    "self_versions.as_of": lambda s: s.self_versions.as_of(AT),
    "self_versions.count": lambda s: s.self_versions.count(),
    "thoughts.between": lambda s: s.thoughts.between(AT, AT),
    "thoughts.get": lambda s: s.thoughts.get(["thought:1"]),
    "thoughts.heard": lambda s: s.thoughts.heard(),
    "thoughts.page": lambda s: s.thoughts.page(),
    "track_record.attempts": lambda s: s.track_record.attempts(),
    "track_record.verified": lambda s: s.track_record.verified(),
    "track_record.census": lambda s: s.track_record.census(),
    "track_record.confidences": lambda s: s.track_record.confidences(),
    "track_record.first_notes": lambda s: s.track_record.first_notes(9, least=1, most=99),
    "track_record.long_texts": lambda s: s.track_record.long_texts(1, 9),
    "track_record.predictions": lambda s: s.track_record.predictions(),
    "track_record.ratings": lambda s: s.track_record.ratings(AT),
    "track_record.surprise": lambda s: s.track_record.surprise(),
}
FREE_OF_THE_FILE = {"articles.count", "documents.count", "memories.count"}
OUTSIDE_THE_SWEEP = {"backup", "checked", "close", "open"}  # a copy, and the end of things
PARTS = (
    "graph",
    "reflections",
    "assessments",
    "goals",
    "self_versions",
    "thoughts",
    "track_record",
    "articles",
    "checkpoints",
    "conversations",
    "documents",
    "engrams",
    "events",
    "feeds",
    "jobs",
    "judgements",
    "memories",
    "minds",
    "nights",
    "portable",
    "retention",
    "stories",
    "terms",
    "tiers",
    "values",
)


async def fill(store: Store) -> None:
    await store.memories.add(NewMemory("old"))
    await store.documents.put(NewDocument("/a", "text/plain", 1, b"", AT, []))
    await store.feeds.add(url="https://example.org/", title="t")
    await store.goals.add(NewGoal("learn"))
    await store.jobs.create("INGEST", {})
    await store.checkpoints.add(CHECKPOINT)
    await store.nights.begin("2026-01-01", ["a"])
    await store.conversations.record_turn(None, ANSWER)


@pytest.fixture
async def hasty(tmp_path: Path) -> Any:
    """A store with one of each that waits for a lock no longer than 50 ms."""
    async with await Store.open(tmp_path, limits=ANY_ROOM, busy_seconds=0.05) as store:
        await fill(store)
        yield store


async def test_the_sweeps_know_every_public_method(store: Store) -> None:
    found = {
        f"{part}.{name}"
        for part in PARTS
        for name, method in inspect.getmembers(getattr(store, part), inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    found |= {
        name
        for name, _ in inspect.getmembers(store, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert found == (WRITES.keys() | READS.keys() | OUTSIDE_THE_SWEEP)


@pytest.mark.parametrize("name", WRITES)
async def test_every_write_under_a_locked_file_fails_plainly_and_works_afterwards(
    hasty: Store, name: str
) -> None:
    other = sqlite3.connect(hasty.database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreBusyError, match="is held by another process"):
            await asyncio.wait_for(WRITES[name](hasty), 5)
    finally:
        other.close()
    await asyncio.wait_for(WRITES[name](hasty), 5)


@pytest.mark.parametrize("name", READS)
async def test_every_read_goes_on_while_another_process_writes(hasty: Store, name: str) -> None:
    other = sqlite3.connect(hasty.database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        await asyncio.wait_for(READS[name](hasty), 5)
    finally:
        other.close()


@pytest.mark.parametrize("name", [*WRITES, *sorted(READS.keys() - FREE_OF_THE_FILE)])
async def test_every_method_of_a_closed_store_says_so(tmp_path: Path, name: str) -> None:
    store = await Store.open(tmp_path, limits=ANY_ROOM)
    await fill(store)
    await store.close()
    with pytest.raises(StoreClosedError, match="the store is closed"):
        await asyncio.wait_for((WRITES | READS)[name](store), 5)


async def test_a_store_can_be_closed_twice_and_opened_again(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, limits=ANY_ROOM)
    await fill(store)
    await store.close()
    await store.close()
    async with await Store.open(tmp_path, limits=ANY_ROOM) as again:
        counts = [await part.count() for part in (again.memories, again.documents, again.articles)]
        assert counts == [1, 1, 0]
    assert not list(tmp_path.glob("*-wal"))


async def test_a_store_that_is_held_exclusively_cannot_be_opened(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM):
        pass
    other = sqlite3.connect(tmp_path / "selfd.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreBusyError, match="is held by another process"):
            await asyncio.wait_for(Store.open(tmp_path, busy_seconds=0.05), 5)
    finally:
        other.close()


async def test_opening_can_be_cancelled_at_any_moment_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    for milliseconds in range(0, 60, 3):
        task = asyncio.create_task(Store.open(tmp_path, limits=ANY_ROOM))
        await asyncio.wait([task], timeout=milliseconds / 1000)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            await task.result().close()
        for thread in set(threading.enumerate()) - before:
            if "asyncio" not in thread.name:  # the loop's own pool of threads goes on
                thread.join(5)
                assert not thread.is_alive(), f"cancelled after {milliseconds} ms"
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.memories.add(NewMemory("fine"))


async def test_a_store_short_of_room_reads_and_forgets_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await fill(store)
    async with await Store.open(tmp_path, limits=RoomLimits(floor=2**62, ballast=0)) as store:
        assert any("almost full" in problem for problem in store.problems())
        with pytest.raises(StorageError, match="free some space"):
            await store.memories.add(NewMemory("new"))
        assert (await store.memories.page()).total == 1
        assert await store.memories.forget("memory:1")


async def test_items_of_all_kinds_come_in_the_order_asked_for(store: Store) -> None:
    await store.memories.add(NewMemory("m"))
    await store.feeds.add(url="https://example.org/", title="t")
    await store.feeds.record_poll("feed:1", OUTCOME, [ARTICLE])
    ids = ["article:1", "memory:9", "memory:1", "feed:1", "", "article:1"]
    found = await store.items(ids)
    assert [item and item.id for item in found] == [
        "article:1", None, "memory:1", None, None, "article:1"
    ]  # fmt: skip


async def test_a_hit_says_what_the_item_said_then(store: Store) -> None:
    memory = await store.memories.add(NewMemory("the kettle is in the kitchen"))
    await store.feeds.add(url="https://example.org/", title="t")
    await store.feeds.record_poll(
        "feed:1", OUTCOME, [NewArticle("g", "Kettles", None, "s", "", AT)]
    )
    hits = {hit.item.id: hit for hit in await store.search("kettle")}
    assert hits[memory.id].text == "the kettle is in the kitchen"
    assert hits["article:1"].text == "Kettles\ns"
    assert [hit.item.id for hit in await store.search("kettle", scope=["MEMORY"])] == [memory.id]
    assert await store.search("kettle", first=0) == []


async def test_a_library_that_is_too_old_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_storage.store.OLDEST", (99, 0, 0))
    with pytest.raises(StorageError, match=r"selfd needs 99\.0\.0: install selfd\[sqlite\]"):
        await Store.open(tmp_path)


def test_the_door_is_what_it_says() -> None:
    assert len(set(selfd_storage.__all__)) == len(selfd_storage.__all__)
    for name in selfd_storage.__all__:
        assert getattr(selfd_storage, name) is not None


def test_the_door_is_cheap_to_go_through() -> None:
    look = "import sys, selfd_storage; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
