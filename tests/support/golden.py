"""Files that past selfds left, kept as SQL, with what a store must read from each.

Whoever adds a step runs `python tests/support/golden.py` once and commits `schema<N>.sql` and its
`.jsonl`; whoever makes a release runs it with the version and commits `release-<VERSION>.sql` and
its `.jsonl`. Those of earlier schemas and releases are never made again. A record may gain fields,
what was there must stay.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from selfd_storage import (
    CitationRecord,
    NewAnswer,
    NewArticle,
    NewChunk,
    NewDocument,
    NewMemory,
    PollOutcome,
    RoomLimits,
    Store,
)
from selfd_storage.schema.steps import STEPS

FOLDER = Path(__file__).parents[1] / "unit" / "storage" / "golden"
SCHEMAS = sorted(FOLDER.glob("schema*.sql"), key=lambda path: int(path.stem[6:]))
RELEASES = sorted(FOLDER.glob("release-*.sql"))
START = datetime(2026, 1, 1, tzinfo=UTC)


def build(schema: Path, path: Path) -> None:
    """Make the database file that an older selfd had left."""
    connection = sqlite3.connect(path)
    connection.executescript(schema.read_text("utf-8"))
    connection.close()


async def read_everything(store: Store) -> list[Any]:
    """Return all that the store holds, as JSON."""
    conversations = (await store.conversations.page(first=100)).items
    found: list[Any] = [
        *(await store.memories.page(first=100)).items,
        *(await store.memories.page(first=100, as_of=START + timedelta(hours=1))).items,
        *await store.documents.under("/"),
        *await store.documents.chunks(["chunk:1", "chunk:2", "chunk:3"]),
        *await store.feeds.all(),
        *(await store.articles.page(first=100)).items,
        *conversations,
        *[
            message
            for each in conversations
            for message in await store.conversations.messages(each.id)
        ],
        *(await store.jobs.page(first=100)).items,
        *await store.events.page(0),
        await store.values.get("born"),
    ]
    plain = [asdict(each) if is_dataclass(each) else each for each in found]  # type: ignore[arg-type]
    read: list[Any] = json.loads(json.dumps(plain, default=str))
    return read


def still_holds(now: Any, then: Any) -> bool:
    """Tell whether everything of `then` is in `now`, which may have more fields.

    How important a memory is follows from the rest and from the clock: it is not kept.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        kept = then.keys() - {"importance"}
        return all(name in now and still_holds(now[name], then[name]) for name in kept)
    if isinstance(then, list) and isinstance(now, list):
        return len(now) == len(then) and all(map(still_holds, now, then))
    return bool(now == then)


async def fill(store: Store) -> None:
    """Write a little of everything."""
    cat = await store.memories.add(
        NewMemory("Ada is the name of my cat.", "FACT", ("cat", "home"), "chat", START)
    )
    await store.memories.add(NewMemory("ada is the name of my cat.", "FACT", (), "chat", START))
    await store.memories.add(NewMemory("Rain all day. " * 20, "EPISODE", surprise=1.5))
    await store.memories.update(cat.id, text="Ada was the name of my cat.", tags=["cat"])
    chunks = [NewChunk("one two", 1, 2), NewChunk("three", 3, 3)]
    await store.documents.put(
        NewDocument("/notes/a.txt", "text/plain", 14, b"\x01" * 16, START, chunks)
    )
    feed = await store.feeds.add(url="https://example.org/feed", title="Example")
    outcome = PollOutcome(START, START + timedelta(hours=1), etag='"1"', body_hash=b"\x02" * 16)
    news = NewArticle("g1", "News", "https://example.org/1", "Short.", "Long. " * 30, START, "<p>")
    await store.feeds.record_poll(feed.id, outcome, [news])
    citations = (CitationRecord(cat.id, "Ada was the name", 0.75),)
    answer = NewAnswer("Who?", "Ada was the name", 0.5, False, citations, "builtin", "fact", 0.25)
    given = await store.conversations.record_turn(None, answer)
    await store.conversations.add_feedback(given.id, rating=1, correction="yes")
    job = await store.jobs.create("INGEST", {"path": "/notes"})
    await store.jobs.save(job.id, state="SUCCEEDED", progress=1.0, metrics={"files": 1})
    await store.values.set("born", START.isoformat())


async def _write(name: str) -> None:
    moments = iter(range(10_000))
    limits = RoomLimits(floor=0, ballast=0)
    target = FOLDER / f"{name}.sql"
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        now = lambda: START + timedelta(minutes=next(moments))  # noqa: E731
        async with await Store.open(Path(folder), now=now, limits=limits) as store:
            await fill(store)
            read = [json.dumps(each) for each in await read_everything(store)]
            target.with_suffix(".jsonl").write_text("\n".join(read) + "\n", "utf-8")
        connection = sqlite3.connect(Path(folder) / "selfd.db")
        header = [
            f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        ]
        target.write_text("\n".join([*header, *connection.iterdump()]) + "\n", "utf-8")
        connection.close()


if __name__ == "__main__":
    released = f"release-{sys.argv[1]}" if sys.argv[1:] else None
    asyncio.run(_write(released or f"schema{len(STEPS)}"))
