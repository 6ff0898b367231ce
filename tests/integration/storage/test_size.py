"""What a memory takes on disk: counted in pages, so the same on every machine."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from selfd_storage import NewMemory, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

TURNS = 5000
SYLLABLES = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er")]


def turn(chance: random.Random) -> str:
    """Return a text of about 135 bytes whose words follow Zipf's law."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < 132:
        rank = int(5000 ** chance.random())
        words.append("".join(random.Random(rank).choices(SYLLABLES, k=1 + rank % 3)))
    return " ".join(words)


async def test_rows_and_words_leave_room_for_vectors_within_400_bytes(tmp_path: Path) -> None:
    chance = random.Random(7)
    news = [
        NewMemory(turn(chance), "EPISODE", source=f"session {number // 30}", surprise=2.0)
        for number in range(TURNS)
    ]
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
