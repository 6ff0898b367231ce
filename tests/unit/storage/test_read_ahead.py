"""Reading a file ahead of its use: all of it, no longer than wanted, and never in SQLite's way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from selfd_storage import NewMemory, Store, read_ahead
from selfd_storage.read_ahead import PIECE, SECONDS_TO_WAIT, ReadAhead
from selfd_storage.store import PAUSE
from support.storage import Clock

pytestmark = pytest.mark.anyio

TAKE_OVER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0)
db.execute("PRAGMA journal_mode = DELETE")
"""


def never() -> bool:
    return False


class Pieces:
    """How many pieces were asked for; it is over after so many."""

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0

    def __call__(self) -> bool:
        self.count += 1
        return self.count > self.most


@pytest.fixture
def large(tmp_path: Path) -> Iterator[ReadAhead]:
    path = tmp_path / "large"
    path.write_bytes(bytes(4 * PIECE + 1))
    file = ReadAhead(path)
    yield file
    file.close()


def test_a_file_is_read_to_its_end(large: ReadAhead) -> None:
    asked = Pieces(100)
    large.run(asked, never)
    assert asked.count == 5 + 1


def test_reading_stops_where_it_is_over(large: ReadAhead) -> None:
    asked = Pieces(2)
    large.run(asked, never)
    assert asked.count == 3


def test_who_waits_for_the_disk_goes_first(
    large: ReadAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    asked = Pieces(100)
    large.run(asked, lambda: len(waits) < 3)
    assert waits == [SECONDS_TO_WAIT] * 3
    assert asked.count == 3 + 5 + 1


def test_of_a_file_that_is_too_large_the_end_is_read(
    large: ReadAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "MOST", PIECE)
    asked = Pieces(100)
    large.run(asked, never)
    assert asked.count == 1 + 1


async def test_another_process_finds_the_file_locked_after_it_was_read(store: Store) -> None:
    store.database.read_ahead(never)
    await store.memories.add(NewMemory("tea"))
    command = [sys.executable, "-c", TAKE_OVER, str(store.database.path)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert "database is locked" in done.stderr


async def test_files_are_read_at_the_start_and_at_the_first_search_after_a_pause(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[ReadAhead] = []
    monkeypatch.setattr(ReadAhead, "run", lambda self, *_: runs.append(self))
    async with await Store.open(tmp_path, now=clock) as store:
        await store.search("tea")
        await store.search("tea")
        clock.moment += PAUSE + timedelta(seconds=1)
        await store.search("tea")
        await store.search("tea")
    assert len(set(runs)) == 2
    assert len(runs) == 2 * 3
