"""Doubtful finds are looked past: other words, and items that name the same rare things."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering.generation.context import passages
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.retrieval.confidence import confidence
from selfd_daemon.answering.retrieval.corrective import (
    BETTER,
    DOUBTFUL,
    GOOD,
    Retriever,
    rewritings,
)
from selfd_storage import NewMemory, Store

AT = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("Where did Ada move after she left the mill in Porto?", "she left the mill in Porto?"),
        ("What does old Jon Smith grow?", "Jon Smith"),
        ("What does old Jon Smith grow?", "old grow"),
    ],
)
def test_a_question_is_put_in_other_words(question: str, query: str) -> None:
    assert query in rewritings(read_question(question))


def test_a_question_with_one_clause_and_no_name_stays_as_it_is() -> None:
    assert rewritings(read_question("where is the key?")) == []


@pytest.mark.anyio
async def test_what_is_found_is_graded(store: Store) -> None:
    await store.memories.add(NewMemory("Ada keeps the spare key under the blue pot."))
    retriever = Retriever(store, confidence)
    good = await retriever.find(read_question("Where does Ada keep the spare key?"), None)
    bad = await retriever.find(read_question("Who painted the ceiling of the chapel?"), None)
    assert (good.grade, good.steps) == ("good", ())
    assert (bad.grade, bad.steps) == ("bad", ())
    assert good.sure >= GOOD > DOUBTFUL > bad.sure


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("after", "steps"), [(DOUBTFUL, ()), (DOUBTFUL + BETTER / 2, ()), (GOOD, ("rewritten",))]
)
async def test_only_what_makes_surer_is_taken_from_a_second_look(
    store: Store, after: float, steps: tuple[str, ...]
) -> None:
    """Where texts stand among others, that is: the first look at others is close enough."""
    log = [f"Log {n} tells of wind and weather, rain, fog and snow." for n in range(25)]
    guests = [f"Guest {n} had tea, bread and jam." for n in range(300)]
    told = [*log, *guests, "Boats are repaired by Ada."]
    await store.memories.add_many([NewMemory(each, source="diary", at=AT) for each in told])
    sure = iter([DOUBTFUL])
    retriever = Retriever(store, lambda _signals: next(sure, after))
    question = "What does the log tell of wind and weather, rain, fog and snow; who repaired boats?"
    found = await retriever.find(read_question(question), None)
    assert found.steps == steps
    ids = {each.hit.item.id for each in found.gathered.evidence}
    assert ("memory:326" in ids) is bool(steps)


@pytest.mark.anyio
async def test_a_scope_holds_for_the_second_look_too(store: Store) -> None:
    await store.memories.add(NewMemory("Ada moved to Porto, and the mill in Lisbon closed."))
    retriever = Retriever(store, lambda _signals: DOUBTFUL)
    found = await retriever.find(read_question("Where did Ada go, and why?"), ["ARTICLE"])
    assert found.gathered.evidence == []


@pytest.mark.anyio
async def test_passages_keep_to_a_budget_and_do_not_repeat(store: Store) -> None:
    told = [
        NewMemory("The spare key is under the blue pot.", at=AT),
        NewMemory("The spare key is under the blue pot, they say.", at=AT),
        NewMemory("Ada took the spare key to Porto in spring.", at=AT),
        NewMemory("The spare key " + "was copied again and again " * 100, at=AT),
    ]
    await store.memories.add_many(told)
    found = await Retriever(store, confidence).find(read_question("Where is the spare key?"), None)
    chosen = passages(found.gathered.evidence, 5000)
    assert [each.number for each in chosen] == list(range(1, len(chosen) + 1))
    assert sum(len(each.text.encode()) for each in chosen) <= 5000
    assert all(each.text in each.item.text for each in chosen)
    texts = [each.text for each in chosen]
    assert texts.index(told[2].text) < max(texts.index(told[0].text), texts.index(told[1].text))
    few = passages(found.gathered.evidence, 60)
    assert len(few) >= 1
    assert sum(len(each.text.encode()) for each in few) <= 60
    assert passages(found.gathered.evidence, 0) == []
