"""What a memory takes on disk: counted in pages, so the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_storage import NewMemory, Store
from support.storage import ANY_ROOM, packed

pytestmark = pytest.mark.anyio

TURNS = 5000
SYLLABLES = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er")]


def turn(chance: random.Random) -> str:
    """Return a text of about 135 bytes whose words follow Zipf's law."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < 132:
        words.append(word(int(5000 ** chance.random())))
    return " ".join(words)


@cache
def word(rank: int) -> str:
    return "".join(random.Random(rank).choices(SYLLABLES, k=1 + rank % 3))


class Anywhere:
    """Implements `selfd_storage.TextEmbedder`: vectors of chance, since only their size counts."""

    fingerprint, dimensions = "anywhere", 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.random.default_rng(len(texts)).normal(size=(len(texts), 256))
        unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
            np.float32
        )
        return unit


def turns() -> list[NewMemory]:
    chance = random.Random(7)
    return [
        NewMemory(turn(chance), "EPISODE", source=f"session {number // 30}", surprise=2.0)
        for number in range(TURNS)
    ]


async def test_a_packed_turn_takes_400_bytes_with_words_codes_and_all(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM, embedders=[Anywhere()]) as store:
        empty = await store.report()
        await store.memories.add_many(turns())
        await store.settle()
        await store.tiers.train("memory")
        await packed(store)
        await store.tiers.tighten()
        report = await store.report()
    stored = report.stored_bytes - empty.stored_bytes
    assert stored / TURNS < 400
    assert 1 - stored / report.raw_bytes > 0.65
    assert report.vector_bytes == TURNS * 256 * 4


async def test_rows_and_words_leave_room_for_vectors_within_400_bytes(tmp_path: Path) -> None:
    news = turns()
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        empty = await store.report()
        await store.memories.add_many(news)
        await store.search("anything")
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        report = await store.report()
    each = (report.stored_bytes - empty.stored_bytes) / report.memory_count
    assert report.memory_count == TURNS
    assert 125 < report.raw_bytes / TURNS < 145
    assert each < 365, "a sign code of 256 bits takes 32 bytes more"
