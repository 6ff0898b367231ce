"""Many writers and readers at one store at once, and what each of them saw."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from selfd_storage import NewMemory, StorageError, Store
from support.storage import packed


@dataclass
class Crowd:
    """What happened: how many of each, how long each took in seconds, and what failed."""

    done: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


async def crowd(store: Store, *, seconds: float, writers: int = 8, readers: int = 32) -> Crowd:
    """Have writers and readers at a store for so long, with its upkeep among them."""
    seen = Crowd()
    end = time.monotonic() + seconds

    async def each(what: str, number: int) -> None:
        turn = 0
        while time.monotonic() < end:
            begun = time.monotonic()
            try:
                await _DO[what](store, number, turn)
            except StorageError as error:
                seen.errors.append(f"{what}: {error}")
            seen.done[what] += 1
            seen.seconds.setdefault(what, []).append(time.monotonic() - begun)
            turn += 1
            await asyncio.sleep(0)

    await asyncio.gather(
        *(each("write", number) for number in range(writers)),
        *(each("read", number) for number in range(readers)),
        each("upkeep", 0),
    )
    return seen


async def _write(store: Store, number: int, turn: int) -> None:
    text = f"Writer {number} walked {turn} miles to the old harbour."
    (kept, *_) = await store.memories.add_many(
        [NewMemory(text, source=f"writer {number}"), NewMemory(f"{text} Then it rained.")]
    )
    if turn % 5 == 1:
        await store.memories.update(kept.id, tags=["walk"])
    if turn % 5 == 2:
        await store.memories.forget(kept.id)


async def _read(store: Store, number: int, turn: int) -> None:
    await store.search(f"who walked {turn} miles to the harbour", first=5)
    page = await store.memories.page(first=10)
    await store.items([memory.id for memory in page.items])


async def _tend(store: Store, number: int, turn: int) -> None:
    await store.tiers.unlearn()
    await store.tiers.train("memory")
    await packed(store)
    await store.tiers.drop_unused()
    await store.check()


_DO = {"write": _write, "read": _read, "upkeep": _tend}
