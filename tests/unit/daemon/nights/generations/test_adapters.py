"""Adapters of minds: what passed is on at once, and is off again by going back or forgetting."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_daemon.nights.generations.adapters import FILES, Adapters
from selfd_daemon.nights.generations.gate import Verdict
from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, NewMemory, Store

pytestmark = pytest.mark.anyio

MIND = "mind:1"


class Switch:
    """Keeps what was switched on and off."""

    def __init__(self) -> None:
        self.on: list[Path | None] = []

    async def __call__(self, mind: str, adapter: Path | None) -> None:
        assert mind == MIND
        self.on.append(adapter)


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def adapters(store: Store, tmp_path: Path, switch: Switch) -> Adapters:
    made = Adapters(store, tmp_path / "adapters")
    made.serves_through(switch)
    return made


async def adopted(
    adapters: Adapters,
    folder: Path,
    weights: bytes,
    *,
    promoted: bool = True,
    items: tuple[str, ...] = (),
) -> CheckpointRecord:
    folder.mkdir(exist_ok=True)
    for name in FILES:
        (folder / name).write_bytes(weights)
    return await adapters.adopt(
        folder,
        parent=await adapters.active(MIND, "a model"),
        verdict=Verdict(promoted, "better" if promoted else "worse"),
        figures={"new": {"before": 2.0, "after": 1.5}},
        data_hash="ab",
        items=items,
    )


async def test_what_passed_is_on_and_what_did_not_never_is(
    adapters: Adapters, switch: Switch, tmp_path: Path
) -> None:
    assert await adapters.serving(MIND) is None
    first = await adopted(adapters, tmp_path / "one", b"one")
    rejected = await adopted(adapters, tmp_path / "two", b"two", promoted=False)
    assert switch.on == [tmp_path / "adapters" / str(first.file)]
    assert await adapters.serving(MIND) == switch.on[0]
    assert (rejected.parent, rejected.file, rejected.active) == (first.id, None, False)
    with pytest.raises(ServiceError, match="was rejected: worse"):
        await adapters.rollback(rejected)


async def test_going_back_switches_off_and_on_again_to_the_bit(
    adapters: Adapters, switch: Switch, tmp_path: Path
) -> None:
    root = await adapters.active(MIND, "a model")
    first = await adopted(adapters, tmp_path / "one", b"one")
    await adapters.rollback(root)
    assert await adapters.serving(MIND) is None
    await adapters.rollback(first)
    serving = await adapters.serving(MIND)
    assert switch.on == [serving, None, serving]
    assert serving is not None
    assert [(serving / name).read_bytes() for name in FILES] == [b"one", b"one"]


async def test_a_damaged_adapter_gives_way_to_the_one_before(
    adapters: Adapters, tmp_path: Path
) -> None:
    first = await adopted(adapters, tmp_path / "one", b"one")
    second = await adopted(adapters, tmp_path / "two", b"two")
    (tmp_path / "adapters" / str(second.file) / FILES[1]).write_bytes(b"tow")
    assert await adapters.serving(MIND) == tmp_path / "adapters" / str(first.file)
    with pytest.raises(ServiceError, match="damaged or gone"):
        await adapters.rollback(second)


async def test_what_is_forgotten_takes_its_adapters_along(
    adapters: Adapters, switch: Switch, store: Store, tmp_path: Path
) -> None:
    memory = await store.memories.add(NewMemory("The key lies under the pot."))
    first = await adopted(adapters, tmp_path / "one", b"one")
    await adopted(adapters, tmp_path / "two", b"two", items=(memory.id,))
    await adopted(adapters, tmp_path / "three", b"three")
    await adapters.forget([memory.id])
    kept = tmp_path / "adapters" / str(first.file)
    assert await adapters.serving(MIND) == switch.on[-1] == kept
    assert list((tmp_path / "adapters").iterdir()) == [kept]
