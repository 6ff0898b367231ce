"""kill -9 in the middle of writing: what was acknowledged is there, nothing is there by half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from selfd_storage import NewMemory, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from pathlib import Path
from selfd_storage import NewMemory, RoomLimits, Store

async def main(folder, first):
    store = await Store.open(Path(folder), limits=RoomLimits(floor=0, ballast=0))
    for number in range(first, first + 100_000):
        news = [NewMemory(f"{number} {half}") for half in ("left", "right")]
        for memory in await store.memories.add_many(news):
            print(memory.id, memory.text, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
FILLER = """
import asyncio, sys
from pathlib import Path
from selfd_storage import NewMemory, RoomLimits, Store

async def main(folder):
    store = await Store.open(Path(folder), limits=RoomLimits(floor=0, ballast=0))
    await store.memories.add_many([NewMemory(f"{n} marker {n}") for n in range(2000)])
    while not await store.database.checkpoint():
        await asyncio.sleep(0.01)
    await store.events.append("still.running")
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(sys.argv[1]))
"""


def killed_after(lines: int, script: str, *arguments: str) -> list[str]:
    """Run a script, kill it once it has printed so many lines, and return every whole line."""
    child = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    printed = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    printed += child.stdout.readlines()
    child.stdout.close()
    assert child.wait(10) == -9
    return [line.rstrip("\n") for line in printed if line.endswith("\n")]


async def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_number, lines in enumerate((20, 61, 100, 39)):
        acknowledged += killed_after(lines, WRITER, str(tmp_path), str(round_number * 100_000))
        async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
            assert store.database.was_unclean
            await store.checked()
            assert not any("damaged" in problem for problem in store.problems())
            found = await store.memories.get([line.split()[0] for line in acknowledged])
            assert [f"{each.id} {each.text}" for each in found if each] == acknowledged
            assert await store.memories.count() % 2 == 0, "half a transaction"
            assert await store.verify() == []
            last = acknowledged[-1].split(maxsplit=1)[1]
            assert last in [hit.text for hit in await store.search(last)]
    assert len(acknowledged) >= 200


async def test_a_clean_stop_is_told_from_a_kill(tmp_path: Path) -> None:
    for _ in range(2):
        async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
            assert not store.database.was_unclean
            await store.memories.add(NewMemory("x"))
    killed_after(1, FILLER, str(tmp_path))
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        assert store.database.was_unclean
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        assert not store.database.was_unclean


async def test_damage_is_looked_for_after_an_unclean_stop_and_said(tmp_path: Path) -> None:
    killed_after(1, FILLER, str(tmp_path))
    path = tmp_path / "selfd.db"
    content = bytearray(path.read_bytes())
    page = content.index(b"1500 marker 1500") // 4096 * 4096
    content[page : page + 100] = b"\xff" * 100
    path.write_bytes(content)
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.checked()
        assert any("selfd.db is damaged" in problem for problem in store.problems())
        assert await store.memories.get(["memory:1"]) != [None], "the rest can still be read"
