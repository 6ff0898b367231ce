"""What selfd itself said is recognised; what it was told is not mistaken for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from selfd_storage import CitationRecord, NewAnswer, NewMemory, Store
from support.storage import Clock

pytestmark = pytest.mark.anyio

KEY = "The spare key lies under the blue flower pot."
CAT = "Our cat Ziggy only eats fish on Fridays."
ANSWER = "It is under the blue flower pot, as you told me in March."


async def answered(store: Store, text: str = ANSWER) -> str:
    """Give an answer and return its id."""
    cited = (CitationRecord("memory:1", "under the blue flower pot", 0.9),)
    new = NewAnswer("Where is the key?", text, 0.9, False, cited, "builtin", "fact", 0.1)
    return (await store.conversations.record_turn(None, new)).id


async def origin(store: Store, text: str, **meaning: str) -> str | None:
    (found,) = await store.memories.own_words([NewMemory(text, **meaning)])  # type: ignore[arg-type]
    return found


@pytest.fixture
async def told(store: Store) -> Store:
    await store.memories.add_many([NewMemory(KEY, "FACT", source="chat"), NewMemory(CAT)])
    return store


async def test_an_answer_is_recognised_however_it_is_punctuated(told: Store) -> None:
    answer = await answered(told)
    assert await origin(told, ANSWER) == answer
    assert await origin(told, "it's under the blue flower pot -- as you told me in March") == answer
    assert await origin(told, f"- {ANSWER}") == answer
    assert await origin(told, "It is under the red flower pot, as you told me in March.") is None


async def test_a_list_of_recalled_memories_is_recognised(told: Store) -> None:
    assert await origin(told, f"Memories:\n- {KEY}\n- {CAT}\n") == "memory:1"
    assert await origin(told, f"1. {CAT}\n2. {KEY}", source="agent") == "memory:2"
    assert await origin(told, f"[memory:1] {KEY}\n[memory:2] {CAT}") == "memory:1"


async def test_a_list_with_news_in_it_is_news(told: Store) -> None:
    news = "The gardener moved the key to the shed."
    assert await origin(told, f"- {KEY}\n- {news}") is None


async def test_what_a_memory_would_take_in_was_told_again(told: Store) -> None:
    await answered(told, KEY)
    assert await origin(told, KEY, kind="FACT") is None
    (again,) = await told.memories.add_many([NewMemory(KEY, "FACT", source="chat")])
    assert (again.id, again.occurrences) == ("memory:1", 2)


async def test_short_answers_may_be_anybodys(told: Store) -> None:
    await answered(told, "Yes, it is.")
    assert await origin(told, "Yes, it is.") is None


async def test_a_removed_answer_is_forgotten_with_its_conversation(told: Store) -> None:
    await answered(told)
    await told.conversations.remove("conversation:1")
    assert await origin(told, ANSWER) is None
    left = await told.database.read(
        lambda db: db.execute("SELECT count(*) FROM answer_fingerprints").fetchone()[0]
    )
    assert left == 0


async def test_every_telling_is_there_with_time_source_and_words(told: Store, clock: Clock) -> None:
    first = clock()
    later = clock.advance(days=2)
    said = "the spare key lies under blue flower pot"
    happened = later - timedelta(hours=1)
    await told.memories.add(NewMemory(said, "FACT", source="mail", at=happened))
    await told.memories.add(NewMemory(KEY, "FACT"))
    tellings, others = await told.memories.tellings(["memory:1", "memory:2"])
    assert [(t.at, t.recorded_at, t.source, t.text) for t in tellings] == [
        (first, first, "chat", None),
        (happened, later, "mail", said),
        (later, later, None, None),
    ]
    assert len(others) == 1
    assert await told.memories.tellings(["memory:99"]) == [[]]
