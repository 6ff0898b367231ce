"""A backup comes back row by row into a new folder, or not at all, and then it is said why."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from selfd_storage import (
    BackupError,
    DamagedBackupError,
    DuplicateError,
    NewMemory,
    NotADatabaseError,
    PassphraseError,
    SchemaTooNewError,
    Store,
    restore_backup,
)
from selfd_storage._sqlite import sqlite3
from selfd_storage.backups.copies import write_copy
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

MEMORIES = 600
WORDS = "correct horse battery staple"


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, as SQLite gives them."""
    db = sqlite3.connect(database)
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    db.close()
    return found


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with memories that do not compress away."""
    folder = tmp_path / "data"
    async with await Store.open(folder, limits=ANY_ROOM) as store:
        chance = random.Random(7)
        news = [NewMemory(f"duck{n} {chance.randbytes(1000).hex()}") for n in range(MEMORIES)]
        await store.memories.add_many(news)
        await store.feeds.add(url="https://example.org/feed", title="Ducks")
    (folder / "settings.toml").write_text("port = 7354\n")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "night-1.safetensors").write_bytes(bytes(range(256)))
    return folder


async def written(data: Path, target: Path, passphrase: str | None = None) -> Path:
    async with await Store.open(data, limits=ANY_ROOM) as store:
        record = await store.backup(target, passphrase=passphrase)
    assert record.verified
    assert record.encrypted is (passphrase is not None)
    return target


async def test_every_row_comes_back_and_what_lies_beside_them(data: Path, tmp_path: Path) -> None:
    backup = await written(data, tmp_path / "copy.selfd")
    restored = restore_backup(backup, tmp_path / "new")
    assert rows(tmp_path / "new" / "selfd.db") == rows(data / "selfd.db")
    assert restored.rows["memories"] == MEMORIES
    assert restored.rows["feeds"] == 1
    assert restored.damaged == []
    assert (tmp_path / "new" / "settings.toml").read_text() == "port = 7354\n"
    weights = Path("checkpoints", "night-1.safetensors")
    assert (tmp_path / "new" / weights).read_bytes() == (data / weights).read_bytes()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "selfd.db").stat().st_mode & 0o077 == 0
    async with await Store.open(tmp_path / "new", limits=ANY_ROOM) as store:
        assert (await store.search("duck599"))[0].item.id == "memory:600"


async def test_an_encrypted_backup_opens_with_its_passphrase_alone(
    data: Path, tmp_path: Path
) -> None:
    backup = await written(data, tmp_path / "copy.selfd", WORDS)
    content = backup.read_bytes()
    assert WORDS.encode() not in content
    assert b"created_at" not in content, "not even the table of contents can be read"
    with pytest.raises(PassphraseError, match=r"copy\.selfd.* is encrypted: give its passphrase"):
        restore_backup(backup, tmp_path / "new")
    with pytest.raises(PassphraseError, match="is not the passphrase this backup was written with"):
        restore_backup(backup, tmp_path / "new", ask_passphrase=lambda: "incorrect")
    assert not (tmp_path / "new").exists()
    restore_backup(backup, tmp_path / "new", ask_passphrase=lambda: WORDS)
    assert rows(tmp_path / "new" / "selfd.db") == rows(data / "selfd.db")


@pytest.mark.parametrize("passphrase", [None, WORDS])
async def test_a_damaged_backup_is_refused_and_says_what_is_intact(
    data: Path, tmp_path: Path, passphrase: str | None
) -> None:
    backup = await written(data, tmp_path / "copy.selfd", passphrase)
    content = bytearray(backup.read_bytes())
    content[len(content) * 2 // 3] ^= 0x10
    backup.write_bytes(content)
    with pytest.raises(DamagedBackupError, match="nothing was restored; intact in it") as caught:
        restore_backup(backup, tmp_path / "new", ask_passphrase=lambda: passphrase)
    sound, of = caught.value.intact["memories"]
    assert of == MEMORIES
    assert 0 < sound < MEMORIES
    assert [path.name for path in tmp_path.glob("new*")] == []


@pytest.mark.parametrize("share", [0.0001, 0.001, 0.3, 0.999])
async def test_a_cut_backup_is_refused(data: Path, tmp_path: Path, share: float) -> None:
    backup = await written(data, tmp_path / "copy.selfd")
    content = backup.read_bytes()
    backup.write_bytes(content[: max(9, int(len(content) * share))])
    with pytest.raises(BackupError, match="damaged"):
        restore_backup(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()


async def test_no_flipped_bit_goes_unnoticed(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "data", limits=ANY_ROOM) as store:
        await store.backup(tmp_path / "copy.selfd")
    content = (tmp_path / "copy.selfd").read_bytes()
    for place in [*range(0, len(content), 97), len(content) - 1]:
        flipped = bytearray(content)
        flipped[place] ^= 1
        (tmp_path / "flipped.selfd").write_bytes(flipped)
        with pytest.raises((BackupError, NotADatabaseError)):
            restore_backup(tmp_path / "flipped.selfd", tmp_path / "new")


async def test_a_plain_copy_from_before_a_migration_is_restored_too(
    data: Path, tmp_path: Path
) -> None:
    write_copy(data / "selfd.db", tmp_path / "selfd-schema1.db")
    restored = restore_backup(tmp_path / "selfd-schema1.db", tmp_path / "new")
    assert restored.created_at is None
    assert rows(tmp_path / "new" / "selfd.db") == rows(data / "selfd.db")


async def test_a_backup_from_the_future_is_refused(data: Path, tmp_path: Path) -> None:
    db = sqlite3.connect(data / "selfd.db")
    db.execute("PRAGMA user_version = 999")
    db.close()
    write_copy(data / "selfd.db", tmp_path / "copy.db")
    with pytest.raises(SchemaTooNewError, match="999"):
        restore_backup(tmp_path / "copy.db", tmp_path / "new")


async def test_a_folder_that_holds_something_is_left_alone(data: Path, tmp_path: Path) -> None:
    backup = await written(data, tmp_path / "copy.selfd")
    before = (data / "selfd.db").read_bytes()
    with pytest.raises(DuplicateError, match="not empty: choose a new folder"):
        restore_backup(backup, data)
    assert (data / "selfd.db").read_bytes() == before
    (tmp_path / "empty").mkdir()
    assert restore_backup(backup, tmp_path / "empty").rows["memories"] == MEMORIES


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no backup at"):
        restore_backup(tmp_path / "nowhere.selfd", tmp_path / "new")
    (tmp_path / "letter").write_bytes(b"a letter, not a backup")
    with pytest.raises(NotADatabaseError, match="is no SQLite database"):
        restore_backup(tmp_path / "letter", tmp_path / "new")
    assert not (tmp_path / "new").exists()
