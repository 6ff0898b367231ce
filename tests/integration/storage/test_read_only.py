"""A folder that may not be written to: refused by name, never touched, and the reason is said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfd_storage import NewMemory, Store, StoreReadOnlyError
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

NOBODY = 65534
# Imports come first: nobody may not be able to read the interpreter's own folder.
OPENER = """
import asyncio, os, sys
from pathlib import Path
import aiosqlite, concurrent.futures.thread, selfd_storage.index
from selfd_storage import StorageError, Store

async def main(folder):
    try:
        store = await Store.open(Path(folder))
    except StorageError as error:
        print(type(error).__name__, error)
    else:
        print("opened")
        await store.close()

if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can get to."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "data"
        path.mkdir()
        Path(made).chmod(0o755)
        yield path
        path.chmod(0o755)


def opened_by_nobody(folder: Path) -> str:
    """Open a store without any privilege and return what came of it."""
    done = subprocess.run(
        [sys.executable, "-c", OPENER, str(folder)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def fingerprint(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_that_may_be_written_to_is_opened(folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    assert opened_by_nobody(folder) == "opened"


def test_an_empty_folder_that_may_not_be_written_to_is_refused(folder: Path) -> None:
    folder.chmod(0o555)
    said = opened_by_nobody(folder)
    assert said.startswith("StoreReadOnlyError")
    assert str(folder) in said
    assert "check its permissions" in said
    assert fingerprint(folder) == {}


def test_a_folder_that_cannot_be_made_is_refused(folder: Path) -> None:
    folder.chmod(0o555)
    assert opened_by_nobody(folder / "below").startswith("StoreReadOnlyError")


@pytest.mark.parametrize("mode", [0o444, 0o400])
async def test_a_store_in_a_folder_that_may_not_be_written_to_is_refused_and_left_alone(
    folder: Path, mode: int
) -> None:
    async with await Store.open(folder, limits=ANY_ROOM) as store:
        await store.memories.add(NewMemory("kept"))
    for path in folder.iterdir():
        path.chmod(mode)
    before = fingerprint(folder)
    folder.chmod(0o555)
    said = opened_by_nobody(folder)
    assert said.startswith("StoreReadOnlyError"), said
    assert "permissions" in said
    assert fingerprint(folder) == before


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that can be mounted anew."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.getuid() != 0 or mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)) != 0:
        pytest.skip("a disk can be mounted only by root, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode


async def test_a_store_on_a_disk_that_is_mounted_read_only_is_refused(disk: Path) -> None:
    async with await Store.open(disk, limits=ANY_ROOM) as store:
        await store.memories.add(NewMemory("kept"))
    assert mount("-o", "remount,ro", str(disk)) == 0
    with pytest.raises(StoreReadOnlyError, match="permissions"):
        await Store.open(disk, limits=ANY_ROOM)
    assert mount("-o", "remount,rw", str(disk)) == 0
    async with await Store.open(disk, limits=ANY_ROOM) as store:
        assert await store.memories.count() == 1
