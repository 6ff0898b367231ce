"""Minds that were added, and what feedback says of them."""

from __future__ import annotations

import pytest

from selfd_storage import DuplicateError, NewAnswer, NewMind, NotFoundError, Store

pytestmark = pytest.mark.anyio

NEW = NewMind("qwen", "MLX", "/models/qwen", {"kv_bits": 8})


async def test_a_mind_is_kept_as_it_was_described(store: Store) -> None:
    added = await store.minds.add(NEW)
    assert added.id == "mind:1"
    assert (added.name, added.kind, added.model) == ("qwen", "MLX", "/models/qwen")
    assert added.options == {"kv_bits": 8}
    assert (added.parameters, added.bytes_per_second, added.removed_at) == (None, None, None)
    assert await store.minds.all() == [added]
    assert await store.minds.get("mind:1") == added


async def test_what_was_measured_stays_until_it_is_measured_again(store: Store) -> None:
    await store.minds.add(NEW)
    await store.minds.measured("mind:1", parameters=5e8)
    await store.minds.measured("mind:1", bytes_per_second=80.0)
    (mind,) = await store.minds.all()
    assert (mind.parameters, mind.bytes_per_second) == (5e8, 80.0)


async def test_a_name_is_free_again_once_its_mind_was_removed(store: Store) -> None:
    await store.minds.add(NEW)
    with pytest.raises(DuplicateError, match="there is a mind named 'qwen' already"):
        await store.minds.add(NEW)
    assert await store.minds.remove("mind:1")
    assert not await store.minds.remove("mind:1")
    assert (await store.minds.add(NEW)).id == "mind:2"
    gone = await store.minds.get("mind:1")
    assert gone is not None
    assert gone.removed_at is not None


async def test_feedback_tells_who_was_right(store: Store) -> None:
    for rating in (1, -1):
        answer = NewAnswer("q", "a", 1.0, False, (), "mind:9", "t", 0.0)
        kept = await store.conversations.record_turn(None, answer)
        await store.minds.support(kept.id, {"mind:1": 1.0, "mind:2": 0.25})
        await store.conversations.add_feedback(kept.id, rating=-rating)
        await store.conversations.add_feedback(kept.id, rating=rating)
    assert await store.minds.track_records() == {"mind:1": (1.0, 2), "mind:2": (1.0, 2)}
    await store.conversations.add_feedback("answer:2", rating=1)
    assert await store.minds.track_records() == {"mind:1": (2.0, 2), "mind:2": (0.5, 2)}


async def test_support_belongs_to_an_answer(store: Store) -> None:
    with pytest.raises(NotFoundError):
        await store.minds.support("answer:1", {"mind:1": 1.0})
