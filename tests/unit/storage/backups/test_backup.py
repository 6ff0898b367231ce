"""A backup is whole, checked, private, and never written over anything."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from selfd_storage import (
    BackupError,
    DuplicateError,
    InvalidInputError,
    NewMemory,
    NotADatabaseError,
    Store,
    restore_backup,
)
from selfd_storage.backups import write_backup, writing
from selfd_storage.backups.copies import write_copy
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_a_backup_is_one_private_file_and_says_what_was_done(
    store: Store, tmp_path: Path
) -> None:
    await store.memories.add_many([NewMemory(f"{n} ducks on the pond") for n in range(500)])
    target = tmp_path / "elsewhere" / "copy.selfd"
    target.parent.mkdir()
    record = await store.backup(target)
    content = target.read_bytes()
    assert record.verified
    assert not record.encrypted
    assert (record.path, record.bytes) == (str(target), len(content))
    assert bytes.fromhex(record.sha256) == content[-32:]
    assert hashlib.sha256(content[:-32]).hexdigest() == record.sha256
    restore_backup(target, tmp_path / "new")
    assert len(content) * 2 < (tmp_path / "new" / "selfd.db").stat().st_size, "it is compressed"
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in target.parent.iterdir()] == ["copy.selfd"]
    assert not list(store.folder.glob("copying-*"))


async def test_a_backup_is_of_one_moment_while_the_store_is_written_to(
    store: Store, tmp_path: Path
) -> None:
    await store.memories.add_many([NewMemory(f"before {number}") for number in range(500)])

    async def write() -> None:
        for number in range(50):
            await store.memories.add_many([NewMemory(f"{number}a"), NewMemory(f"{number}b")])

    record, _ = await asyncio.gather(store.backup(store.folder / "copy.selfd"), write())
    restored = restore_backup(Path(record.path), tmp_path / "restored")
    assert record.verified
    assert restored.rows["memories"] >= 500
    assert restored.rows["memories"] % 2 == 0, "half a transaction"


async def test_a_backup_of_damaged_rows_does_not_claim_to_be_good(
    store: Store, tmp_path: Path
) -> None:
    await store.memories.add_many([NewMemory("good"), NewMemory("bad")])
    statement = "UPDATE memories SET body = CAST('dab' AS BLOB) WHERE id = 2"
    await store.database.write(lambda tx: tx.execute(statement).close())
    record = await store.backup(store.folder / "copy.selfd")
    assert not record.verified
    restored = restore_backup(Path(record.path), tmp_path / "restored")
    assert restored.damaged == ["memory:2"], "the good rows in it are worth keeping"


async def test_a_store_that_is_damaged_in_its_structure_gives_no_backup(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.memories.add_many([NewMemory(f"{n} " * 50) for n in range(500)])
    path = tmp_path / "selfd.db"
    content = bytearray(path.read_bytes())
    content[-40 * 4096 : -20 * 4096] = b"\xff" * (20 * 4096)
    path.write_bytes(content)
    with pytest.raises(NotADatabaseError, match="restore"):
        write_copy(path, tmp_path / "copy.db")
    with pytest.raises(NotADatabaseError, match="restore"):
        write_backup(tmp_path, tmp_path / "copy.selfd", at=NOW)
    assert sorted(found.name for found in tmp_path.glob("copy*")) == []


async def test_what_changes_under_the_reader_is_noticed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not keep what it is given: the file is read back, not believed."""
    read_back = writing._read_back

    def flip_a_bit_first(part: Path, *rest: Any) -> None:
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
        read_back(part, *rest)

    monkeypatch.setattr(writing, "_read_back", flip_a_bit_first)
    await store.memories.add(NewMemory("kept"))
    with pytest.raises(BackupError, match="could not be read back"):
        await store.backup(tmp_path / "copy.selfd")
    assert not list(tmp_path.glob("copy.selfd*"))


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
    (store.folder / "copy.selfd.part").write_bytes(b"half of a backup")
    assert (await store.backup(store.folder / "copy.selfd")).verified
    assert not (store.folder / "copy.selfd.part").exists()


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
