"""The journal: entries in the order of what happened, each with its hash and place in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from selfd_storage import NewThought, Store

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def thought(minutes: int, text: str = "Remembered memory:1.") -> NewThought:
    at = NOON + timedelta(minutes=minutes)
    return NewThought(at, "memory", 0.5, minutes + 1, minutes + 1, text, ("memory:1",))


async def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    written = await store.thoughts.add(thought(0), heard=7)
    assert written is not None
    assert (written.id, written.source, written.about) == ("thought:1", "memory", ("memory:1",))
    assert await store.thoughts.get(["thought:9", "thought:1", "memory:1"]) == [None, written, None]
    assert await store.items(["thought:1"]) == [written]
    assert await store.thoughts.heard() == 7


async def test_an_entry_is_told_of_in_the_log(store: Store) -> None:
    await store.thoughts.add(thought(0), heard=1)
    (event,) = await store.events.page(0)
    assert (event.kind, event.subject) == ("thought.noted", "thought:1")


async def test_hearing_alone_writes_no_entry(store: Store) -> None:
    assert await store.thoughts.heard() is None
    assert await store.thoughts.add(None, heard=3) is None
    assert await store.thoughts.heard() == 3
    assert (await store.thoughts.page()).total == 0


async def test_pages_are_newest_first_by_when_it_happened(store: Store) -> None:
    for minutes in (3, 1, 2):
        await store.thoughts.add(thought(minutes), heard=1)
    page = await store.thoughts.page(first=2)
    assert [each.first for each in page.items] == [4, 3]
    rest = await store.thoughts.page(first=2, after=page.cursors[-1])
    assert [each.first for each in rest.items] == [2]
    assert (page.total, page.has_next, rest.has_next) == (3, True, False)


async def test_a_period_has_its_beginning_and_not_its_end(store: Store) -> None:
    for minutes in range(4):
        await store.thoughts.add(thought(minutes), heard=1)
    since, until = NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)
    found = await store.thoughts.between(since, until)
    assert [each.first for each in found] == [2, 3]


async def test_a_changed_entry_is_left_out_and_named(store: Store) -> None:
    await store.thoughts.add(thought(0), heard=1)
    await store.thoughts.add(thought(1), heard=2)
    await store.database.write(
        lambda tx: tx.execute("UPDATE thoughts SET text = 'Won the lottery.' WHERE id = 1")
    )
    assert [each.id for each in (await store.thoughts.page()).items] == ["thought:2"]
    assert await store.thoughts.get(["thought:1"]) == [None]
    assert any("thought:1" in problem for problem in store.problems())
