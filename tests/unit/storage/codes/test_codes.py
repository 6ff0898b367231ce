"""Codes of vectors over a real store: found by meaning, followed, forgotten, made anew."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from selfd_storage import EmbeddingError, NewChunk, NewDocument, NewMemory, Store
from selfd_storage.codes import follow
from selfd_storage.codes.bridge import LEAST_PAIRS
from selfd_storage.codes.file import read_coded
from selfd_storage.codes.follow import BITS, LONG, LONG_BITS, STEP
from selfd_storage.embedding import EMBEDDED_CHARACTERS
from selfd_storage.ranking.codes import EXACT, MOST_ANEW, CodeScores
from selfd_storage.ranking.fusion import View
from selfd_storage.words.columns import Docs
from selfd_storage.words.source import read_texts
from support.embedding import WordEmbedder
from support.storage import ANY_ROOM, Clock

pytestmark = pytest.mark.anyio

WORDS = [f"word{n}" for n in range(300)]


async def opened(
    folder: Path, *embedders: WordEmbedder, now: Clock | None = None, settled: bool = True
) -> Store:
    store = await Store.open(folder, now=now or Clock(), limits=ANY_ROOM, embedders=embedders)
    if settled:
        await store.settle()
    return store


async def found(store: Store, query: str, **how: object) -> dict[str, tuple[str, ...]]:
    hits = await store.search(query, **how)  # type: ignore[arg-type]  # passed on
    return {hit.text: hit.via for hit in hits}


async def test_what_means_the_same_is_found_without_a_common_word(tmp_path: Path) -> None:
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add_many([NewMemory("the cat sleeps"), NewMemory("rain is coming")])
        await store.settle()
        assert await found(store, "feline") == {"the cat sleeps": ("dense",)}
        assert await found(store, "a sleeping kitten") == {"the cat sleeps": ("lexical", "dense")}


async def test_chunks_and_articles_are_found_by_meaning_in_their_scope(
    tmp_path: Path, clock: Clock
) -> None:
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add(NewMemory("my car is blue"))
        chunk = NewChunk("the car is red", 1, 1)
        await store.documents.put(NewDocument("/a", "text/plain", 9, b"", clock(), [chunk]))
        await store.settle()
        assert len(await found(store, "automobile")) == 2
        assert list(await found(store, "automobile", scope=["DOCUMENT"])) == ["the car is red"]


async def test_codes_are_kept_and_only_what_is_new_is_embedded(tmp_path: Path) -> None:
    texts = [f"number {number}" for number in range(STEP + 9)]
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add_many([NewMemory(text) for text in texts])
        await store.settle()
    embedder = WordEmbedder()
    async with await opened(tmp_path, embedder) as store:
        assert embedder.embedded == []
        await store.memories.add(NewMemory("the cat sleeps"))
        await store.settle()
        assert embedder.embedded == ["the cat sleeps"]
        assert list(await found(store, "feline")) == ["the cat sleeps"]


async def test_what_is_told_now_is_embedded_before_what_was_there(tmp_path: Path) -> None:
    async with await opened(tmp_path) as store:
        await store.memories.add_many([NewMemory(f"number {n}") for n in range(2 * STEP)])
        await store.settle()
    embedder = WordEmbedder()
    embedder.open.clear()
    async with await opened(tmp_path, embedder, settled=False) as store:
        await store.memories.add(NewMemory("the cat sleeps"))
        assert await found(store, "cat") == {"the cat sleeps": ("lexical",)}
        embedder.open.set()
        await store.settle()
    embedder.embedded.remove("cat")  # the question
    first = embedder.embedded.index("the cat sleeps")
    assert first < 2 * STEP, "slices may have begun before it was told, but not all"
    assert len(embedder.embedded) == 2 * STEP + 1, "all of them once"


async def test_a_changed_memory_is_found_by_what_it_means_now(tmp_path: Path) -> None:
    clock = Clock()
    async with await opened(tmp_path, WordEmbedder(), now=clock) as store:
        memory = await store.memories.add(NewMemory("the cat sleeps"))
        before = clock.moment
        clock.advance(hours=1)
        await store.memories.update(memory.id, text="the doctor has come")
        await store.settle()
        assert await found(store, "feline") == {}
        assert list(await found(store, "physician")) == ["the doctor has come"]
        assert list(await found(store, "feline", as_of=before)) == ["the cat sleeps"]
        assert await found(store, "feline", as_of=before - timedelta(days=1)) == {}


async def test_the_codes_of_what_is_forgotten_are_gone_from_the_file(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    async with await opened(tmp_path, embedder) as store:
        kept, gone = await store.memories.add_many(
            [
                NewMemory(f"the {who} sleeps" + LONG // 9 * ", and again")
                for who in ("doctor", "cat")
            ]
        )
        await store.settle()
        (codes,) = store._words._codes.layers  # type: ignore[union-attr]  # what would be searched for
        code, other = (
            codes.codec.encode(embedder.embed([memory.text]), LONG_BITS)[0]
            for memory in (gone, kept)
        )
        parts = (
            slice(0, 2),
            slice(2, BITS),
            slice(BITS, LONG_BITS),
        )  # each lies in a place of its own
        assert await store.memories.forget(gone.id)
        assert await found(store, "feline") == {}
        assert store._words is not None
        await store._words.purge()
        content = b"".join(path.read_bytes() for path in tmp_path.glob("index.db*"))
        for planes in parts:
            assert other[planes].tobytes() in content, "the scan would find a code"
            assert code[planes].tobytes() not in content
    async with await opened(tmp_path, WordEmbedder()) as store:
        again = await store.memories.add(NewMemory("a kitten"))  # under a number that is free again
        await store.settle()
        assert [hit.item.id for hit in await store.search("feline")] == [again.id]


async def test_another_embedder_makes_all_codes_anew_and_the_former_serves_until_then(
    tmp_path: Path,
) -> None:
    count = 3 * STEP
    news = [NewMemory(f"the cat number {number}") for number in range(count)]
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add_many(news)
        await store.settle()
    former, present = WordEmbedder(), WordEmbedder("second")
    present.open.clear()
    async with await opened(tmp_path, present, former, settled=False) as store:
        for _ in range(2):  # before the first slice, and with none of it done
            hits = await store.search("feline", first=1000)
            assert len(hits) >= 100
            assert hits[0].via == ("dense",)
        present.open.set()
        await store.settle()
        assert len(set(present.embedded) - {"feline"}) == count
        names = [each.fingerprint for each in await store._words._file.read(read_coded)]  # type: ignore[union-attr]  # what lies in the file
        assert names == ["second"]
    async with await opened(tmp_path, WordEmbedder("second")) as store:
        assert (await store.search("feline"))[0].via == ("dense",)


async def test_codes_of_fewer_bits_serve_until_finer_ones_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of an earlier selfd: two bits a dimension, whatever the text."""
    news = [NewMemory(f"the cat number {number}") for number in range(2 * STEP)]
    with monkeypatch.context() as earlier:
        earlier.setattr(follow, "BITS", 2)
        earlier.setattr(follow, "LONG", 10**9)
        async with await opened(tmp_path, WordEmbedder()) as store:
            await store.memories.add_many(news)
            await store.settle()
    embedder = WordEmbedder()
    embedder.open.clear()
    async with await opened(tmp_path, embedder, settled=False) as store:
        assert store._words is not None
        hits = await store.search("feline", first=1000)
        assert len(hits) >= 100
        assert hits[0].via == ("dense",)
        embedder.open.set()
        await store.settle()
        assert len(set(embedder.embedded) - {"feline"}) == len(news), "each once"
        coded = await store._words._file.read(read_coded)
        assert [(each.fingerprint, each.bits) for each in coded] == [("first", BITS)]
        assert (await store.search("feline"))[0].via == ("dense",)


async def texts_of(store: Store, docs: Docs) -> dict[int, str]:
    assert store._words is not None
    entries = store._words._follower.columns.entries(docs)
    return await store.database.read(lambda db: read_texts(db, entries, EMBEDDED_CHARACTERS))


async def nearest(store: Store, question: str, *, sure: bool = True) -> list[int]:
    """Return the documents that a search takes for the nearest, the nearest first.

    sure: with those embedded anew that the codes leave in doubt, as in every search.
    """
    index = store._words
    assert index is not None
    view = View(index._follower.columns, index._follower.chains)
    meaning = CodeScores(view, index._codes.layers, question)
    near = await index._file.read(meaning.nearest)
    if sure:
        near = meaning.made_sure(near, await texts_of(store, near.doubtful))
    order = np.argsort(-near.scores, kind="stable")
    docs: list[int] = near.docs[order].tolist()
    return docs


async def test_the_nearest_are_those_of_an_exact_search(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    texts = [f"turn {n}: " + " ".join(chance.choice(WORDS, 6)) for n in range(2_000)]
    embedder = WordEmbedder()
    async with await opened(tmp_path, embedder) as store:
        kept = await store.memories.add_many([NewMemory(text) for text in texts])
        await store.settle()
        assert store._words is not None
        columns = store._words._follower.columns
        docs = {columns.entry(doc).item: doc for doc in range(1, columns.count)}
        known = np.array([docs[int(memory.id.partition(":")[2])] for memory in kept])
        vectors = embedder.embed([memory.text for memory in kept])
        found = {True: 0, False: 0}
        for _ in range(50):
            question = " ".join(chance.choice(WORDS, 4))
            exact = known[np.argsort(-(vectors @ embedder.embed([question])[0]))[:EXACT]]
            for sure in found:
                first = (await nearest(store, question, sure=sure))[:EXACT]
                found[sure] += len(set(exact.tolist()) & set(first))
        # Directions at random lie closer to each other than texts do; `bench codes` has these.
        assert found[True] / (50 * EXACT) >= 0.96
        assert found[False] / (50 * EXACT) <= 0.95, "codes alone leave more in doubt"


async def test_short_texts_are_embedded_anew_where_codes_leave_a_doubt_and_long_ones_never(
    tmp_path: Path,
) -> None:
    told = WordEmbedder()
    async with await opened(tmp_path / "short", told) as store:
        await store.memories.add_many([NewMemory(f"the cat number {n}") for n in range(99)])
        await store.settle()
        told.embedded.clear()
        assert len(await nearest(store, "feline")) == 99
        question, *anew = told.embedded
        assert question == "feline"
        assert 0 < len(anew) <= MOST_ANEW
        assert all(text.startswith("the cat number") for text in anew)
    told = WordEmbedder()
    async with await opened(tmp_path / "long", told) as store:
        much = LONG // 9 * ", and again"
        await store.memories.add_many([NewMemory(f"the cat number {n}{much}") for n in range(99)])
        await store.settle()
        told.embedded.clear()
        assert len(await nearest(store, "feline")) == 99
        assert told.embedded == ["feline"]


async def test_what_was_forgotten_meanwhile_is_not_embedded_anew(tmp_path: Path) -> None:
    """The codes are asked first, the texts later: some of them may be others by then."""
    async with await opened(tmp_path, WordEmbedder()) as store:
        kept = await store.memories.add_many([NewMemory(f"the cat number {n}") for n in range(99)])
        await store.settle()
        index = store._words
        assert index is not None
        view = View(index._follower.columns, index._follower.chains)
        meaning = CodeScores(view, index._codes.layers, "feline")
        near = await index._file.read(meaning.nearest)
        items = {index._follower.columns.entry(doc).item for doc in near.doubtful.tolist()}
        assert items
        for memory in kept:
            if int(memory.id.partition(":")[2]) in items:
                await store.memories.forget(memory.id)
        assert meaning.made_sure(near, await texts_of(store, near.doubtful)) is near


async def test_former_codes_serve_without_the_embedder_that_made_them(tmp_path: Path) -> None:
    """What the new one has not reached is found by the old codes, through what both have coded."""
    nouns = ("cat", "car", "doctor", "river", "bread", "lamp", "horse", "piano")
    count = LEAST_PAIRS + 2 * STEP
    news = [NewMemory(f"{nouns[n % 8]} {nouns[n // 8 % 8]} number {n}") for n in range(count)]
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add(NewMemory("the doctor sleeps"))  # is embedded anew as the last
        await store.memories.add_many(news)
        await store.settle()
    present = WordEmbedder("second", stops_after=LEAST_PAIRS + STEP)
    async with await opened(tmp_path, present, settled=False) as store:
        assert store._words is not None
        codes = store._words._codes
        assert await asyncio.to_thread(present.stopped.wait, 20)
        assert codes.layers[0].low > 1
        assert (await found(store, "physician", first=1000))["the doctor sleeps"] == ("dense",)
        present.go_on()
        await store.settle()
        assert len(codes.layers) == 1
        assert "the doctor sleeps" in await found(store, "physician", first=1000)


async def test_without_an_embedder_words_alone_find(tmp_path: Path) -> None:
    async with await opened(tmp_path, WordEmbedder()) as store:
        await store.memories.add(NewMemory("the cat sleeps"))
        await store.settle()
    async with await opened(tmp_path) as store:
        assert await found(store, "feline") == {}
        assert await found(store, "cat") == {"the cat sleeps": ("lexical",)}
        assert store.problems() == []


async def test_an_embedder_that_fails_is_told_of_and_words_still_find(tmp_path: Path) -> None:
    broken = WordEmbedder(error="no embedder file at /x: install selfd again")
    async with await opened(tmp_path, broken, settled=False) as store:
        await store.memories.add(NewMemory("the cat sleeps"))
        assert await found(store, "cat") == {"the cat sleeps": ("lexical",)}
        with pytest.raises(EmbeddingError, match="install selfd again"):
            await store.settle()
        assert store.problems() == [f"searches find by words alone: {broken.error}"]
        broken.error = ""
        await store.settle()
        assert list(await found(store, "feline")) == ["the cat sleeps"]
        assert store.problems() == []
