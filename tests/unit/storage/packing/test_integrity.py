"""A flipped byte is found, named, and never served; SQLite alone would say nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_storage import (
    IntegrityError,
    NewAnswer,
    NewArticle,
    NewChunk,
    NewDocument,
    NewMemory,
    PollOutcome,
    Store,
)
from selfd_storage._sqlite import sqlite3
from selfd_storage.health.verification import TABLES
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

AT = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def fill(store: Store) -> None:
    """Write one row of every hashed kind, each with a word of its own in it."""
    memory = await store.memories.add(NewMemory("formerly-memory"))
    await store.memories.update(memory.id, text="presently-memory")
    chunk = NewChunk("somewhere-chunk", 1, 1)
    await store.documents.put(NewDocument("/a", "text/plain", 1, b"", AT, [chunk]))
    feed = await store.feeds.add(url="https://example.org/", title="t")
    article = NewArticle("g", "newly-article", None, "", "", AT)
    await store.feeds.record_poll(feed.id, PollOutcome(AT, AT), [article])
    answer = NewAnswer("why " * 30 + "asked-message", "said-message", 1.0, False, (), "m", "t", 0.0)
    await store.conversations.record_turn(None, answer)


FLIPS = {
    "presently-memory": "memory:1",
    "formerly-memory": "memory:1",
    "somewhere-chunk": "chunk:1",
    "newly-article": "article:1",
    "asked-message": "message:1",
    "said-message": "message:2",
}
READS: dict[str, Callable[[Store], object]] = {
    "presently-memory": lambda store: store.memories.get(["memory:1"]),
    "formerly-memory": lambda store: store.memories.get(["memory:1"], as_of=START),
    "somewhere-chunk": lambda store: store.documents.chunks(["chunk:1"]),
    "newly-article": lambda store: store.articles.get(["article:1"]),
    "asked-message": lambda store: store.conversations.messages("conversation:1"),
    "said-message": lambda store: store.conversations.answers(["answer:1"]),
}


def flip(path: Path, word: str) -> None:
    """Flip one bit in the middle of a word that the file holds once."""
    content = bytearray(path.read_bytes())
    position = content.index(word.encode())
    assert content.count(word.encode()) == 1
    content[position + len(word) // 2] ^= 1
    path.write_bytes(content)


def integrity_check(path: Path) -> str:
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return str(found)


class LateClock:
    """A clock that moves on by an hour at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> datetime:
        self.looks += 1
        return START.replace(hour=12 + min(self.looks, 10) - 1)


@pytest.mark.parametrize("word", FLIPS)
async def test_a_flipped_bit_is_found_named_and_never_served(tmp_path: Path, word: str) -> None:
    async with await Store.open(tmp_path, now=LateClock(), limits=ANY_ROOM) as store:
        await fill(store)
        assert await store.verify() == []
    flip(tmp_path / "selfd.db", word)
    assert integrity_check(tmp_path / "selfd.db") == "ok", "SQLite notices nothing"
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        assert await store.verify() == [FLIPS[word]]
        assert any(FLIPS[word] in problem for problem in store.problems())
        with pytest.raises(IntegrityError, match=f"{FLIPS[word]} no longer matches") as caught:
            await READS[word](store)  # type: ignore[misc]
        assert caught.value.id == FLIPS[word]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("memories", "at", "at + 1"),
        ("memories", "kind", "0"),
        ("memories", "source_id", "5"),
        ("memories", "tags", "'[1]'"),
        ("memories", "tags", "'[1'"),
        ("memories", "size", "size + 1"),
        ("memories", "codec", "1 - codec"),
        ("memories", "codec", "99"),
        ("memories", "hash", "zeroblob(16)"),
        ("memory_versions", "valid_from", "valid_from - 1"),
        ("articles", "published_at", "published_at + 1"),
        ("messages", "role", "1 - role"),
    ],
)
async def test_columns_that_give_a_text_its_meaning_are_covered_too(
    store: Store, table: str, column: str, value: str
) -> None:
    await fill(store)
    statement = f"UPDATE {table} SET {column} = {value} WHERE id = 1"
    await store.database.write(lambda tx: tx.execute(statement).close())
    assert len(await store.verify()) == 1
    assert (await store.memories.page()).items == [] or table != "memories"


async def test_a_damaged_row_is_left_out_of_pages_and_items_and_said(store: Store) -> None:
    await store.memories.add_many([NewMemory(text) for text in ("one", "two", "three")])
    statement = "UPDATE memories SET body = CAST('tow' AS BLOB) WHERE id = 2"
    await store.database.write(lambda tx: tx.execute(statement).close())
    assert [memory.text for memory in (await store.memories.page()).items] == ["three", "one"]
    found = await store.items(["memory:1", "memory:2", "memory:3"])
    assert [item and item.text for item in found] == ["one", None, "three"]
    assert any("memory:2 is damaged" in problem for problem in store.problems())


async def test_a_damaged_memory_can_be_forgotten_and_is_no_problem_then(store: Store) -> None:
    await store.memories.add(NewMemory("one"))
    await store.database.write(lambda tx: tx.execute("UPDATE memories SET body = x'00'").close())
    with pytest.raises(IntegrityError, match="memory:1"):
        await store.memories.update("memory:1", text="two")
    assert await store.verify() == ["memory:1"]
    assert await store.memories.forget("memory:1")
    assert await store.verify() == []
    assert not any("memory:1" in problem for problem in store.problems())
    assert (await store.memories.add(NewMemory("one"))).id == "memory:2"


async def test_slices_get_to_every_row_in_turn(store: Store) -> None:
    await fill(store)
    await store.memories.add_many([NewMemory(f"number {number}") for number in range(20)])
    await store.database.write(
        lambda tx: tx.execute("UPDATE memories SET body = x'00' WHERE id % 7 = 0").close()
    )
    whole = await store.verify()
    assert whole == ["memory:7", "memory:14", "memory:21"]
    for size in (1, 3, 4, 1000):
        await store.values.set("verification.place", [0, 0])
        found: list[str] = []
        while True:
            found += await store.verify(size)
            if await store.values.get("verification.place") == [0, 0]:
                break
        assert found == whole, f"slices of {size}"


async def test_every_table_with_a_hash_is_walked(store: Store) -> None:
    hashed = await store.database.read(
        lambda db: {
            str(name)
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if {"hash", "body"} <= {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
        }
    )
    assert hashed == {table.statement.split(" FROM ")[1].split()[0] for table in TABLES}


async def test_an_article_that_is_damaged_is_left_out_of_its_page(store: Store) -> None:
    await fill(store)
    body = json.dumps(["g", "x", None, "", "", ""])
    await store.database.write(
        lambda tx: tx.execute("UPDATE articles SET body = CAST(:b AS BLOB)", {"b": body}).close()
    )
    page = await store.articles.page()
    assert (list(page.items), page.total) == ([], 1)
