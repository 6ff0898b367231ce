"""The one write primitive, reading, cancellation, and what becomes of errors."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from selfd_storage import RoomLimits, StorageError, StoreBusyError, StoreClosedError, StoreFullError
from selfd_storage._sqlite import sqlite3
from selfd_storage.database import READERS, Database, Emitted, Transaction

pytestmark = pytest.mark.anyio

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


class Notebook:
    """A journal that only counts."""

    def __init__(self) -> None:
        self.written = 0

    def append(self, connection: sqlite3.Connection, emitted: Sequence[Emitted]) -> list[str]:
        self.written += len(emitted)
        return [each.kind for each in emitted]


def m001_words(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE words (word TEXT NOT NULL UNIQUE) STRICT")


async def opened(path: Path, floor: int = 0, ballast: int = 0) -> Database[str]:
    return await Database.open(
        path,
        application_id=7,
        steps=[m001_words],
        journal=Notebook(),
        limits=RoomLimits(floor=floor, ballast=ballast),
        busy_seconds=0.05,
    )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database[str]]:
    found = await opened(tmp_path / "words.db")
    yield found
    await found.close()


def add(word: str) -> Callable[[Transaction], str]:
    def write(tx: Transaction) -> str:
        tx.execute("INSERT INTO words (word) VALUES (:word)", {"word": word})
        tx.emit(f"added {word}")
        return word

    return write


async def words(database: Database[str]) -> list[str]:
    return await database.read(
        lambda db: [word for (word,) in db.execute("SELECT word FROM words ORDER BY rowid")]
    )


async def test_what_was_written_is_read_and_its_events_are_heard_in_order(
    database: Database[str],
) -> None:
    heard: list[str] = []
    database.on_commit(heard.extend)
    await asyncio.gather(*(database.write(add(word)) for word in "abcdefgh"))
    assert await words(database) == list("abcdefgh")
    assert heard == [f"added {word}" for word in "abcdefgh"]


async def test_an_event_is_heard_before_the_write_returns(database: Database[str]) -> None:
    heard: list[str] = []
    database.on_commit(heard.extend)
    await database.write(add("a"))
    assert heard == ["added a"]


async def test_a_function_that_fails_leaves_nothing_behind(database: Database[str]) -> None:
    heard: list[str] = []
    database.on_commit(heard.extend)

    def write(tx: Transaction) -> None:
        tx.execute("INSERT INTO words (word) VALUES ('half')")
        tx.emit("added half")
        raise RuntimeError("broken in the middle")

    with pytest.raises(RuntimeError, match="broken in the middle"):
        await database.write(write)
    await database.write(add("whole"))
    assert await words(database) == ["whole"]
    assert heard == ["added whole"]


async def test_a_bug_in_our_sql_is_not_hidden_in_an_error_of_ours(database: Database[str]) -> None:
    await database.write(add("twice"))
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        await database.write(add("twice"))
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        await database.read(lambda db: db.execute("SELEC 1"))


async def test_a_cancelled_write_ends_as_it_should_and_the_next_one_works(
    database: Database[str],
) -> None:
    entered, released = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        tx.execute("INSERT INTO words (word) VALUES ('slow')")
        entered.set()
        released.wait(10)

    task = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not released.is_set(), "the caller was let go while its transaction was open"
    released.set()
    await database.write(add("next"))
    assert await words(database) == ["slow", "next"]


async def test_a_cancelled_write_that_fails_rolls_back_and_the_next_one_works(
    database: Database[str],
) -> None:
    entered, released = threading.Event(), threading.Event()

    def failing(tx: Transaction) -> None:
        tx.execute("INSERT INTO words (word) VALUES ('gone')")
        entered.set()
        released.wait(10)
        raise RuntimeError("nobody waits for this")

    task = asyncio.create_task(database.write(failing))
    await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    released.set()
    await database.write(add("next"))
    assert await words(database) == ["next"]


async def test_a_write_cancelled_at_any_moment_leaves_a_working_connection(
    database: Database[str],
) -> None:
    for number in range(60):
        task = asyncio.create_task(database.write(add(f"w{number}")))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    await database.write(add("last"))
    assert (await words(database))[-1] == "last"


async def test_cancelled_reads_stop_their_statement_and_give_their_connection_back(
    database: Database[str],
) -> None:
    started = time.monotonic()
    for _ in range(READERS + 1):
        task = asyncio.create_task(database.read(lambda db: db.execute(ENDLESS).fetchone()))
        await asyncio.sleep(0)  # let it take a connection
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert await asyncio.wait_for(words(database), 10) == []
    assert time.monotonic() - started < 10, "an endless statement went on"


async def test_a_read_sees_one_moment_whatever_is_written_meanwhile(
    database: Database[str],
) -> None:
    entered, released = threading.Event(), threading.Event()

    def twice(db: sqlite3.Connection) -> list[int]:
        counts = [db.execute("SELECT count(*) FROM words").fetchone()[0]]
        entered.set()
        released.wait(10)
        return [*counts, db.execute("SELECT count(*) FROM words").fetchone()[0]]

    task = asyncio.create_task(database.read(twice))
    await asyncio.to_thread(entered.wait, 10)
    await database.write(add("meanwhile"))
    released.set()
    assert await task == [0, 0]


async def test_two_files_are_read_together_and_both_connections_come_back(
    database: Database[str], tmp_path: Path
) -> None:
    other = await opened(tmp_path / "others.db")
    await database.write(add("here"))
    await other.write(add("there"))
    for _ in range(2 * READERS):
        found = await database.read_with(
            other,
            lambda one, two: [
                word for db in (one, two) for (word,) in db.execute("SELECT word FROM words")
            ],
        )
        assert found == ["here", "there"]
    reads = [
        asyncio.create_task(database.read_with(other, lambda _, db: db.execute(ENDLESS).fetchone()))
        for _ in range(2 * READERS)
    ]
    await asyncio.sleep(0.01)
    for read in reads:
        read.cancel()
    await asyncio.wait_for(asyncio.wait(reads), 10)
    assert all(read.cancelled() for read in reads)
    for _ in range(2 * READERS):
        assert await words(database) == ["here"]
        assert await words(other) == ["there"]
    await other.close()


async def test_closing_the_second_of_two_files_stops_who_reads_both(
    database: Database[str], tmp_path: Path
) -> None:
    other = await opened(tmp_path / "others.db")
    reading = asyncio.create_task(
        database.read_with(other, lambda _, db: db.execute(ENDLESS).fetchone())
    )
    await asyncio.sleep(0.01)
    await asyncio.wait_for(other.close(), 10)
    with pytest.raises(StorageError, match="interrupted"):
        await reading
    with pytest.raises(StoreClosedError, match="the store is closed"):
        await database.read_with(other, lambda _, db: db.execute(ENDLESS).fetchone())
    assert await words(database) == []


async def test_readers_cannot_write(database: Database[str]) -> None:
    with pytest.raises(Exception, match="cannot be written to"):
        await database.read(lambda db: db.execute("INSERT INTO words (word) VALUES ('x')"))


async def test_only_the_writer_checkpoints(database: Database[str]) -> None:
    setting = "PRAGMA wal_autocheckpoint"
    assert await database.read(lambda db: db.execute(setting).fetchone()[0]) == 0
    assert await database.write(lambda tx: tx.execute(setting).fetchone()[0]) == 1000


async def test_a_checkpoint_empties_the_log(database: Database[str]) -> None:
    log = database.path.with_name(database.path.name + "-wal")
    await database.write(add("a"))
    assert log.stat().st_size > 0
    assert await database.checkpoint()
    assert log.stat().st_size == 0


@pytest.mark.parametrize(("durable", "expected"), [(True, 2), (False, 1)])
async def test_durable_writes_reach_the_disk_and_others_need_not(
    database: Database[str], durable: bool, expected: int
) -> None:
    found = await database.write(
        lambda tx: tx.execute("PRAGMA synchronous").fetchone()[0], durable=durable
    )
    assert found == expected


async def test_a_file_that_another_process_writes_to_is_named_as_busy(
    database: Database[str],
) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusyError, match="held by another process"):
            await database.write(add("x"))
    finally:
        other.close()
    await database.write(add("y"))
    assert await words(database) == ["y"]


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = await opened(tmp_path / "words.db")
    await database.close()
    await database.close()
    with pytest.raises(StoreClosedError, match="the store is closed"):
        await database.write(add("x"))
    with pytest.raises(StoreClosedError, match="the store is closed"):
        await words(database)


async def test_closing_lets_a_write_finish_and_stops_a_read(tmp_path: Path) -> None:
    database = await opened(tmp_path / "words.db")
    reading = asyncio.create_task(database.read(lambda db: db.execute(ENDLESS).fetchone()))
    writing = asyncio.create_task(database.write(add("kept")))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(database.close(), 10)
    assert await writing == "kept"
    with pytest.raises(Exception, match="interrupted"):
        await reading
    assert not database.path.with_name("words.db-wal").exists()
    again = await opened(tmp_path / "words.db")
    assert await words(again) == ["kept"]
    assert not again.was_unclean
    await again.close()


async def test_reads_that_wait_when_it_closes_are_told_so(tmp_path: Path) -> None:
    database = await opened(tmp_path / "words.db")
    reads = [
        asyncio.create_task(database.read(lambda db: db.execute(ENDLESS).fetchone()))
        for _ in range(3 * READERS)
    ]
    await asyncio.sleep(0.01)
    await asyncio.wait_for(database.close(), 10)
    for ended in await asyncio.wait_for(asyncio.gather(*reads, return_exceptions=True), 10):
        assert isinstance(ended, StorageError), ended


async def test_below_the_floor_writes_are_refused_but_for_those_that_make_room(
    tmp_path: Path,
) -> None:
    database = await opened(tmp_path / "words.db", floor=2**62)
    assert database.is_short_of_room
    with pytest.raises(StoreFullError, match="free some space"):
        await database.write(add("x"))
    await database.write(lambda tx: tx.execute("DELETE FROM words").close(), frees=True)
    assert await words(database) == []
    await database.close()


async def test_the_file_can_be_read_by_its_owner_alone(database: Database[str]) -> None:
    await database.write(add("x"))
    for path in database.path.parent.glob("words.db*"):
        assert path.stat().st_mode & 0o077 == 0, path
