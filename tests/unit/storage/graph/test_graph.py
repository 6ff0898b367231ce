"""The graph's rows: who names whom, what is stated, and what is left when an item goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from selfd_storage import (
    ItemReading,
    NewArticle,
    NewMemory,
    NewStatement,
    PollOutcome,
    Store,
)
from selfd_storage._sqlite import sqlite3
from selfd_storage.graph.entities import told_at
from selfd_storage.graph.rows import name_key
from selfd_storage.items import text_of
from support.storage import ANY_ROOM, Clock

pytestmark = pytest.mark.anyio

LISBON = NewStatement("Maya", "lives in", "Lisbon", True, "Maya lives in Lisbon")


async def read_all(
    store: Store,
    names: Mapping[str, Sequence[str]],
    statements: Mapping[str, Sequence[NewStatement]] | None = None,
    edition: int = 1,
) -> list[str]:
    """Read everything that is pending, with what each text is to be taken to say."""
    seen = []
    while (found := await store.graph.next(edition)) is not None:
        step, items = found
        readings = []
        for item in items:
            text = text_of(item).split("\n")[0]
            seen.append(text)
            said = (statements or {}).get(text, ())
            readings.append(ItemReading(item.id, told_at(item), names.get(text, ()), said))
        await store.graph.store(step, readings)
    return seen


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Maya", "maya"),
        ("José Álvarez's", "jose alvarez"),
        ("The Bank of England", "bank of england"),
        ("Mr. Bean", "bean"),
        ("Ｌｉｓｂｏｎ", "lisbon"),
        ("The The", "the"),
        ("...", ""),
    ],
)
def test_spellings_of_a_name_have_one_key(name: str, key: str) -> None:
    assert name_key(name) == key


async def test_an_entity_is_found_by_any_spelling_and_counts_its_items(store: Store) -> None:
    await store.memories.add_many([NewMemory("one"), NewMemory("two")])
    await read_all(store, {"one": ["José Álvarez"], "two": ["Jose Alvarez", "Ann"]})
    found = await store.graph.named("JOSE ÁLVAREZ")
    assert found is not None
    assert (found.name, found.mentions) == ("José Álvarez", 2)
    assert (await store.graph.by_numbers([found.number])) == [found]
    assert await store.graph.items_naming([found.number]) == 2


async def test_an_entity_is_found_by_its_first_name_when_only_one_begins_so(store: Store) -> None:
    await store.memories.add_many([NewMemory("one"), NewMemory("two")])
    await read_all(store, {"one": ["Ingrid Moe"], "two": ["Ann Lee", "Ann Moe", "Anna"]})
    found = await store.graph.named("ingrid")
    assert found is not None
    assert found.name == "Ingrid Moe"
    assert await store.graph.named("Ann") is None
    assert await store.graph.named("") is None


async def test_items_are_read_once_and_again_when_they_change(store: Store) -> None:
    memory = await store.memories.add(NewMemory("one"))
    assert await read_all(store, {}) == ["one"]
    assert await read_all(store, {}) == []
    await store.memories.update(memory.id, text="two")
    assert await read_all(store, {}) == ["two"]


async def test_a_changed_memory_is_known_by_its_new_text_alone(store: Store) -> None:
    memory = await store.memories.add(NewMemory("old"))
    names, said = {"old": ["Ann", "Maya"], "new": ["Ann"]}, {"old": [LISBON]}
    await read_all(store, names, said)
    await store.memories.update(memory.id, text="new")
    await read_all(store, names, said)
    assert await store.graph.named("Maya") is None
    assert await store.graph.named("Lisbon") is None
    ann = await store.graph.named("Ann")
    assert ann is not None
    assert ann.mentions == 1


async def test_other_rules_read_everything_anew(store: Store) -> None:
    await store.memories.add_many([NewMemory("one"), NewMemory("two")])
    await read_all(store, {"one": ["Ann"]})
    assert await read_all(store, {"one": ["Bob"]}, edition=2) == ["one", "two"]
    assert await store.graph.named("Ann") is None
    assert await store.graph.named("Bob") is not None


async def test_a_rebuild_reads_everything_anew(store: Store) -> None:
    await store.memories.add(NewMemory("one"))
    await read_all(store, {"one": ["Ann"]})
    await store.graph.rebuild()
    assert await read_all(store, {"one": ["Ann"]}) == ["one"]
    ann = await store.graph.named("Ann")
    assert ann is not None
    assert ann.mentions == 1


async def test_a_log_that_was_cut_short_is_no_loss(tmp_path: Path, clock: Clock) -> None:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM, keep_events=5) as store:
        await store.memories.add(NewMemory("first"))
        await read_all(store, {})
        for batch in range(3):
            texts = [NewMemory(f"later {batch} {number}") for number in range(700)]
            await store.memories.add_many(texts)
        seen = await read_all(store, {"later 0 0": ["Ann"]})
        assert len(set(seen)) == 2101
        assert await store.graph.named("Ann") is not None


async def test_forgetting_leaves_nothing_that_was_known_from_the_memory_alone(
    store: Store, tmp_path: Path
) -> None:
    kept = await store.memories.add(NewMemory("kept"))
    gone = await store.memories.add(NewMemory("gone"))
    said = {"gone": [LISBON], "kept": [NewStatement("Ann", "knows", "Maya", True, "kept")]}
    await read_all(store, {"gone": ["Quetzal"]}, said)
    assert await store.memories.forget(gone.id)
    assert await store.graph.named("Quetzal") is None
    assert await store.graph.named("Lisbon") is None
    maya = await store.graph.named("Maya")
    assert maya is not None
    assert [each.item_id for each in await store.graph.statements([maya.number])] == [kept.id]
    await store.database.checkpoint()
    raw = (tmp_path / "selfd.db").read_bytes()
    assert b"Quetzal" not in raw
    assert b"Maya lives in Lisbon" not in raw


async def test_a_memory_that_went_meanwhile_leaves_no_trace(store: Store) -> None:
    memory = await store.memories.add(NewMemory("one"))
    found = await store.graph.next(1)
    assert found is not None
    await store.memories.forget(memory.id)
    step, (item,) = found
    await store.graph.store(step, [ItemReading(item.id, told_at(item), ["Ann"], [LISBON])])
    assert await store.graph.named("Ann") is None
    assert not await store.graph.add(memory.id, [LISBON])
    assert await store.graph.named("Maya") is None


async def test_leaving_a_feed_leaves_nothing_of_its_articles(store: Store, clock: Clock) -> None:
    feed = await store.feeds.add(url="https://example.org/feed", title="News")
    article = NewArticle("g", "Quetzal seen", None, "", "It was seen. " * 20, clock())
    await store.feeds.record_poll(feed.id, PollOutcome(clock(), clock()), [article])
    await read_all(store, {"Quetzal seen": ["Quetzal"]})
    assert await store.graph.named("Quetzal") is not None
    assert await store.feeds.remove(feed.id)
    assert await store.graph.named("Quetzal") is None


async def test_what_a_mind_proposed_stays_until_its_memory_goes(store: Store) -> None:
    memory = await store.memories.add(NewMemory("one"))
    await read_all(store, {"one": ["Ann"]})
    proposed = NewStatement("Maya", "lives in", "Lisbon", True, "one", origin="MIND")
    assert await store.graph.add(memory.id, [proposed])
    await store.graph.rebuild()
    await read_all(store, {"one": ["Ann"]})
    maya = await store.graph.named("Maya")
    assert maya is not None
    (kept,) = await store.graph.statements([maya.number])
    assert (kept.origin, kept.quote, kept.at) == ("MIND", "one", memory.created_at)
    await store.memories.forget(memory.id)
    assert await store.graph.named("Maya") is None


async def test_a_text_tells_which_known_entities_it_names(store: Store) -> None:
    await store.memories.add(NewMemory("one"))
    await read_all(store, {"one": ["Ingrid Moe", "Ingrid", "Bank of England"]})
    named = await store.graph.entities_in("what did the bank of england tell INGRID MOE?")
    assert [each.name for each in named] == ["Bank of England", "Ingrid Moe", "Ingrid"]
    assert await store.graph.entities_in("nobody here") == []
    assert await store.graph.entities_in("") == []


async def test_items_are_tied_by_the_rare_names_that_they_share(store: Store) -> None:
    texts = ["question", "rare", "common", "neither", *map(str, range(20))]
    records = await store.memories.add_many([NewMemory(text) for text in texts])
    names: dict[str, Sequence[str]] = {str(number): ["Paris"] for number in range(20)}
    names |= {"question": ["Quetzal", "Paris"], "rare": ["Quetzal"], "common": ["Paris"]}
    await read_all(store, names)
    ties = dict(await store.graph.sharing([records[0].id], first=50))
    assert next(iter(ties)) == records[1].id
    assert ties[records[1].id] == pytest.approx(1 / 2)
    assert ties[records[2].id] == pytest.approx(1 / 22)
    assert records[0].id not in ties
    assert records[3].id not in ties


async def test_a_name_that_everything_holds_ties_nothing(store: Store) -> None:
    records = await store.memories.add_many([NewMemory(str(number)) for number in range(201)])
    await read_all(store, {str(number): ["Me"] for number in range(201)})
    assert await store.graph.sharing([records[0].id]) == []


async def test_a_damaged_memory_is_stepped_over_and_keeps_what_was_known(
    store: Store, tmp_path: Path
) -> None:
    bad = (await store.memories.add_many([NewMemory("bad"), NewMemory("good")]))[0]
    await read_all(store, {"bad": ["Ann"], "good": ["Bob"]})
    raw = sqlite3.connect(tmp_path / "selfd.db")
    raw.execute("UPDATE memories SET body = x'00' WHERE id = 1")
    raw.commit()
    raw.close()
    await store.graph.rebuild()
    assert await read_all(store, {"good": ["Bob"]}) == ["good"]
    assert await store.graph.named("Ann") is not None
    assert any(bad.id in problem for problem in store.problems())


@pytest.mark.parametrize("place", ["junk", [], [1, 2], {"a": 1}, [1, 10**9, 5, None]])
async def test_a_place_that_makes_no_sense_begins_anew(store: Store, place: object) -> None:
    await store.memories.add(NewMemory("one"))
    await read_all(store, {})
    await store.values.set("graph.place", place)
    assert await read_all(store, {"one": ["Ann"]}) == ["one"]
    assert await store.graph.named("Ann") is not None
