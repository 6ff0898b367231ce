"""The log numbers what happened, keeps it in the transaction that did it, and stays small."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_storage import EventRecord, NewMemory, Store
from support.storage import ANY_ROOM, Clock

pytestmark = pytest.mark.anyio


async def test_events_come_back_in_order_with_subject_and_payload(
    store: Store, clock: Clock
) -> None:
    await store.events.append("daemon.started", None, {"version": "1.0"})
    await store.events.append("feedback.given", "answer:7", {})
    await store.events.append("mind.added", "mind:builtin", {"n": 1})
    assert await store.events.page(0) == [
        EventRecord(1, clock(), "daemon.started", None, {"version": "1.0"}),
        EventRecord(2, clock(), "feedback.given", "answer:7", {}),
        EventRecord(3, clock(), "mind.added", "mind:builtin", {"n": 1}),
    ]
    assert await store.events.latest() == 3


@pytest.mark.parametrize("subject", ["memory:007", "1", "1e5", "memory:", "é", ""])
async def test_a_subject_comes_back_to_the_letter(store: Store, subject: str) -> None:
    await store.events.append("k", subject)
    assert (await store.events.page(0))[0].subject == subject


async def test_a_page_begins_after_a_number_and_holds_the_kinds_asked_for(store: Store) -> None:
    for number in range(6):
        await store.events.append("even" if number % 2 == 0 else "odd", None, {"n": number})
    assert [event.sequence for event in await store.events.page(4)] == [5, 6]
    assert [event.sequence for event in await store.events.page(1, ["even"])] == [3, 5]
    assert [event.sequence for event in await store.events.page(0, None, 2)] == [1, 2]
    assert await store.events.page(0, []) == []
    assert await store.events.page(0, ["never"]) == []


async def test_listeners_hear_what_the_log_holds(store: Store) -> None:
    heard: list[EventRecord] = []
    store.on_commit(heard.extend)
    await store.memories.add_many([NewMemory("a"), NewMemory("b"), NewMemory("A")])
    assert heard == await store.events.page(0)


async def test_a_write_that_fails_leaves_no_event(store: Store) -> None:
    heard: list[EventRecord] = []
    store.on_commit(heard.extend)
    with pytest.raises(TypeError):
        await store.events.append("k", None, {"not json": object()})
    assert (await store.events.page(0), heard, await store.events.latest()) == ([], [], 0)


async def test_old_events_go_and_their_numbers_are_never_given_again(
    tmp_path: Path, clock: Clock
) -> None:
    async with await Store.open(tmp_path, now=clock, keep_events=10, limits=ANY_ROOM) as store:
        await store.memories.add_many([NewMemory(f"n {number}") for number in range(1500)])
        kept = [event.sequence for event in await store.events.page(0, None, 5000)]
        assert kept == list(range(1491, 1501))
        await store.database.write(lambda tx: tx.execute("DELETE FROM events").close())
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        assert await store.events.latest() == 1500
        await store.events.append("k")
        assert [event.sequence for event in await store.events.page(0)] == [1501]


async def test_forgotten_text_is_not_in_the_log(store: Store) -> None:
    memory = await store.memories.add(NewMemory("a secret", source="whence"))
    await store.memories.forget(memory.id)
    assert [event.payload for event in await store.events.page(0)] == [{}, {}]
