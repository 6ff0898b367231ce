"""The lineage of the weights: a chain that adds up, one that serves, and what it learned from."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_storage import NewCheckpoint, NotFoundError, Store
from selfd_storage.working.checkpoints import chained

pytestmark = pytest.mark.anyio


def made(
    parent: str | None, hash: str, *, promoted: bool, items: tuple[str, ...] = ()
) -> NewCheckpoint:
    return NewCheckpoint(
        parent, "FINETUNE", hash, f"{hash}.safetensors", promoted, "better", 1.7, 1.6, items=items
    )


async def test_a_promoted_generation_serves_and_a_rejected_one_does_not(store: Store) -> None:
    root = await store.checkpoints.add(NewCheckpoint(None, None, "aa", None, True, "it ships"))
    child = await store.checkpoints.add(made(root.id, "bb", promoted=True))
    await store.checkpoints.add(made(child.id, "cc", promoted=False))
    served = await store.checkpoints.active()
    assert served == child
    assert [each.active for each in await store.checkpoints.all()] == [False, True, False]
    kinds = [event.kind for event in await store.events.page(0)]
    assert kinds == ["checkpoint.promoted", "checkpoint.promoted", "checkpoint.rejected"]


async def test_each_chain_holds_its_parents(store: Store) -> None:
    root = await store.checkpoints.add(NewCheckpoint(None, None, "aa", None, True, "it ships"))
    child = await store.checkpoints.add(made(root.id, "bb", promoted=True))
    assert root.chain == chained("", "aa")
    assert child.chain == chained(root.chain, "bb")


async def test_an_older_generation_can_serve_again(store: Store) -> None:
    root = await store.checkpoints.add(NewCheckpoint(None, None, "aa", None, True, "it ships"))
    await store.checkpoints.add(made(root.id, "bb", promoted=True))
    assert (await store.checkpoints.activate(root.id)).active
    assert [each.active for each in await store.checkpoints.all()] == [True, False]
    await store.checkpoints.activate(root.id)
    kinds = [event.kind for event in await store.events.page(0)]
    assert kinds.count("checkpoint.restored") == 1
    with pytest.raises(NotFoundError, match="checkpoint:9"):
        await store.checkpoints.activate("checkpoint:9")


async def test_a_generation_needs_a_parent_that_is_there(store: Store) -> None:
    with pytest.raises(NotFoundError, match="checkpoint:9"):
        await store.checkpoints.add(made("checkpoint:9", "bb", promoted=True))
    assert await store.checkpoints.all() == []


async def test_what_a_generation_learned_from_is_found_by_the_item(store: Store) -> None:
    one = await store.checkpoints.add(
        made(None, "aa", promoted=True, items=("memory:1", "article:1"))
    )
    await store.checkpoints.add(made(one.id, "bb", promoted=True, items=("memory:2",)))
    assert await store.checkpoints.trained_on(["memory:1"]) == {one.id}
    assert await store.checkpoints.trained_on(["chunk:1", "memory:3"]) == set()
    await store.checkpoints.let_go([one.id])
    assert [each.file for each in await store.checkpoints.all()] == [None, "bb.safetensors"]


async def test_a_backup_of_a_store_with_a_lineage_is_whole(store: Store, tmp_path: Path) -> None:
    await store.checkpoints.add(made(None, "aa", promoted=True, items=("memory:1", "chunk:7")))
    assert (await store.backup(tmp_path / "copy.selfd")).verified
