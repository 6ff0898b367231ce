"""Looking at a store from outside, whether or not a daemon has it open; nothing is changed."""

from __future__ import annotations

from pathlib import Path

from selfd_storage._sqlite import WAL_RESET_FIXED, sqlite3
from selfd_storage.connection import translated
from selfd_storage.schema.migrations import check_file
from selfd_storage.schema.steps import APPLICATION_ID, STEPS

_MOST_COMPLAINTS = 5


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the SQLite library that the store uses."""
    version: tuple[int, ...] = sqlite3.sqlite_version_info
    return version


def advised_sqlite_version() -> tuple[int, ...]:
    """Return the first version without the fault that _sqlite.py tells of."""
    return WAL_RESET_FIXED


def inspect_store(folder: Path) -> list[str]:
    """Return what SQLite's quick check minds about `selfd.db`; nothing when all is well.

    Raises:
        StorageError: there is a file that is not ours, too new, or cannot be read at all.
    """
    path = folder / "selfd.db"
    if not path.exists():
        return []
    with translated(path):
        check_file(path, APPLICATION_ID, len(STEPS))
        found = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            rows = found.execute(f"PRAGMA quick_check({_MOST_COMPLAINTS})").fetchall()
        finally:
            found.close()
    complaints = [str(row[0]) for row in rows]
    return [] if complaints == ["ok"] else complaints


def failing_feeds(folder: Path) -> tuple[list[tuple[str, str]], int]:
    """Return the address and the error of each feed that failed last, and how many are followed.

    Raises:
        StorageError: the file cannot be read, or is of another schema.
    """
    path = folder / "selfd.db"
    if not path.exists():
        return [], 0
    with translated(path):
        check_file(path, APPLICATION_ID, len(STEPS))
        found = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (count,) = found.execute("SELECT count(*) FROM feeds").fetchone()
            failing = found.execute(
                "SELECT url, error FROM feeds WHERE error IS NOT NULL ORDER BY id"
            )
            return [(str(url), str(error)) for url, error in failing], int(count)
        finally:
            found.close()
