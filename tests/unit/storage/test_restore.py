"""A backup takes the place of the store, in whatever state that is, and that is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_storage import (
    NewMemory,
    NotADatabaseError,
    NotFoundError,
    Store,
    restore_store,
)
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def texts(folder: Path) -> list[str]:
    async with await Store.open(folder, limits=ANY_ROOM) as store:
        found = [memory.text for memory in (await store.memories.page()).items]
        for text in found:
            assert text in [hit.text for hit in await store.search(text)]
        return found


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup with one memory; its store has gone on since."""
    async with await Store.open(tmp_path / "data", limits=ANY_ROOM) as store:
        await store.memories.add(NewMemory("yesterday"))
        await store.backup(tmp_path / "backup.db")
        await store.memories.add_many([NewMemory("today"), NewMemory("tonight")])
    return tmp_path / "backup.db"


async def test_the_store_is_as_it_was_and_the_one_before_is_kept(
    tmp_path: Path, backup: Path
) -> None:
    folder = tmp_path / "data"
    kept = restore_store(backup, folder, NOW)
    assert kept == folder / "selfd-until-20260301-120000.db"
    assert await texts(folder) == ["yesterday"]
    (tmp_path / "again").mkdir()
    restore_store(kept, tmp_path / "again", NOW)
    assert await texts(tmp_path / "again") == ["tonight", "today", "yesterday"]


async def test_a_store_that_is_garbage_is_replaced_and_kept(tmp_path: Path, backup: Path) -> None:
    folder = tmp_path / "data"
    (folder / "selfd.db").write_bytes(b"garbage")
    (folder / "selfd.db-wal").write_bytes(b"its log")
    kept = restore_store(backup, folder, NOW)
    assert kept is not None
    assert kept.read_bytes() == b"garbage"
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"its log"
    assert await texts(folder) == ["yesterday"]


async def test_a_new_folder_needs_no_store_before(tmp_path: Path, backup: Path) -> None:
    assert restore_store(backup, tmp_path / "new", NOW) is None
    assert await texts(tmp_path / "new") == ["yesterday"]
    assert (tmp_path / "new" / "selfd.db").stat().st_mode & 0o077 == 0


async def test_what_is_no_backup_changes_nothing(tmp_path: Path, backup: Path) -> None:
    folder = tmp_path / "data"
    with pytest.raises(NotFoundError, match="no backup with id"):
        restore_store(tmp_path / "nowhere.db", folder, NOW)
    backup.write_bytes(backup.read_bytes()[: -40 * 1024])
    with pytest.raises(NotADatabaseError, match="damaged"):
        restore_store(backup, folder, NOW)
    backup.write_bytes(b"a letter, not a database")
    with pytest.raises(NotADatabaseError, match="is no SQLite database"):
        restore_store(backup, folder, NOW)
    assert await texts(folder) == ["tonight", "today", "yesterday"]
    assert not list(folder.glob("selfd-until*"))
    assert not list(folder.glob("*.part"))
