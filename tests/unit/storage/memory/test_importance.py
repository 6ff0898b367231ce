"""Importance grows with repetition, feedback, recency and surprise, ranks, and hides nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage import CitationRecord, MemoryRecord, NewAnswer, NewMemory, Store
from selfd_storage.memory.importance import HALF_LIFE, NUDGE, importance
from support.storage import Clock

pytestmark = pytest.mark.anyio


def test_an_old_common_memory_told_once_is_worth_a_half() -> None:
    assert importance(1) == pytest.approx(0.5)
    assert importance(1, age=100 * HALF_LIFE) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (importance(3), importance(2)),
        (importance(1, surprise=3.5), importance(1, surprise=1.5)),
        (importance(1, age=0), importance(1, age=HALF_LIFE)),
        (importance(1, rating=1), importance(1)),
        (importance(1), importance(1, rating=-1)),
        (importance(2, age=HALF_LIFE), importance(1, age=0)),
    ],
)
def test_each_signal_moves_it(more: float, less: float) -> None:
    assert more > less


@given(
    st.integers(1, 10**6), st.none() | st.floats(0, 50), st.none() | st.integers(-10, 10**13),
    st.integers(-1000, 1000),
)  # fmt: skip
def test_it_is_always_between_nothing_and_everything(
    occurrences: int, surprise: float | None, age: int | None, rating: int
) -> None:
    assert 0 < importance(occurrences, surprise, age, rating) <= 1


async def answered(store: Store, memory: MemoryRecord, rating: int) -> None:
    cited = (CitationRecord(memory.id, memory.text, 1.0),)
    answer = NewAnswer("q", "a", 1.0, False, cited, "m", "t", 0.0)
    given = await store.conversations.record_turn(None, answer)
    await store.conversations.add_feedback(given.id, rating=rating)


@pytest.mark.parametrize("rating", [-1, 1])
async def test_the_rating_of_an_answer_is_felt_by_what_it_quotes(store: Store, rating: int) -> None:
    memory = await store.memories.add(NewMemory("The spare key is under the pot."))
    await answered(store, memory, rating)
    (rated,) = await store.memories.get([memory.id])
    (listed,) = (await store.memories.page()).items
    assert rated is not None
    assert (rated.importance - memory.importance) * rating > 0.05
    assert listed.importance == rated.importance


async def test_a_memory_fades_and_comes_back_when_it_is_told_again(
    store: Store, clock: Clock
) -> None:
    first = await store.memories.add(NewMemory("The spare key is under the pot."))
    clock.advance(days=300)
    (old,) = await store.memories.get([first.id])
    again = await store.memories.add(NewMemory("The spare key is under the pot."))
    assert old is not None
    assert old.importance < first.importance < again.importance


async def test_search_ranks_by_it_among_equals_and_leaves_nothing_out(
    store: Store, clock: Clock
) -> None:
    texts = [f"the meeting of team {word}" for word in ("alpha", "bravo", "carol", "delta")]
    records = await store.memories.add_many(
        [NewMemory(text, source=text, at=clock() - timedelta(days=400)) for text in texts]
    )
    before_hits = await store.search("meeting team", first=10)
    before = [hit.item.id for hit in before_hits]
    worst = records[[record.id for record in records].index(before[-1])]
    for _ in range(3):
        await store.memories.add(NewMemory(worst.text, source=worst.source))
    after = await store.search("meeting team", first=10)
    assert after[0].item.id == worst.id
    assert {hit.item.id for hit in after} == set(before)
    assert {hit.score for hit in after} == {hit.score for hit in before_hits}


async def test_a_better_hit_is_not_overtaken_by_an_important_one(store: Store) -> None:
    right = await store.memories.add(NewMemory("the zanzibar ferry leaves at noon", source="a"))
    other = NewMemory("the ferry was late", source="b")
    for _ in range(50):
        await store.memories.add(other)
    hits = await store.search("zanzibar ferry noon")
    assert hits[0].item.id == right.id
    assert len(hits) == 2


async def test_a_reflection_comes_after_what_it_quotes(store: Store) -> None:
    quote = "the zanzibar ferry leaves at noon"
    news = NewMemory(f"From 4 memories:\n- {quote}", "REFLECTION", source="reflections")
    await store.memories.add_many([news, NewMemory(quote, source="a")])
    await store.memories.add_many([news] * 5)
    hits = await store.search("when does the zanzibar ferry leave")
    found = [hit.item.kind for hit in hits if isinstance(hit.item, MemoryRecord)]
    assert found == ["NOTE", "REFLECTION"]


def test_it_weighs_a_fiftieth_of_a_score_at_most() -> None:
    spread = [importance(n, s, a, r) for n, s, a, r in product((1, 99), (0, 9), (0, None), (-9, 9))]
    assert max(spread) - min(spread) <= 1
    assert NUDGE / 2 <= 0.02
