"""A full disk: nothing acknowledged is lost, reading goes on, writing resumes by itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfd_storage import NewMemory, RoomLimits, Store, StoreFullError
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill_up(folder: Path) -> Path:
    """Take the last byte of the disk."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    return filler


async def add_until_full(store: Store) -> list[str]:
    acknowledged: list[str] = []
    for number in range(100_000):
        try:
            memory = await store.memories.add(NewMemory(f"{number} " + os.urandom(2000).hex()))
        except StoreFullError:
            break
        acknowledged.append(memory.id)
    return acknowledged


async def test_a_file_that_may_not_grow_keeps_what_it_has_and_resumes(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        write = store.database.write
        pages = await write(lambda tx: tx.execute("PRAGMA page_count").fetchone()[0])
        await write(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 20}").close())
        acknowledged = await add_until_full(store)
        assert acknowledged
        assert None not in await store.memories.get(acknowledged)
        with pytest.raises(StoreFullError, match="full"):
            await store.memories.add(NewMemory("x" * 100_000))
        assert await store.verify() == []
        await write(lambda tx: tx.execute(f"PRAGMA max_page_count = {1 << 30}").close())
        later = await store.memories.add(NewMemory("there is room again"))
        assert await store.memories.count() == len(acknowledged) + 1
        assert [hit.item.id for hit in await store.search("room again", first=1)] == [later.id]


async def test_a_really_full_disk_loses_nothing_and_frees_itself(small_disk: Path) -> None:
    limits = RoomLimits(floor=0, ballast=500_000)
    async with await Store.open(small_disk, limits=limits) as store:
        kept = await store.memories.add(NewMemory("kept before"))
        big = await store.memories.add(NewMemory(os.urandom(20_000).hex()))
        taken = small_disk / "taken"
        taken.write_bytes(bytes(3_000_000))
        acknowledged = await add_until_full(store)
        fill_up(small_disk)
        with pytest.raises(StoreFullError, match="full"):
            await store.memories.add(NewMemory("no room for this"))
        assert await store.memories.get([kept.id]) == [kept]
        assert (small_disk / "ballast").exists()
        assert await store.memories.forget(big.id), "the ballast makes room to forget"
        assert await store.memories.get([big.id]) == [None]
        taken.unlink()
        await store.memories.add(NewMemory("there is room again"))
        assert None not in await store.memories.get(acknowledged)
        assert await store.verify() == []
        assert await store.memories.forget(acknowledged[0])
        assert (small_disk / "ballast").exists(), "laid down again when there was room"


async def test_below_the_floor_the_disk_is_left_to_others(small_disk: Path) -> None:
    async with await Store.open(small_disk, limits=RoomLimits(floor=3_000_000, ballast=0)) as store:
        await store.memories.add(NewMemory("kept"))
        filler = small_disk / "filler"
        filler.write_bytes(bytes(5_800_000))
        with pytest.raises(StoreFullError, match="selfd writes from 3 MB on: free some space"):
            await store.memories.add(NewMemory("refused"))
        assert any("almost full" in problem for problem in store.problems())
        filler.unlink()
        assert not any("almost full" in problem for problem in store.problems())
        await store.memories.add(NewMemory("taken"))


async def test_a_store_opens_on_a_full_disk_and_reads(small_disk: Path) -> None:
    limits = RoomLimits(floor=0, ballast=500_000)
    async with await Store.open(small_disk, limits=limits) as store:
        kept = await store.memories.add(NewMemory("kept"))
        await store.search("kept")
    filler = fill_up(small_disk)
    async with await Store.open(small_disk, limits=limits) as store:
        assert await store.memories.get([kept.id]) == [kept]
        fill_up(small_disk)
        with pytest.raises(StoreFullError, match="full"):
            await store.memories.add(NewMemory(os.urandom(5000).hex()))
        filler.unlink()
        await store.memories.add(NewMemory("there is room again"))


async def test_without_a_byte_of_room_the_reason_is_said(small_disk: Path) -> None:
    async with await Store.open(small_disk, limits=ANY_ROOM):
        pass
    fill_up(small_disk)
    with pytest.raises(StoreFullError, match="is full: free some space"):
        await Store.open(small_disk, limits=ANY_ROOM)


async def test_a_backup_onto_a_full_disk_leaves_nothing_behind(
    small_disk: Path, tmp_path: Path
) -> None:
    async with await Store.open(tmp_path / "store", limits=ANY_ROOM) as store:
        await store.memories.add_many([NewMemory(os.urandom(4000).hex()) for _ in range(2500)])
        with pytest.raises(StoreFullError, match="full"):
            await store.backup(small_disk / "copy.selfd")
    assert list(small_disk.iterdir()) == []
