"""Second steps and typos over a real store, and how names and spellings are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_storage import NewMemory, Store
from selfd_storage.ranking.fusion import Query
from selfd_storage.ranking.names import COMMON, names_of
from selfd_storage.ranking.spelling import distance

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def remembered(store: Store, *texts: str) -> None:
    await store.memories.add_many([NewMemory(text) for text in texts])


async def found(store: Store, query: str) -> dict[str, tuple[str, ...]]:
    return {hit.text: hit.via for hit in await store.search(query)}


async def test_a_second_step_follows_the_names_in_the_best_text(store: Store) -> None:
    film = "Inception is a film directed by Christopher Nolan."
    person = "Christopher Nolan grew up in London."
    await remembered(store, film, person, "Bread rises in the morning.", "It rains.")
    hits = await found(store, "which school was attended by the man who directed Inception")
    assert hits == {film: ("lexical",), person: ("graph",)}


async def test_who_begins_a_text_is_found_before_who_is_mentioned(store: Store) -> None:
    film = "Inception is a film directed by Christopher Nolan."
    mention = "We talked about what Christopher Nolan did."
    person = "Christopher Nolan grew up in London."
    await remembered(store, film, mention, person)
    assert list(await found(store, "Inception")) == [film, person, mention]


async def test_a_name_that_is_everywhere_leads_nowhere(store: Store) -> None:
    trip = "The trip to Rome was booked by Ann Bell."
    await remembered(store, trip, *(f"Ann Bell said {number}" for number in range(COMMON + 1)))
    assert list(await found(store, "trip")) == [trip]


async def test_what_is_forgotten_is_not_reached_by_name(store: Store) -> None:
    await remembered(store, "Inception was directed by Christopher Nolan.")
    person = await store.memories.add(NewMemory("Christopher Nolan grew up in London."))
    await store.memories.forget(person.id)
    assert len(await found(store, "Inception")) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "photograhy",
        "photogarphy",
        "phottography",
        "photogrophy",
        "hpotography",
        "photagrephy",
        "pothography",
        "pgotography",
    ],
)
async def test_a_slip_or_two_in_a_word_still_find_it(store: Store, typed: str) -> None:
    await remembered(store, "She took up photography", "He likes the sea")
    assert list(await found(store, f"her {typed}")) == ["She took up photography"]


@pytest.mark.parametrize("typed", ["capital", "ceiling"])
async def test_a_word_with_a_short_stem_is_no_other_short_word(store: Store, typed: str) -> None:
    """`ceil` would be two slips from `call`."""
    await remembered(store, "The cats are called Pip and Squeak", "He likes the sea")
    assert not await store.search(typed)


async def test_what_is_spelled_right_comes_before_what_was_guessed(store: Store) -> None:
    await remembered(store, "the garden gate", "the garden hose")
    assert next(iter(await found(store, "garden hosse"))) == "the garden hose"


@pytest.mark.parametrize("typed", ["gt", "4021", "zzzzzzzz", "東京"])
async def test_what_is_like_no_word_finds_nothing(store: Store, typed: str) -> None:
    await remembered(store, "the gate", "the year 4022")
    assert await found(store, typed) == {}


def test_names_are_words_with_capitals_but_not_those_that_begin_a_sentence() -> None:
    text = "Ann: Yesterday we met Bob Stone in Rome. Although it rained, J. R. Smith of York came."
    assert names_of(text) == [("bob", "stone"), ("rome",), ("j", "r", "smith", "york")]
    assert names_of("in 1999 she wrote a Song Of Ice. 'Who' said Eve") == [
        ("1999",),
        ("song", "ic"),
        ("ev",),
    ]
    assert names_of("Dora Maar\nDora Maar was born in Tours.") == [("dora", "maar"), ("tour",)]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("where does she live", 0.0),
        ("Where does Ann live", 0.5),
        ("did Ann meet Bob Hope in 1999", 0.8),
        ("ELECTRON BEAMS IN METALS", 0.0),
    ],
)
def test_the_share_of_names_in_a_question(question: str, named: float) -> None:
    assert Query.read(question, NOW).named == pytest.approx(named)


def test_a_term_said_often_counts_more_but_not_as_often() -> None:
    query = Query.read("tea or green tea, tea leaves", NOW)
    assert query.terms == ("tea", "green", "leav")
    assert 1 < query.emphasis["tea"] < 2
    assert query.emphasis.keys() == {"tea"}


@pytest.mark.parametrize(
    ("a", "b", "letters"),
    [
        ("tea", "tea", 0),
        ("tea", "ten", 1),
        ("kitten", "sitting", 3),
        ("", "ab", 2),
        ("a", "xyz", 3),
    ],
)
def test_distance_counts_changed_letters(a: str, b: str, letters: int) -> None:
    assert distance(a, b, 9) == distance(b, a, 9) == letters
    assert distance(a, b, 1) == min(letters, 2)
