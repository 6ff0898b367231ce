"""Generations of the weights: what serves is always whole, and the way back is exact."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from selfd_daemon.nights.generations.lineage import Lineage, hash_of, verified
from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, NotFoundError, Store

pytestmark = pytest.mark.anyio

FIGURES = {"new": {"before": 1.8, "after": 1.7}}


async def adopted(
    lineage: Lineage, candidate: Path, *, promoted: bool = True, items: tuple[str, ...] = ()
) -> CheckpointRecord:
    return await lineage.adopt(
        candidate,
        parent=await lineage.active(),
        origin="FINETUNE",
        promoted=promoted,
        reason="better" if promoted else "worse",
        figures=FIGURES,
        data_hash="ab",
        items=items,
    )


async def test_the_weights_that_ship_are_the_root(lineage: Lineage, shipped: Path) -> None:
    root = await lineage.begin()
    assert (root.parent, root.active, root.hash) == (None, True, hash_of(shipped))
    assert lineage.serving == shipped
    assert await lineage.begin() == root
    assert len(await lineage.all()) == 1


async def test_a_promoted_candidate_serves_at_once_and_a_rejected_one_never(
    lineage: Lineage, candidates: list[Path]
) -> None:
    await lineage.begin()
    swaps: list[Path] = []

    async def swap() -> None:
        swaps.append(lineage.serving)

    lineage.serves_through(swap)
    first = await adopted(lineage, candidates[0])
    assert first.active
    assert swaps == [lineage.path(first)]
    assert (first.before, first.after) == (1.8, 1.7)
    second = await adopted(lineage, candidates[1], promoted=False)
    assert (second.active, second.file) == (False, None)
    assert len(swaps) == 1
    assert verified(await lineage.all())


async def test_rollback_brings_back_the_same_bits_in_less_than_two_seconds(
    lineage: Lineage, candidates: list[Path]
) -> None:
    await lineage.begin()
    first = await adopted(lineage, candidates[0])
    before = hashlib.sha256(lineage.serving.read_bytes()).digest()
    await adopted(lineage, candidates[1])
    assert hashlib.sha256(lineage.serving.read_bytes()).digest() != before
    start = time.monotonic()
    restored = await lineage.rollback(first.id)
    assert time.monotonic() - start < 2.0
    assert restored.active
    assert hashlib.sha256(lineage.serving.read_bytes()).digest() == before


async def test_rollback_goes_to_what_served_and_is_still_here(
    lineage: Lineage, candidates: list[Path]
) -> None:
    await lineage.begin()
    rejected = await adopted(lineage, candidates[0], promoted=False)
    with pytest.raises(ServiceError, match="was rejected: worse"):
        await lineage.rollback(rejected.id)
    with pytest.raises(NotFoundError, match="checkpoint:9"):
        await lineage.rollback("checkpoint:9")
    first = await adopted(lineage, candidates[1])
    await adopted(lineage, candidates[2])
    path = lineage.path(first)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ServiceError, match="damaged or gone"):
        await lineage.rollback(first.id)


@pytest.mark.parametrize("damage", ["gone", "cut"])
async def test_a_damaged_generation_gives_way_to_its_parent_with_a_warning(
    lineage: Lineage, candidates: list[Path], damage: str
) -> None:
    root = await lineage.begin()
    first = await adopted(lineage, candidates[0])
    path = lineage.path(first)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])
    assert (await lineage.begin()).id == root.id
    assert lineage.problems()[0].startswith(f"the weights of {first.id} are damaged or gone")


async def test_what_is_forgotten_is_unlearned_by_going_back(
    lineage: Lineage, candidates: list[Path], store: Store
) -> None:
    root = await lineage.begin()
    first = await adopted(lineage, candidates[0], items=("memory:1",))
    second = await adopted(lineage, candidates[1], items=("memory:2",))
    files = [lineage.path(each) for each in (first, second)]
    assert await lineage.forget(["memory:7"]) is None
    assert (await lineage.active()).id == second.id
    serving = await lineage.forget(["memory:1"])
    assert serving is not None
    assert serving.id == root.id
    assert not any(path.exists() for path in files), "the second came from the first"
    assert "had learned from what you have forgotten" in lineage.problems()[0]
    with pytest.raises(ServiceError, match="damaged or gone"):
        await lineage.rollback(second.id)
    assert verified(await lineage.all())


async def test_forgetting_what_only_the_newest_learned_keeps_its_parent(
    lineage: Lineage, candidates: list[Path]
) -> None:
    await lineage.begin()
    first = await adopted(lineage, candidates[0], items=("memory:1",))
    await adopted(lineage, candidates[1], items=("memory:2",))
    serving = await lineage.forget(["memory:2"])
    assert serving is not None
    assert serving.id == first.id
    assert lineage.path(first).exists()
