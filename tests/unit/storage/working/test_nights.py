"""Nights: steps that say what became of them, and leases that run out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_storage import NewCheckpoint, NotFoundError, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        yield store


async def test_a_day_has_one_night_however_often_it_begins(kept: Store) -> None:
    night = await kept.nights.begin("2026-01-01", ["learn", "back up"])
    assert await kept.nights.begin("2026-01-01", ["other"]) == night
    assert [(step.name, step.state) for step in night.steps] == [
        ("learn", "PLANNED"),
        ("back up", "PLANNED"),
    ]
    assert await kept.nights.of_day("2026-01-01") == night
    assert await kept.nights.of_day("2026-01-02") is None


async def test_a_step_keeps_when_it_began_over_an_interruption(kept: Store, clock: Clock) -> None:
    night = await kept.nights.begin("2026-01-01", ["learn"])
    await kept.nights.step(night.id, 1, "RUNNING", "")
    clock.at += timedelta(minutes=5)
    await kept.nights.step(night.id, 1, "RUNNING", "goes on")
    clock.at += timedelta(minutes=5)
    done = await kept.nights.step(night.id, 1, "DONE", "better", job="job:3", figures={"bits": 1.5})
    (step,) = done.steps
    assert (step.began_at, step.ended_at) == (START, START + timedelta(minutes=10))
    assert (step.job_id, step.figures, step.note) == ("job:3", {"bits": 1.5}, "better")


async def test_the_newest_night_comes_first(kept: Store) -> None:
    for day in ("2026-01-01", "2026-01-03", "2026-01-02"):
        night = await kept.nights.begin(day, [])
        await kept.nights.save(night.id, watt_hours=2.5)
        await kept.nights.end(night.id, "done")
    days = [night.day for night in await kept.nights.latest(2)]
    assert days == ["2026-01-03", "2026-01-02"]
    assert (await kept.nights.latest())[0].watt_hours == 2.5
    with pytest.raises(NotFoundError, match="night:9"):
        await kept.nights.end("night:9", "done")


async def test_a_lease_is_held_renewed_given_back_and_runs_out(kept: Store, clock: Clock) -> None:
    assert await kept.nights.lease("night", "a", 60)
    assert await kept.nights.lease("night", "a", 60)
    assert not await kept.nights.lease("night", "b", 60)
    clock.at += timedelta(seconds=61)
    assert await kept.nights.lease("night", "b", 60)
    assert not await kept.nights.lease("night", "a", 60)
    await kept.nights.release("night", "a")
    assert not await kept.nights.lease("night", "a", 60)
    await kept.nights.release("night", "b")
    assert await kept.nights.lease("night", "a", 60)


async def test_a_lease_of_somebody_who_is_gone_can_be_broken(kept: Store) -> None:
    assert await kept.nights.lease("night", "a", 60)
    await kept.nights.release("night", None)
    assert await kept.nights.lease("night", "b", 60)


async def test_each_mind_has_a_lineage_of_its_own_of_which_one_serves(kept: Store) -> None:
    root = await kept.checkpoints.add(NewCheckpoint(None, None, "aa", None, True, "ships"))
    base = await kept.checkpoints.add(
        NewCheckpoint(None, None, "bb", None, True, "came with it", mind="mind:1")
    )
    child = await kept.checkpoints.add(
        NewCheckpoint(base.id, "LORA", "cc", "cc", True, "better", mind="mind:1")
    )
    assert await kept.checkpoints.active() == root
    assert await kept.checkpoints.active("mind:1") == child
    assert [each.id for each in await kept.checkpoints.all("mind:1")] == [base.id, child.id]
    await kept.checkpoints.activate(base.id)
    assert [each.id for each in await kept.checkpoints.every() if each.active] == [root.id, base.id]
