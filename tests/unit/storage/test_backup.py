"""A backup is whole, checked, private, and never written over anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from selfd_storage import (
    DuplicateError,
    InvalidInputError,
    NewMemory,
    NotADatabaseError,
    Store,
)
from selfd_storage._sqlite import sqlite3
from selfd_storage.backup import write_copy
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


async def test_a_backup_can_be_opened_in_place_of_the_store(store: Store, tmp_path: Path) -> None:
    memory = await store.memories.add(NewMemory("kept", tags=("t",)))
    target = tmp_path / "elsewhere" / "selfd.db"
    target.parent.mkdir()
    record = await store.backup(target)
    assert record.verified
    assert (record.path, record.bytes) == (str(target), target.stat().st_size)
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in target.parent.iterdir()] == ["selfd.db"]
    async with await Store.open(target.parent, limits=ANY_ROOM) as copy:
        assert await copy.memories.get([memory.id]) == [memory]
        assert [hit.item.id for hit in await copy.search("kept")] == [memory.id]
        assert (await copy.memories.add(NewMemory("new"))).id == "memory:2"


async def test_a_backup_is_of_one_moment_while_the_store_is_written_to(store: Store) -> None:
    await store.memories.add_many([NewMemory(f"before {number}") for number in range(500)])

    async def write() -> None:
        for number in range(50):
            await store.memories.add_many([NewMemory(f"{number}a"), NewMemory(f"{number}b")])

    record, _ = await asyncio.gather(store.backup(store.folder / "copy.db"), write())
    copy = sqlite3.connect(record.path)
    (count,) = copy.execute("SELECT count(*) FROM memories").fetchone()
    copy.close()
    assert record.verified
    assert count >= 500
    assert count % 2 == 0, "half a transaction"


async def test_a_backup_of_damaged_rows_does_not_claim_to_be_good(store: Store) -> None:
    await store.memories.add_many([NewMemory("good"), NewMemory("bad")])
    statement = "UPDATE memories SET body = CAST('dab' AS BLOB) WHERE id = 2"
    await store.database.write(lambda tx: tx.execute(statement).close())
    record = await store.backup(store.folder / "copy.db")
    assert not record.verified
    assert Path(record.path).exists(), "the good rows in it are worth keeping"


async def test_a_store_that_is_damaged_in_its_structure_gives_no_backup(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.memories.add_many([NewMemory(f"{n} " * 50) for n in range(500)])
    path = tmp_path / "selfd.db"
    content = bytearray(path.read_bytes())
    content[-40 * 4096 : -20 * 4096] = b"\xff" * (20 * 4096)
    path.write_bytes(content)
    with pytest.raises(NotADatabaseError, match="restore"):
        write_copy(path, tmp_path / "copy.db")
    assert sorted(found.name for found in tmp_path.glob("copy*")) == []


async def test_a_backup_never_replaces_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DuplicateError, match="is there already: choose a new name"):
        await store.backup(tmp_path / "mine.txt")
    with pytest.raises(DuplicateError, match="is there already"):
        await store.backup(store.database.path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


async def test_a_backup_into_no_folder_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no folder"):
        await store.backup(tmp_path / "nowhere" / "copy.db")


async def test_what_an_interrupted_backup_left_is_no_hindrance(store: Store) -> None:
    (store.folder / "copy.db.part").write_bytes(b"half of a backup")
    assert (await store.backup(store.folder / "copy.db")).verified
    assert not (store.folder / "copy.db.part").exists()


async def test_the_report_is_measured(store: Store) -> None:
    empty = await store.report()
    assert (empty.memory_count, empty.raw_bytes, empty.tiers) == (0, 0, ())
    await store.memories.add_many(
        [NewMemory("short"), *(NewMemory(f"{number} ducks, " * 40) for number in range(300))]
    )
    report = await store.report()
    assert report.memory_count == 301
    raw, lz4 = report.tiers
    assert (raw.name, raw.codec, raw.rows, raw.raw_bytes, raw.stored_bytes) == (
        "hot",
        "raw",
        1,
        5,
        5,
    )
    assert (lz4.codec, lz4.rows) == ("lz4", 300)
    assert report.raw_bytes == 5 + lz4.raw_bytes
    assert lz4.stored_bytes * 4 < lz4.raw_bytes
    assert empty.stored_bytes < report.stored_bytes < report.raw_bytes + empty.stored_bytes
