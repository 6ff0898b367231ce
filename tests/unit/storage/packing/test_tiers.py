"""Rows move to the cold tier and stay what they were; dictionaries come, are used, and go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from selfd_storage import NewMemory, PackedContent, Store
from selfd_storage._sqlite import sqlite3
from selfd_storage.packing import tiers as tiers_module
from selfd_storage.packing.dictionaries import Dictionary
from selfd_storage.packing.learning import LearnedDictionary, Sample, learn_from
from support.embedding import WordEmbedder
from support.storage import ANY_ROOM, packed, purged

pytestmark = pytest.mark.anyio

PLACES = ("harbour", "market", "library", "old mill", "station", "castle")


def turns(count: int, seed: int = 7) -> list[NewMemory]:
    """Return turns of a dialogue that have much in common."""
    chance = random.Random(seed)
    return [
        NewMemory(
            f"Nova: On day {number} I walked {chance.randrange(99)} miles to the "
            f"{chance.choice(PLACES)} and met {chance.choice(('Ada', 'Grace', 'Alan'))} there.",
            source=f"session {number // 20}",
        )
        for number in range(count)
    ]


async def tiers(store: Store) -> dict[tuple[str, str], int]:
    return {(tier.name, tier.codec): tier.rows for tier in (await store.report()).tiers}


async def dictionaries(store: Store) -> list[tuple[int, str]]:
    return await store.database.read(
        lambda db: db.execute("SELECT id, content FROM dictionaries ORDER BY id").fetchall()
    )


async def texts(store: Store) -> list[str]:
    return [memory.text for memory in (await store.memories.page(first=1000)).items]


async def test_rows_get_smaller_and_stay_what_they_were(store: Store) -> None:
    news = turns(600)
    await store.memories.add_many(news)
    changed = await store.memories.update("memory:9", text="Nova: It rained all day.")
    before = await texts(store)
    hot = await store.report()
    gain = (await store.tiers.train("memory")).gain
    assert gain > 0.1
    await packed(store)
    cold = await store.report()
    assert {tier.name for tier in cold.tiers} == {"cold"}
    assert cold.raw_bytes == hot.raw_bytes
    assert sum(t.stored_bytes for t in cold.tiers) < 0.5 * sum(t.stored_bytes for t in hot.tiers)
    assert await texts(store) == before
    assert await store.memories.get(["memory:9"]) == [changed]
    assert await store.verify() == []


async def test_packed_rows_are_read_after_a_restart_and_in_a_backup(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with await Store.open(folder, limits=ANY_ROOM) as store:
        await store.memories.add_many(turns(300))
        await store.tiers.train("memory")
        await packed(store)
        before = await texts(store)
    async with await Store.open(folder, limits=ANY_ROOM) as store:
        assert await texts(store) == before
        assert (await store.backup(tmp_path / "copy.selfd")).verified


async def test_a_dictionary_is_replaced_only_for_a_gain_of_a_tenth(store: Store) -> None:
    await store.memories.add_many(turns(600))
    first = await store.tiers.train("memory")
    assert first.dictionary == 1
    await packed(store)
    again = await store.tiers.train("memory")
    assert (again.dictionary, await dictionaries(store)) == (None, [(1, "memory")])
    assert again.gain < 0.1
    chance = random.Random(3)
    words = ["".join(chance.choices("abcdefghijklm", k=9)) for _ in range(60)]
    other = [f"Protocol {n}: {' '.join(chance.sample(words, 12))}" for n in range(3000)]
    await store.memories.add_many([NewMemory(text) for text in other])
    assert (await store.tiers.train("memory")).dictionary == 2
    assert await dictionaries(store) == [(1, "memory"), (2, "memory")], "rows still need the first"
    assert await store.tiers.drop_unused() == 0
    await packed(store)
    assert await store.tiers.drop_unused() == 1
    assert await dictionaries(store) == [(2, "memory")]
    assert await store.verify() == []


async def test_few_texts_teach_nothing_and_are_packed_without(store: Store) -> None:
    await store.memories.add_many([NewMemory("word " * 40), NewMemory("x")])
    assert (await store.tiers.train("memory")).dictionary is None
    await packed(store)
    assert await tiers(store) == {("cold", "raw"): 1, ("cold", "zstd"): 1}
    assert await texts(store) == ["x", "word " * 40]


async def test_a_row_that_changed_meanwhile_keeps_the_change(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.memories.add_many(turns(3))
    write = store.database.write

    async def changing_first(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(store.database, "write", write)
        await store.memories.update("memory:2", text="Changed at the last moment.")
        return await write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(store.database, "write", changing_first)
    moved = await store.tiers.move("memories", 0)
    assert (moved.seen, moved.rows) == (3, 2)
    assert "Changed at the last moment." in await texts(store)
    assert await store.verify() == []


async def test_a_damaged_row_stays_as_it_is_for_the_check_to_name_it(store: Store) -> None:
    await store.memories.add_many(turns(3))
    await store.database.write(
        lambda tx: tx.execute("UPDATE memories SET hash = zeroblob(16) WHERE id = 2").close()
    )
    await packed(store)
    assert await store.verify() == ["memory:2"]
    rows = await store.database.read(
        lambda db: db.execute("SELECT id, tier FROM memories").fetchall()
    )
    assert rows == [(1, 1), (2, 0), (3, 1)]


async def test_what_shrank_is_given_back_to_the_disk(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await store.memories.add_many(turns(4000))
        await store.database.checkpoint()
        before = (tmp_path / "selfd.db").stat().st_size
        await store.tiers.train("memory")
        await packed(store)
        saved = await store.tiers.tighten()
        after = (tmp_path / "selfd.db").stat().st_size
        assert saved > before / 10
        assert after < before
        assert await store.tiers.tighten() == 0, "once is enough"
        assert await store.verify() == []


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("count", [600, 200])
async def test_a_dictionary_forgets_what_was_forgotten(tmp_path: Path, count: int) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        told = [NewMemory("Code Xylophonium opens it. " * 60, source=each) for each in "ab"]
        first, *others = turns(count)
        secret = (await store.memories.add_many([first, *told, *others]))[1]
        assert secret.occurrences == 2, "told twice, it is one memory"
        await store.tiers.train("memory")
        await packed(store)
        body = await store.database.read(
            lambda db: db.execute("SELECT body FROM dictionaries").fetchone()[0]
        )
        learned = any(piece in body for piece in (b"Xylophonium", b"ylophoni", b"opens it"))
        assert await store.memories.forget(secret.id)
        stale = await store.tiers.unlearn()
        assert stale == ["memory"]
        for content in stale:
            await store.tiers.train(content)
        await packed(store)
        assert await store.tiers.drop_unused() == 1
        assert await store.tiers.unlearn() == [], "nothing is owed any more"
        assert await store.verify() == []
        assert len(await texts(store)) == count
        await purged(store)
    assert learned, "else this shows nothing"
    left = bytes_of(tmp_path)
    assert b"Xylophonium" not in left
    assert b"ylophoni" not in left


async def test_what_is_forgotten_during_the_training_is_not_learned(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.memories.add_many(turns(600))
    learned: list[Sample] = []

    def forgetting(sample: Sample, current: Dictionary | None) -> LearnedDictionary:
        learned.append(sample)
        if len(learned) == 1:
            forgotten = store.memories.forget("memory:2")
            assert asyncio.run_coroutine_threadsafe(forgotten, loop).result(20)
        return learn_from(sample, current)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(tiers_module, "learn_from", forgetting)
    assert (await store.tiers.train("memory")).dictionary == 1
    assert [2 in sample.texts for sample in learned] == [True, False]


async def test_what_no_dictionary_learned_from_leaves_them_alone(store: Store) -> None:
    await store.memories.add_many(turns(600))
    await store.tiers.train("memory")
    late = await store.memories.add(NewMemory("Told after the training."))
    await store.memories.forget(late.id)
    assert await store.tiers.unlearn() == []
    assert await dictionaries(store) == [(1, "memory")]


async def test_each_content_has_a_dictionary_of_its_own(store: Store) -> None:
    contents: Sequence[PackedContent] = ("memory", "chunk", "article", "message")
    for content in contents:
        assert (await store.tiers.train(content)).dictionary is None
    await store.memories.add_many(turns(600))
    assert (await store.tiers.train("memory")).dictionary == 1
    assert (await store.tiers.train("chunk")).dictionary is None


async def test_the_same_texts_give_the_same_dictionary_in_two_stores(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        async with await Store.open(tmp_path / name, limits=ANY_ROOM) as store:
            await store.memories.add_many(turns(300))
            await store.tiers.train("memory")
            await packed(store)
            found.append(await texts(store))
            keys = await store.database.read(
                lambda db: db.execute("SELECT key FROM dictionaries").fetchall()
            )
    assert found[0] == found[1]
    assert len(keys) == 1
    connection = sqlite3.connect(tmp_path / "a" / "selfd.db")
    assert connection.execute("SELECT key FROM dictionaries").fetchall() == keys
    connection.close()


async def test_what_is_kept_is_measured_table_by_table(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM, embedders=[WordEmbedder()]) as store:
        await store.memories.add_many(turns(500))
        await store.settle()
        await store.database.checkpoint()
        report = await store.report()
        sizes = {(part.file, part.name): part.bytes for part in report.parts}
        assert sum(sizes.values()) == report.stored_bytes
        assert list(sizes.values()) == sorted(sizes.values(), reverse=True), "the largest first"
        size = (tmp_path / "selfd.db").stat().st_size
        ours = sum(bytes for (file, _), bytes in sizes.items() if file == "selfd.db")
        assert size - 5 * 4096 <= ours <= size, "all but SQLite's own pages"
        assert max(sizes, key=lambda part: sizes[part] if part[0] == "selfd.db" else 0) == (
            "selfd.db",
            "memories",
        )
        assert ("index.db", "codes") in sizes
        assert report.vector_bytes == 500 * 256 * 4
        texts = sum(tier.raw_bytes for tier in report.tiers)
        assert report.raw_bytes == texts + report.vector_bytes
