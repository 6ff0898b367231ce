"""Who it is: when it was born, and a lineage of weights that adds up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from selfd_daemon.self_model.measures.identity import (
    NO_WEIGHTS,
    SHIPPED_WEIGHTS,
    Identity,
    ancestry,
    weights_hash,
)
from selfd_storage import NewCheckpoint, Store
from support.self_model import NOON, Self

pytestmark = pytest.mark.anyio


def generation(hash: str, parent: str | None, *, promoted: bool = True) -> NewCheckpoint:
    return NewCheckpoint(parent, None, hash, None, promoted, "for a test")


async def three(store: Store) -> None:
    """Ships, a rejected candidate, and a promoted one."""
    await store.checkpoints.add(generation("aa", None))
    await store.checkpoints.add(generation("bb", "checkpoint:1", promoted=False))
    await store.checkpoints.add(generation("cc", "checkpoint:1"))


async def test_birth_is_noted_once(made: Self) -> None:
    first = await made.service.model(None)
    made.clocks.seconds += 3600
    later = await made.service.model(None)
    assert first.identity.born_at == later.identity.born_at == NOON
    assert later.identity.values == ("be plain", "waste nothing")


async def test_the_lineage_runs_from_the_first_weights_to_those_that_serve(made: Self) -> None:
    await three(made.store)
    lineage, verified = ancestry(await made.store.checkpoints.all())
    assert (lineage, verified) == (("aa", "cc"), True)
    identity = (await made.service.model(None)).identity
    assert (identity.checkpoint, identity.lineage_verified) == ("cc", True)


async def test_a_lineage_that_was_changed_does_not_add_up(made: Self) -> None:
    await three(made.store)
    known = await made.store.checkpoints.all()
    changed = [replace(each, hash="dd") if each.hash == "aa" else each for each in known]
    assert ancestry(changed) == (("dd", "cc"), False)
    orphaned = [replace(each, parent="checkpoint:9") if each.active else each for each in known]
    assert ancestry(orphaned)[1] is False


async def test_the_hash_of_the_shipped_weights_is_the_loaders(made: Self, tmp_path: Path) -> None:
    hash = weights_hash(SHIPPED_WEIGHTS)
    assert len(hash) == 64
    assert weights_hash(tmp_path / "none") == NO_WEIGHTS
    broken = tmp_path / "broken"
    broken.write_bytes((2).to_bytes(8, "little") + json.dumps({}).encode())
    assert weights_hash(broken) == NO_WEIGHTS
    identity = Identity(made.store, made.settings.identity, SHIPPED_WEIGHTS, now=made.clocks.now)
    assert (await identity.read()).lineage == (hash,)
