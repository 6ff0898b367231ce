"""Every past schema becomes the present one, and a step that fails leaves the file as it was."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from selfd_storage import (
    EventRecord,
    MigrationError,
    NotADatabaseError,
    SchemaTooNewError,
    Store,
)
from selfd_storage.database import Database
from selfd_storage.schema.migrations import Migration
from selfd_storage.schema.steps import APPLICATION_ID, STEPS
from support.golden import FOLDER, RELEASES, SCHEMAS, build, read_everything, still_holds
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


def m001_notes(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE notes (text TEXT)")


def m002_note_dates(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE notes ADD COLUMN at INTEGER NOT NULL DEFAULT 0")


def m003_breaks(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE notes ADD COLUMN colour TEXT")
    db.execute("INSERT INTO no_such_table VALUES (1)")


def m003_dangles(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE tags (note INTEGER REFERENCES notes (rowid_that_is_not_there))")
    db.execute("DROP TABLE tags")
    db.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    db.execute("CREATE TABLE children (parent INTEGER REFERENCES parents (id))")
    db.execute("INSERT INTO children VALUES (1)")


async def taken(path: Path, *steps: Migration) -> None:
    database: Database[EventRecord] = await Database.open(
        path, application_id=7, steps=steps, limits=ANY_ROOM
    )
    await database.close()


def content(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    dump = list(connection.iterdump())
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return [*dump, f"version {version}"]


@pytest.mark.parametrize("schema", [*SCHEMAS, *RELEASES], ids=lambda path: path.stem)
async def test_every_past_file_opens_and_keeps_what_it_held(schema: Path, tmp_path: Path) -> None:
    build(schema, tmp_path / "selfd.db")
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        then = schema.with_suffix(".jsonl").read_text("utf-8").splitlines()
        assert still_holds(await read_everything(store), [json.loads(line) for line in then])
        assert await store.verify() == []
    connection = sqlite3.connect(tmp_path / "selfd.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_every_schema_has_a_golden_file() -> None:
    assert [path.stem for path in SCHEMAS] == [f"schema{n + 1}" for n in range(len(STEPS))]


def tagged() -> list[str]:
    """Return the versions that are tagged; none outside a checkout."""
    command = ["git", "-C", str(FOLDER), "tag", "--list", "v*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return [tag.removeprefix("v") for tag in done.stdout.split()]


@pytest.mark.skipif(not tagged(), reason="no version is tagged yet, or this is no checkout")
def test_every_tagged_version_has_a_golden_file() -> None:
    kept = {path.stem.removeprefix("release-") for path in RELEASES}
    assert set(tagged()) <= kept, "CONTRIBUTING.md says how a release leaves one"


def test_steps_are_numbered_in_their_order_and_explained() -> None:
    for number, step in enumerate(STEPS, start=1):
        assert step.__name__.startswith(f"m{number:03}_")
        assert step.__doc__


async def test_steps_are_taken_once_each(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await taken(path, m001_notes)
    await taken(path, m001_notes, m002_note_dates)
    await taken(path, m001_notes, m002_note_dates)
    assert content(path)[-1] == "version 2"


@pytest.mark.parametrize(
    ("step", "problem"), [(m003_breaks, "no_such_table"), (m003_dangles, "dangling rows")]
)
async def test_a_step_that_breaks_half_way_leaves_the_file_as_it_was(
    tmp_path: Path, step: Migration, problem: str
) -> None:
    path = tmp_path / "notes.db"
    await taken(path, m001_notes, m002_note_dates)
    before = content(path)
    with pytest.raises(MigrationError, match=f"{step.__name__}: .*{problem}") as caught:
        await taken(path, m001_notes, m002_note_dates, step)
    assert caught.value.step == step.__name__
    assert content(path) == before
    await taken(path, m001_notes, m002_note_dates)


async def test_steps_before_one_that_breaks_are_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    await taken(path, m001_notes)
    before = content(path)
    with pytest.raises(MigrationError, match="go on with the selfd that wrote it"):
        await taken(path, m001_notes, m002_note_dates, m003_breaks)
    assert content(path) == before
    await taken(path, m001_notes)


async def test_a_file_from_before_a_migration_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.values.set("born", "today")
    monkeypatch.setattr("selfd_storage.store.STEPS", (*STEPS, m001_notes))
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        assert await store.values.get("born") == "today"
    (kept,) = (tmp_path / "backups").glob(f"selfd-schema{len(STEPS)}-*.db")
    assert content(kept)[-1] == f"version {len(STEPS)}"
    assert not any("CREATE TABLE notes" in line for line in content(kept))


async def test_a_store_from_the_future_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "selfd.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE wonders (name TEXT)")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNewError, match="upgrade selfd; the file was left alone"):
        await Store.open(tmp_path, limits=ANY_ROOM)
    assert path.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir()) == ["selfd.db"]


@pytest.mark.parametrize("size", [1, 15, 16, 100, 5000])
async def test_garbage_is_refused_and_left_alone(tmp_path: Path, size: int) -> None:
    path = tmp_path / "selfd.db"
    path.write_bytes(b"garbage!" * (size // 8 + 1))
    before = path.read_bytes()
    with pytest.raises(NotADatabaseError, match="is no SQLite database"):
        await Store.open(tmp_path, limits=ANY_ROOM)
    assert path.read_bytes() == before


async def test_garbage_behind_a_true_beginning_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "selfd.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xa5" * 8000)
    before = path.read_bytes()
    with pytest.raises(NotADatabaseError, match="damaged or no database"):
        await Store.open(tmp_path, limits=ANY_ROOM)
    assert path.read_bytes() == before


async def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "selfd.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (name TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NotADatabaseError, match="the database of another program"):
        await Store.open(tmp_path, limits=ANY_ROOM)
    assert path.read_bytes() == before


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "selfd.db").touch()
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        assert await store.memories.count() == 0
