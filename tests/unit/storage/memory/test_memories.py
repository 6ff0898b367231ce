"""Memories are kept as they were told, folded when told again, and gone when forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from selfd_storage import InvalidInputError, NewMemory, NotFoundError, Store
from selfd_storage._sqlite import sqlite3
from support.storage import Clock, scrubbed

pytestmark = pytest.mark.anyio


async def texts(store: Store, **filters: object) -> list[str]:
    page = await store.memories.page(first=100, **filters)  # type: ignore[arg-type]
    return [memory.text for memory in page.items]


async def kinds_of_events(store: Store) -> list[str]:
    return [event.kind for event in await store.events.page(0)]


async def test_a_memory_comes_back_as_it_was_told(store: Store, clock: Clock) -> None:
    happened = datetime(2025, 12, 24, 18, tzinfo=UTC)
    told = NewMemory("Grüße, 世界\0 \U0001f408", "EPISODE", ("b", "a"), "chat", happened, 2.5)
    memory = await store.memories.add(told)
    assert memory.text == told.text
    assert (memory.kind, memory.tags, memory.source) == ("EPISODE", ("b", "a"), "chat")
    assert (memory.created_at, memory.recorded_at) == (happened, clock())
    assert (memory.updated_at, memory.surprise, memory.occurrences) == (clock(), 2.5, 1)
    assert await store.memories.get([memory.id]) == [memory]


async def test_a_batch_is_stored_in_its_order(store: Store) -> None:
    stored = await store.memories.add_many([NewMemory(f"number {n}") for n in range(50)])
    assert [memory.text for memory in stored] == [f"number {n}" for n in range(50)]
    assert await store.memories.count() == 50


async def test_a_batch_with_a_bad_text_is_refused_as_a_whole(store: Store) -> None:
    with pytest.raises(InvalidInputError, match="the text is empty"):
        await store.memories.add_many([NewMemory("good"), NewMemory("  ")])
    assert await store.memories.count() == 0
    assert await kinds_of_events(store) == []


async def test_an_empty_batch_is_no_work(store: Store) -> None:
    assert await store.memories.add_many([]) == []


@pytest.mark.parametrize(
    ("memory", "problem"),
    [
        (NewMemory("\ud800"), "not valid Unicode"),
        (NewMemory("x" * 50_000_000), "the limit is"),
        (NewMemory("x", tags=("",)), "the tag is empty"),
        (NewMemory("x", tags=tuple(map(str, range(65)))), "at most 64 tags"),
        (NewMemory("x", source=" "), "the source is empty"),
        (NewMemory("x", source="s" * 5000), "the source has 5000 bytes"),
        (NewMemory("x", at=datetime(2026, 1, 1)), "no time zone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_kept_is_refused(
    store: Store, memory: NewMemory, problem: str
) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        await store.memories.add(memory)
    assert await store.memories.count() == 0


async def test_the_same_words_from_the_same_source_are_counted_not_repeated(
    store: Store, clock: Clock
) -> None:
    first = await store.memories.add(NewMemory("Ada likes fish.", source="chat", tags=("cat",)))
    clock.advance(days=1)
    again = await store.memories.add(NewMemory(" ADA likes  fish. ", source="chat", tags=("food",)))
    assert (again.id, again.text) == (first.id, "Ada likes fish.")
    assert (again.occurrences, again.tags) == (2, ("cat", "food"))
    assert again.importance > first.importance
    assert await store.memories.count() == 1
    assert await kinds_of_events(store) == ["memory.added", "memory.merged"]


async def test_every_telling_keeps_its_time_and_its_wording(store: Store, clock: Clock) -> None:
    memory = await store.memories.add(NewMemory("Tea at four."))
    for hours, text in ((1, "TEA at four."), (2, "Tea at four.")):
        clock.advance(hours=1)
        await store.memories.add(NewMemory(text, at=clock() - timedelta(minutes=hours)))
    rows = await store.database.read(
        lambda db: db.execute(
            "SELECT number, recorded_at - at, text FROM memory_occurrences ORDER BY number"
        ).fetchall()
    )
    assert rows == [(2, 60_000, "TEA at four."), (3, 120_000, None)]
    assert (await store.memories.get([memory.id]))[0].occurrences == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "other",
    [NewMemory("yes", source="a", kind="FACT"), NewMemory("yes", source="b"), NewMemory("yes"),
     NewMemory("yes?", source="a")],
)  # fmt: skip
async def test_other_words_kinds_and_sources_are_other_memories(
    store: Store, other: NewMemory
) -> None:
    await store.memories.add(NewMemory("yes", source="a"))
    assert (await store.memories.add(other)).id == "memory:2"


async def test_twins_within_one_batch_are_folded(store: Store) -> None:
    first, second = await store.memories.add_many([NewMemory("same"), NewMemory("Same")])
    assert first == second
    assert first.occurrences == 2


async def test_false_twins_are_told_apart_by_their_text(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_storage.language.wording.fingerprint", lambda *parts, size: 7)
    stored = await store.memories.add_many([NewMemory(text) for text in ("a", "b", "A", "b")])
    assert [(memory.text, memory.occurrences) for memory in stored] == [
        ("a", 2), ("b", 2), ("a", 2), ("b", 2)
    ]  # fmt: skip
    assert await store.memories.forget(stored[0].id)
    assert (await store.memories.add(NewMemory("B"))).id == stored[1].id


async def test_an_update_changes_what_is_given_and_leaves_the_rest(
    store: Store, clock: Clock
) -> None:
    memory = await store.memories.add(NewMemory("old text", tags=("t",)))
    later = clock.advance(hours=1)
    changed = await store.memories.update(memory.id, text="new text")
    assert (changed.text, changed.tags, changed.updated_at) == ("new text", ("t",), later)
    changed = await store.memories.update(memory.id, tags=["u", "v", "u"])
    assert (changed.text, changed.tags) == ("new text", ("u", "v"))
    assert await texts(store, tag="t") == []
    assert await texts(store, tag="v") == ["new text"]


async def test_an_update_that_changes_nothing_is_no_event(store: Store) -> None:
    memory = await store.memories.add(NewMemory("text", tags=("t",)))
    assert await store.memories.update(memory.id, text="text", tags=["t"]) == memory
    assert await kinds_of_events(store) == ["memory.added"]


@pytest.mark.parametrize("id", ["memory:9", "article:1", "nonsense", ""])
async def test_an_unknown_id_is_named(store: Store, id: str) -> None:
    with pytest.raises(NotFoundError, match=f"no memory with id {id!r}"):
        await store.memories.update(id, text="x")
    assert await store.memories.get([id]) == [None]
    assert not await store.memories.forget(id)


async def test_a_changed_memory_is_folded_by_its_new_words_and_not_by_its_old(
    store: Store,
) -> None:
    memory = await store.memories.add(NewMemory("before"))
    await store.memories.update(memory.id, text="after")
    assert (await store.memories.add(NewMemory("After"))).id == memory.id
    assert (await store.memories.add(NewMemory("before"))).id != memory.id


async def test_forgetting_leaves_no_byte_of_it_in_any_file(store: Store) -> None:
    await store.memories.add(NewMemory("kept", source="kept-source", tags=("kept-tag",)))
    secret = NewMemory(
        "zanzibar-kumquat", source="quixotic-source", tags=("flamboyant-tag",), at=None
    )
    memory = await store.memories.add(secret)
    await store.memories.add(NewMemory("ZANZIBAR-kumquat", source="quixotic-source"))
    await store.memories.update(memory.id, text="later-marzipan", tags=["other-sequin"])
    assert await store.memories.forget(memory.id)
    assert not await store.memories.forget(memory.id)
    assert await store.memories.get([memory.id]) == [None]
    await scrubbed(store)
    words = (b"zanzibar", b"kumquat", b"quixotic", b"flamboyant", b"marzipan", b"sequin")
    for path in store.folder.glob("selfd.db*"):
        content = path.read_bytes().lower()
        assert [word for word in words if word in content] == [], path
    assert await texts(store, tag="kept-tag") == ["kept"]


async def test_what_a_reader_keeps_from_being_scrubbed_is_scrubbed_when_it_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_storage.database.SECONDS_TO_SCRUB", 0.01)
    memory = await store.memories.add(NewMemory("a zanzibar in the log"))
    log = store.folder / "selfd.db-wal"
    reader = sqlite3.connect(store.database.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM memories").fetchone()
    assert await store.memories.forget(memory.id)
    assert b"zanzibar" in log.read_bytes()
    reader.close()
    await scrubbed(store)
    assert b"zanzibar" not in store.database.path.read_bytes()


async def test_an_id_is_never_given_again(store: Store) -> None:
    last = (await store.memories.add_many([NewMemory("a"), NewMemory("b")]))[-1]
    await store.memories.forget(last.id)
    assert (await store.memories.add(NewMemory("c"))).id == "memory:3"


async def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_repeat(
    store: Store, clock: Clock
) -> None:
    for number in range(25):
        clock.advance(seconds=number % 3)  # some at the very same moment
        await store.memories.add(NewMemory(f"number {number}"))
    seen: list[str] = []
    after = None
    while True:
        page = await store.memories.page(first=4, after=after)
        assert page.total == 25
        assert page.has_previous == (after is not None)
        seen += [memory.text for memory in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == [f"number {number}" for number in reversed(range(25))]


async def test_a_page_does_not_shift_when_something_new_comes(store: Store, clock: Clock) -> None:
    for number in range(4):
        clock.advance(seconds=1)
        await store.memories.add(NewMemory(f"number {number}"))
    first = await store.memories.page(first=2)
    clock.advance(seconds=1)
    await store.memories.add(NewMemory("newest"))
    await store.memories.forget(first.items[1].id)
    second = await store.memories.page(first=2, after=first.cursors[-1])
    assert [memory.text for memory in second.items] == ["number 1", "number 0"]


async def test_pages_are_filtered_by_kind_and_tag(store: Store) -> None:
    await store.memories.add_many(
        [
            NewMemory("fact one", "FACT", ("x",)),
            NewMemory("note one", "NOTE", ("x", "y")),
            NewMemory("note two", "NOTE"),
        ]
    )
    assert await texts(store, kind="NOTE") == ["note two", "note one"]
    assert await texts(store, tag="x") == ["note one", "fact one"]
    assert await texts(store, tag="x", kind="FACT") == ["fact one"]
    assert await texts(store, tag="nowhere") == []
    page = await store.memories.page(first=1, tag="x")
    assert (page.total, page.has_next) == (2, True)
    assert (await store.memories.page(first=0, kind="NOTE")).total == 2


async def test_the_past_is_as_it_was(store: Store, clock: Clock) -> None:
    memory = await store.memories.add(NewMemory("the cat is at home", tags=("cat",)))
    before = clock()
    clock.advance(hours=1)
    await store.memories.add(NewMemory("The cat is at home", tags=("home",)))
    between = clock()
    clock.advance(hours=1)
    await store.memories.update(memory.id, text="the cat is away", tags=["cat", "gone"])
    now = clock()

    async def then(moment: datetime) -> tuple[str, tuple[str, ...], int]:
        (found,) = await store.memories.get([memory.id], as_of=moment)
        assert found is not None
        assert (await store.memories.page(as_of=moment)).items == [found]
        return found.text, found.tags, found.occurrences

    assert await then(before) == ("the cat is at home", ("cat",), 1)
    assert await then(between) == ("the cat is at home", ("cat", "home"), 2)
    assert await then(now) == ("the cat is away", ("cat", "gone"), 2)
    assert await store.memories.get([memory.id], as_of=before - timedelta(hours=1)) == [None]
    assert await texts(store, as_of=between, tag="gone") == []
    assert await texts(store, as_of=now, tag="gone") == ["the cat is away"]
    assert (await store.memories.page(as_of=between, tag="home")).total == 1


async def test_the_past_knows_nothing_of_what_was_told_later(store: Store, clock: Clock) -> None:
    before = clock()
    clock.advance(hours=1)
    await store.memories.add(NewMemory("long ago", at=before - timedelta(days=365)))
    assert await texts(store, as_of=before) == []
    assert await texts(store) == ["long ago"]


async def test_two_changes_at_one_moment_leave_the_last(store: Store, clock: Clock) -> None:
    memory = await store.memories.add(NewMemory("one"))
    await store.memories.update(memory.id, text="two")
    await store.memories.update(memory.id, text="three")
    assert await texts(store, as_of=clock()) == ["three"]


async def test_a_clock_that_goes_back_does_not_lose_the_past(store: Store, clock: Clock) -> None:
    memory = await store.memories.add(NewMemory("one"))
    clock.advance(hours=-1)
    changed = await store.memories.update(memory.id, text="two")
    assert changed.updated_at >= memory.recorded_at
    assert await texts(store) == ["two"]
