"""A close look: parts of a question, titles, and names, over a real store and by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store
from selfd_storage.ids import CODES
from selfd_storage.ranking.close_look import (
    LINKED,
    PART_WORDS,
    Links,
    in_new_order,
    parts_of,
)
from selfd_storage.ranking.fusion import Ranked, View
from selfd_storage.ranking.held_terms import HeldTerms
from selfd_storage.words.chains import Chains
from selfd_storage.words.columns import OPEN, Columns, Entry

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMORY = CODES["memory"]


async def found(store: Store, query: str, *, first: int = 10, closely: bool = True) -> list[str]:
    return [hit.text for hit in await store.search(query, first=first, closely=closely)]


async def remembered(store: Store, *texts: str) -> None:
    await store.memories.add_many([NewMemory(text) for text in texts])


async def test_a_text_that_tells_one_part_comes_before_one_that_has_a_word_of_each(
    store: Store,
) -> None:
    best = "The council voted for the tunnel, and the mayor praised it when a new library opened."
    part = "The harbour bridge was shut for a week."
    spread = "A council, a mayor, a library, an orchestra, lorries."
    question = (
        "Which council voted for the tunnel that the mayor praised when a new library opened, and "
        "which orchestra had to end its tour because the harbour bridge stayed shut to lorries?"
    )
    await remembered(store, best, spread, part, "The museum shows coins.", "Tea is grown here.")
    assert await found(store, question, closely=False) == [best, spread, part]
    assert await found(store, question) == [best, part, spread]


async def test_the_second_text_of_a_chain_comes_before_what_repeats_the_question(
    store: Store,
) -> None:
    film = "Winter Lights\nWinter Lights is a film directed by Karim Solberg."
    person = "Karim Solberg\nKarim Solberg came to Tromsø as a child and keeps bees."
    others = [
        f"Evening {number}\nIn winter we saw a film whose director was born in town {number}."
        for number in range(8)
    ]
    question = "Where was the director of the film Winter Lights born?"
    await remembered(store, *others, film, person)
    assert person not in await found(store, question, first=2, closely=False)
    assert await found(store, question, first=2) == [film, person]


async def test_scores_stay_those_of_the_search_in_falling_order(store: Store) -> None:
    await remembered(store, *(f"The {name} boat sails at {hour}" for hour, name in _BOATS))
    plain = await store.search("when does the red boat sail", first=5)
    close = await store.search("when does the red boat sail", first=5, closely=True)
    assert [hit.score for hit in close] == [hit.score for hit in plain]


async def test_turns_of_a_dialogue_stay_where_they_were(store: Store) -> None:
    turns = [f"Ann: the {name} boat sails at {hour}" for hour, name in _BOATS]
    await store.memories.add_many([NewMemory(turn, source="chat", at=NOW) for turn in turns])
    question = "when does the red boat sail"
    assert await found(store, question) == await found(store, question, closely=False)


async def test_what_nothing_holds_finds_nothing(store: Store) -> None:
    assert await found(store, "anything") == []
    await remembered(store, "The sea is cold.", "It rains.")
    assert await found(store, "xylophone") == []


@pytest.mark.parametrize("question", ["???", "What was yesterday?"])
async def test_without_words_the_order_stays(tmp_path: Path, question: str) -> None:
    """A question of a time alone wants the newest first, one of nothing finds what it finds."""
    async with await Store.open(tmp_path, now=lambda: NOW, embedders=[Embedder.load()]) as store:
        then = [NOW - timedelta(days=1, minutes=minute) for minute in range(9)]
        news = [NewMemory(f"Note of minute {at.minute}", at=at) for at in then]
        await store.memories.add_many(news)
        await store.settle()
        order = await found(store, question, closely=False)
        assert await found(store, question) == order


async def test_what_is_forgotten_is_not_reached_along_names(store: Store) -> None:
    await remembered(store, "Winter Lights was directed by Karim Solberg.", "Lights are on.")
    person = await store.memories.add(NewMemory("Karim Solberg was born in Tromsø."))
    question = "who directed Winter Lights"
    assert person.text in await found(store, question)
    await store.memories.forget(person.id)
    assert person.text not in await found(store, question)


async def test_a_close_look_works_by_meaning_too(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, embedders=[Embedder.load()]) as store:
        near = "Physicians prescribe medicine to sick people."
        await remembered(store, near, "The doctor of philosophy teaches logic at noon.")
        await store.settle()
        question = "Which doctor gives drugs to ill patients?"
        assert near in await found(store, question)
        assert store.problems() == []


def test_a_long_question_has_overlapping_parts_and_a_short_one_is_whole() -> None:
    words = [f"w{number}" for number in range(2 * PART_WORDS + 4)]
    parts = parts_of(" ".join(words))
    assert all(len(part.split()) <= PART_WORDS for part in parts)
    assert set(" ".join(parts).split()) == set(words)
    assert parts_of("one two three") == ["one two three"]


def test_windows_count_neighbouring_terms_alone() -> None:
    rarity = np.ones(6)
    together, apart = [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1]
    held = HeldTerms(rarity, np.array([together, apart], np.float64).T, count=10)
    assert held.windows(2).tolist() == [1.0, 0.5]
    assert held.windows(6).tolist() == pytest.approx([1 / 3, 1 / 3])


def test_of_linked_documents_the_strongest_new_ones_are_taken() -> None:
    worth = {doc: {0: (1 / doc, ("name",))} for doc in range(1, LINKED + 10)}
    docs = Links(worth).strongest(np.array([1.0]), known=np.array([2]))
    assert docs.tolist() == [doc for doc in range(1, LINKED + 2) if doc != 2]


def test_what_stands_among_others_keeps_its_place_in_a_new_order() -> None:
    """Documents 2 and 3 are neighbours; 1, 4 and 5 stand alone, and 5 came along a name."""
    columns = Columns()
    chains = Chains(columns)
    for doc, parent in enumerate((0, 7, 7, 0, 0), start=1):
        columns.put([doc], [Entry(MEMORY, doc, parent, 0, 0, OPEN, 5, 0, False)])
        chains.join([doc])
    ranked = [Ranked(doc, 1 / doc, ("lexical",)) for doc in (1, 2, 3, 4)]
    ordered = in_new_order(ranked, [5, 4, 1], View(columns, chains))
    assert [(each.doc, each.score) for each in ordered] == [
        (1, 1.0),
        (2, 1 / 2),
        (3, 1 / 3),
        (5, 1 / 4),
        (4, 1 / 4),
    ]
    assert ordered[3].via == ("graph",)


_BOATS = list(enumerate(["red", "blue", "green", "white", "black", "grey"], start=6))
