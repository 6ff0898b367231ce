"""The index of words over a real store: found, followed, forgotten, made anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_storage import NewArticle, NewChunk, NewDocument, NewMemory, PollOutcome, Scope, Store
from selfd_storage.index import Found, WordIndex
from selfd_storage.words.file import MOST_PIECES
from support.storage import ANY_ROOM, Clock

pytestmark = pytest.mark.anyio

AT = datetime(2026, 1, 10, 9, tzinfo=UTC)


@pytest.fixture
async def index(store: Store, tmp_path: Path, clock: Clock) -> AsyncIterator[WordIndex]:
    """A second index over the same store, in a folder of its own."""
    folder = tmp_path / "second"
    folder.mkdir()
    opened = await WordIndex.open(folder, store.database, now=clock, limits=ANY_ROOM)
    yield opened
    await opened.close()


async def ids(store: Store, query: str, **how: object) -> list[str]:
    return [hit.item.id for hit in await store.search(query, **how)]  # type: ignore[arg-type]  # passed on


async def search(index: WordIndex, query: str, first: int = 10) -> list[Found]:
    return await index.find(query, lambda found, _: list(found), first=first)


def document(*texts: str) -> NewDocument:
    lines = range(1, len(texts) + 1)
    chunks = [NewChunk(text, line, line) for text, line in zip(texts, lines, strict=True)]
    return NewDocument("/notes.md", "text/markdown", 9, b"", AT, chunks)


async def add_article(store: Store, title: str, text: str) -> str:
    feed = await store.feeds.add(url=f"https://{title.split()[0]}.example/", title="A feed")
    new = NewArticle("g", title, None, "", text, AT)
    return (await store.feeds.record_poll(feed.id, PollOutcome(AT, AT), [new]))[0].id


async def test_an_acknowledged_memory_is_found_at_once(store: Store) -> None:
    for number in range(20):
        memory = await store.memories.add(NewMemory(f"parcel{number} has arrived"))
        assert await ids(store, f"parcel{number}") == [memory.id]


async def test_words_are_found_in_other_forms_and_by_tags(store: Store) -> None:
    memory = await store.memories.add(NewMemory("We were hiking in Kärnten", tags=("Summer 2025",)))
    for query in ("hike", "HIKED", "karnten", "summer"):
        assert await ids(store, query) == [memory.id]


async def test_the_reply_to_a_question_is_found_by_the_question(store: Store) -> None:
    asked, answered, _ = await store.memories.add_many(
        [
            NewMemory("Ann: which instrument do you play?", source="chat", at=AT),
            NewMemory("Bob: the cello", source="chat", at=AT + timedelta(seconds=9)),
            NewMemory("Bob: the kettle is on", source="kitchen", at=AT),
        ]
    )
    hits = await store.search("what instrument does he play")
    assert [hit.item.id for hit in hits] == [asked.id, answered.id]
    assert hits[0].via == hits[1].via == ("lexical",)


async def test_who_is_named_in_a_question_speaks_first(store: Store) -> None:
    _, bob = await store.memories.add_many(
        [
            NewMemory("Ann: I love the old lighthouse", source="a"),
            NewMemory("Bob: I love the old lighthouse too", source="b"),
        ]
    )
    hits = await store.search("Does Bob love the lighthouse?")
    assert hits[0].item.id == bob.id
    assert hits[0].via == ("lexical", "symbolic")


async def test_when_is_named_in_a_question_counts(store: Store) -> None:
    old, new = await store.memories.add_many(
        [
            NewMemory("dinner with Eve", source="a", at=AT - timedelta(days=300)),
            NewMemory("dinner with Eva and Eve", source="b", at=AT),
        ]
    )
    assert (await ids(store, "dinner with Eve in March 2025"))[0] == old.id
    assert await ids(store, "what was in January 2026?") == [new.id]


async def test_what_is_older_is_left_out_where_a_search_says_since(
    store: Store, clock: Clock
) -> None:
    old = await store.memories.add(NewMemory("tea and tea", at=AT))
    new = await store.memories.add(NewMemory("some tea", at=AT + timedelta(days=2)))
    await store.documents.put(document("tea"))
    assert len(await ids(store, "tea")) == 3
    assert await ids(store, "tea", since=AT + timedelta(days=1)) == [new.id]
    assert set(await ids(store, "tea", since=AT)) == {old.id, new.id}


async def test_scopes_are_kept_apart(store: Store) -> None:
    memory = await store.memories.add(NewMemory("owls in the garden"))
    article = await add_article(store, "Owls return", "Owls are back in the valley.")
    await store.documents.put(document("# Owls", "They hunt at night."))
    where: dict[Scope, str] = {"MEMORY": memory.id, "ARTICLE": article, "DOCUMENT": "chunk:1"}
    for scope, id in where.items():
        assert (await ids(store, "owls", scope=[scope]))[0] == id
    assert set(where.values()) <= set(await ids(store, "owls"))
    assert await ids(store, "owls", scope=[]) == []


async def test_an_article_is_found_by_its_title_and_its_text(store: Store) -> None:
    article = await add_article(store, "Glaciers shrink", "The ice on the Dachstein melts.")
    assert await ids(store, "glacier") == await ids(store, "dachstein") == [article]


async def test_a_removed_feed_takes_its_articles_out_of_the_index(store: Store) -> None:
    await add_article(store, "Glaciers shrink", "The ice melts.")
    await store.feeds.remove("feed:1")
    assert await ids(store, "glaciers") == []


async def test_a_document_that_changes_is_found_by_what_it_says_now(store: Store) -> None:
    await store.documents.put(document("alpha", "beta"))
    await store.documents.put(document("new first line", "alpha", "gamma"))
    assert await ids(store, "beta") == []
    assert (await store.search("gamma"))[0].text == "gamma"
    assert len(await ids(store, "first alpha gamma")) == 3
    await store.documents.remove("/notes.md")
    assert await ids(store, "alpha gamma") == []


async def test_a_changed_memory_is_found_by_its_old_words_only_in_the_past(
    store: Store, clock: Clock
) -> None:
    memory = await store.memories.add(NewMemory("the meeting is on Tuesday"))
    before = clock.moment
    clock.advance(hours=1)
    await store.memories.update(memory.id, text="the meeting is on Friday")
    assert await ids(store, "tuesday") == []
    assert await ids(store, "friday") == [memory.id]
    assert await ids(store, "tuesday", as_of=before) == [memory.id]
    assert await ids(store, "friday", as_of=before) == []
    assert await ids(store, "meeting", as_of=before - timedelta(days=1)) == []


async def test_a_memory_told_again_with_a_tag_is_found_by_the_tag(
    store: Store, clock: Clock
) -> None:
    first = await store.memories.add(NewMemory("the boiler leaks"))
    clock.advance(days=1)
    await store.memories.add(NewMemory("The boiler leaks", tags=("plumbing",)))
    assert await ids(store, "plumbing") == [first.id]


@pytest.mark.parametrize("query", ["", "   ", "?!", "*", '"', "a AND (b", "terms:x", "\0", "日"])
async def test_no_query_is_an_error(store: Store, query: str) -> None:
    await store.memories.add(NewMemory("something"))
    assert await ids(store, query) == []


async def test_no_more_than_asked_for_is_found_and_none_twice(store: Store) -> None:
    await store.memories.add_many([NewMemory(f"tea number {n}") for n in range(30)])
    found = await ids(store, "tea", first=7)
    assert len(found) == len(set(found)) == 7
    assert await ids(store, "tea", first=0) == []


async def test_more_occurrences_of_a_word_rank_higher_among_long_texts(store: Store) -> None:
    padding = " ".join(f"filler{n}" for n in range(20))
    _, often = await store.memories.add_many(
        [
            NewMemory(f"owl {padding} and nothing more of it", source="a"),
            NewMemory(f"owl owl owl owl {padding}", source="b"),
        ]
    )
    assert (await ids(store, "owl"))[0] == often.id


async def test_words_of_a_forgotten_memory_are_gone_from_the_file(
    store: Store, index: WordIndex, tmp_path: Path
) -> None:
    await store.memories.add_many(
        [NewMemory(f"the code is {w} {w}") for w in ("xylophon", "okapi")]
    )
    assert len(await search(index, "xylophon")) == 1
    await store.memories.forget("memory:1")
    assert await search(index, "xylophon") == []
    await index.purge()
    content = b"".join(path.read_bytes() for path in (tmp_path / "second").glob("index.db*"))
    assert b"xylophon" not in content
    assert b"okapi" in content
    assert [hit.item_id for hit in await search(index, "okapi")] == ["memory:2"]
    assert await search(index, "code xylophon", first=5) == await search(index, "code xylophon")


async def test_a_purge_that_was_owed_is_done_after_the_next_start(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "third"
    folder.mkdir()
    await store.memories.add_many([NewMemory("quokka one"), NewMemory("two")])
    first = await WordIndex.open(folder, store.database, limits=ANY_ROOM)
    await first.catch_up()
    await store.memories.forget("memory:1")
    await first.catch_up()
    await first.close()
    assert b"quokka" in (folder / "index.db").read_bytes()
    again = await WordIndex.open(folder, store.database, limits=ANY_ROOM)
    await again.purge()
    await again.close()
    assert b"quokka" not in (folder / "index.db").read_bytes()


async def test_an_index_that_was_deleted_is_made_anew(
    store: Store, tmp_path: Path, clock: Clock
) -> None:
    memory = await store.memories.add(NewMemory("the red kite", source="a"))
    before = clock.moment
    clock.advance(hours=1)
    await store.memories.update(memory.id, text="the blue kite")
    await add_article(store, "Kites", "All about them.")
    await store.documents.put(document("kite flying", "and landing"))
    queries = ("kite", "blue", "kites all landing", "red")
    expected = [set(await ids(store, query)) for query in queries]
    await store.close()
    (tmp_path / "index.db").unlink()
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as again:
        assert [set(await ids(again, query)) for query in queries] == expected
        assert await ids(again, "red", as_of=before) == [memory.id]


@pytest.mark.parametrize("garbage", [b"", b"no database at all" * 1000, b"SQLite format 3\0" * 300])
async def test_an_index_that_is_garbage_is_made_anew(
    tmp_path: Path, clock: Clock, garbage: bytes
) -> None:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        memory = await store.memories.add(NewMemory("a stork on the roof"))
    (tmp_path / "index.db").write_bytes(garbage)
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as again:
        assert await ids(again, "stork") == [memory.id]


async def test_an_index_of_another_store_is_made_anew(tmp_path: Path, clock: Clock) -> None:
    for name in ("one", "two"):
        async with await Store.open(tmp_path / name, now=clock, limits=ANY_ROOM) as store:
            await store.memories.add(NewMemory(f"{name} and only"))
            await ids(store, "only")
        clock.advance(seconds=1)
    (tmp_path / "two" / "index.db").write_bytes((tmp_path / "one" / "index.db").read_bytes())
    async with await Store.open(tmp_path / "two", now=clock, limits=ANY_ROOM) as again:
        assert await ids(again, "one") == []
        assert await ids(again, "two") == ["memory:1"]


async def test_an_index_left_behind_by_a_pruned_log_is_made_anew(
    tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "store"
    async with await Store.open(folder, now=clock, limits=ANY_ROOM, keep_events=1) as store:
        await store.memories.add_many([NewMemory("first of all"), NewMemory("gone by then")])
        await ids(store, "first")
    old = (folder / "index.db").read_bytes()
    async with await Store.open(folder, now=clock, limits=ANY_ROOM, keep_events=1) as store:
        await store.memories.add_many([NewMemory(f"number {n}") for n in range(2500)])
        await store.memories.forget("memory:2")
    (folder / "index.db").write_bytes(old)
    async with await Store.open(folder, now=clock, limits=ANY_ROOM, keep_events=1) as again:
        found = await ids(again, "number 1234 first", first=5)
        assert {"memory:1", "memory:1237"} <= {*found[:2]}
        assert await ids(again, "gone") == []


async def test_what_was_written_while_the_index_was_closed_is_found(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "fourth"
    folder.mkdir()
    first = await WordIndex.open(folder, store.database, limits=ANY_ROOM)
    await store.memories.add_many([NewMemory("earlier one"), NewMemory("earlier two")])
    await first.catch_up()
    await first.close()
    await store.memories.add(NewMemory("meanwhile"))
    await store.memories.forget("memory:1")
    again = await WordIndex.open(folder, store.database, limits=ANY_ROOM)
    assert [hit.item_id for hit in await search(again, "meanwhile")] == ["memory:3"]
    assert [hit.item_id for hit in await search(again, "earlier")] == ["memory:2"]
    await again.close()


async def test_searches_go_well_while_much_is_remembered(store: Store) -> None:
    async def remember() -> None:
        for batch in range(30):
            await store.memories.add_many(
                [NewMemory(f"tea {batch} {n}?", source=f"s{n % 3}", at=AT) for n in range(100)]
            )

    remembering = asyncio.create_task(remember())
    while not remembering.done():
        assert len(await ids(store, "tea", first=5)) in (0, 5)
    await remembering
    assert len(await ids(store, "tea 29", first=200)) >= 100


async def test_a_damaged_row_keeps_nobody_else_from_being_found(
    store: Store, index: WordIndex
) -> None:
    await store.memories.add(NewMemory("x" * 200))
    await store.database.write(
        lambda tx: tx.execute("UPDATE memories SET body = x'00', tags = 'no json'")
    )
    await store.memories.add(NewMemory("a healthy row"))
    assert [hit.item_id for hit in await search(index, "healthy")] == ["memory:2"]
    assert index.problems() == []


async def pieces(store: Store) -> int:
    assert store._words is not None
    count = "SELECT count(DISTINCT segid) FROM words_idx"
    return int(await store._words._file.read(lambda db: db.execute(count).fetchone()[0]))


async def test_terms_that_lie_in_many_pieces_are_joined_and_their_room_is_given_back(
    store: Store,
) -> None:
    for batch in range(7):
        some = [NewMemory(f"owl{batch}x{number} in the wood") for number in range(200)]
        await store.memories.add_many(some)
        await store.search("owl")  # waits for the index, which so writes a piece a batch
    assert await pieces(store) > MOST_PIECES
    await store.settle()
    assert await pieces(store) == 1
    assert len(await ids(store, "wood", first=1000)) == 1000
    assert await ids(store, "owl6x199") == ["memory:1400"]
    assert store._words is not None
    free = "PRAGMA freelist_count"
    pages = await store._words._file.read(lambda db: db.execute(free).fetchone()[0])
    assert pages == 0


async def test_a_few_new_terms_beside_many_are_left_in_their_pieces(store: Store) -> None:
    many = [NewMemory(" ".join(f"owl{number}x{n}" for n in range(8))) for number in range(5000)]
    await store.memories.add_many(many)
    await store.settle()
    assert await pieces(store) == 1
    for number in range(MOST_PIECES + 1):
        await store.memories.add(NewMemory(f"wren{number}"))
        await store.search("wren")
    before = await pieces(store)
    assert before > MOST_PIECES
    await store.settle()
    assert await pieces(store) == before
