"""kill -9 in the middle of upkeep, in a process of its own, and the look at what is left.

    python -m support.crashing FOLDER WORK SEED

The child tells memories, forgets some, says so on stdout once that is acknowledged, and does one
kind of upkeep in a circle until it is killed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from selfd_daemon.consolidation import ConsolidationService
from selfd_daemon.facts.service import FactService
from selfd_daemon.jobs import JobRunner
from selfd_storage import NewMemory, Store
from selfd_storage.packing import learning, tiers
from selfd_storage.times import utc_now
from support.embedding import WordEmbedder
from support.storage import ANY_ROOM, packed

PLACES = ("harbour", "market", "library", "old mill", "station", "castle", "lake", "tower")
LONG_WAY = " It was a long way, and the rain did not stop." * 8
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Tony")
Telling = Callable[[], Awaitable[None]]


class Teller:
    """Tells memories and forgets some, and says on stdout what was acknowledged."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self._chance = random.Random(seed)
        self._number = itertools.count(seed * 1_000_000)

    async def tell(self, count: int = 40) -> None:
        """Remember turns that have much in common, some of them long, and forget the first."""
        news = [
            NewMemory(
                f"Turn {next(self._number)}: {self._chance.choice(NAMES)} walked "
                f"{self._chance.randrange(999)} miles to the {self._chance.choice(PLACES)}."
                + self._chance.choice(("", "", "", LONG_WAY)),
                source=f"session {self._chance.randrange(9)}",
            )
            for _ in range(count)
        ]
        kept = await self.store.memories.add_many(news)
        for memory in kept:
            print("told", memory.id, memory.text, flush=True)
        print("forgetting", kept[0].id, flush=True)
        await self.store.memories.forget(kept[0].id)
        print("forgotten", kept[0].id, flush=True)


async def moving(store: Store, tell: Telling) -> None:
    """Pack what is new, over and over."""
    await tell()
    await packed(store)
    await store.tiers.tighten()


async def learning_anew(store: Store, tell: Telling) -> None:
    """Take every dictionary into use, whatever it gains, and move all rows to it."""
    await tell()
    await store.tiers.unlearn()
    await store.tiers.train("memory")
    await packed(store)
    await store.tiers.drop_unused()


async def embedding_anew(store: Store, tell: Telling) -> None:
    """Have the texts embedded in the background by what was not the embedder before."""
    await tell()
    await asyncio.sleep(0.05)


async def consolidating(store: Store, tell: Telling) -> None:
    """Read what was told for facts, and reflect on every episode as if a day had passed."""
    await tell()
    await FactService(store).catch_up()
    jobs = JobRunner(store, now=tomorrow, monotonic=time.monotonic)
    ConsolidationService(store, jobs, now=tomorrow)
    job = await jobs.start("CONSOLIDATE", {})
    async for _ in jobs.progress(job.id):
        pass


def tomorrow() -> datetime:
    """Return the time in a day, when every episode of today is over."""
    return utc_now() + timedelta(days=1)


WORKS: dict[str, Callable[[Store, Telling], Awaitable[None]]] = {
    "consolidating": consolidating,
    "moving": moving,
    "learning": learning_anew,
    "embedding": embedding_anew,
}


async def work(folder: Path, name: str, seed: int) -> None:
    """Do one kind of upkeep until the process ends."""
    tiers.GAIN, learning.HELD_OUT = -9.0, 3
    embedders = [WordEmbedder(f"embedder {seed + place}") for place in (0, -1)]
    used = embedders if name == "embedding" else ()
    async with await Store.open(folder, limits=ANY_ROOM, embedders=used) as store:
        teller = Teller(store, seed)
        while True:
            await WORKS[name](store, teller.tell)
            print("round", flush=True)


class Witness:
    """What was acknowledged over all lives of a folder, and whether it still holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: dict[str, str] = {}
        self.forgetting: set[str] = set()
        self.forgotten: set[str] = set()
        self.rounds = 0

    def live_and_die(self, name: str, seed: int) -> None:
        """Run a child and kill it at a moment of chance after its first words."""
        root = Path(__file__).parents[1]
        child = subprocess.Popen(
            [sys.executable, "-m", "support.crashing", str(self.folder), name, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(random.Random(seed).random() * 0.7)
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        assert child.wait(10) == -9
        for line in lines:
            if line.endswith("\n"):
                self._hear(line.rstrip("\n"))

    def _hear(self, line: str) -> None:
        what, _, rest = line.partition(" ")
        id, _, text = rest.partition(" ")
        if what == "told":
            self.told[id] = text
        elif what == "forgetting":
            self.forgetting.add(id)
        elif what == "forgotten":
            self.forgotten.add(id)
        else:
            self.rounds += 1

    async def check(self) -> None:
        """Open the folder as the next start does, and insist on all that was acknowledged."""
        async with await Store.open(self.folder, limits=ANY_ROOM) as store:
            await store.checked()
            assert [each for each in store.problems() if "damaged" in each] == []
            assert await store.verify() == []
            ids = list(self.told)
            found = dict(zip(ids, await store.memories.get(ids), strict=True))
            for id, text in self.told.items():
                memory = found[id]
                if id in self.forgotten:
                    assert memory is None, f"{id} came back"
                elif memory is None:
                    assert id in self.forgetting, f"{id} is lost"
                else:
                    assert memory.text == text
            last = next(id for id in reversed(ids) if found[id] is not None)
            hits = await store.search(self.told[last], first=3)
            assert last in [hit.item.id for hit in hits], f"{last} is not found"
            await self._check_reflections(store)

    async def _check_reflections(self, store: Store) -> None:
        """Insist that each reflection is there once, and quotes what is there."""
        seen: set[str] = set()
        for reflection in (await store.memories.page(first=1000, kind="REFLECTION")).items:
            quotes = await store.reflections.quotes(reflection.id)
            assert quotes, f"{reflection.id} cites nothing"
            assert reflection.text not in seen, f"{reflection.id} repeats another"
            assert reflection.occurrences == 1
            seen.add(reflection.text)
            for each in quotes:
                (memory,) = await store.memories.get([each.memory_id])
                assert memory is not None, f"{reflection.id} quotes what is gone"
                assert each.quote in memory.text
                assert each.quote in reflection.text


def main() -> None:
    """Be the child."""
    folder, name, seed = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(work(Path(folder), name, int(seed)))


if __name__ == "__main__":
    main()
