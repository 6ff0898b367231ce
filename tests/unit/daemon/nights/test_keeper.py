"""The keeper of the night: when one begins, what it does, and what it says it did not do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from selfd_daemon.jobs import JobContext, JobRunner, NothingToDoError
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.conditions import Conditions
from selfd_daemon.nights.errors import TrainingError
from selfd_daemon.nights.keeper import NightKeeper
from selfd_daemon.nights.steps import Step
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.window import Window
from selfd_storage import NightRecord, Store
from support.nights import NIGHT, Clock, ToldHost

pytestmark = pytest.mark.anyio

STEPS = (
    Step("consolidate", "CONSOLIDATE", ""),
    Step("recompress", "COMPRESS", ""),
    Step("reflect", None, ""),
    Step("back up", "BACKUP", "", {"nightly": True}),
)
Keep = Callable[..., NightKeeper]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def host() -> ToldHost:
    return ToldHost()


@pytest.fixture
def activity() -> Activity:
    return Activity(time.monotonic)


@pytest.fixture
async def jobs(store: Store, clock: Clock, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=clock, monotonic=time.monotonic)
    yield runner
    await runner.stop()


@pytest.fixture
def keep(store: Store, jobs: JobRunner, host: ToldHost, clock: Clock, activity: Activity) -> Keep:
    def make(**more: Any) -> NightKeeper:
        return NightKeeper(
            store,
            jobs,
            host,
            activity,
            more.pop("meter", Meter()),
            window=Window.parse("01:00-06:00"),
            conditions=Conditions(600.0, 1_000_000_000, platform="darwin"),
            max_watt_hours=10.0,
            now=clock,
            local=lambda moment: moment,
            **{"steps": STEPS, **more},
        )

    return make


async def compress(job: JobContext) -> Mapping[str, Any]:
    await job.report(1.0, "saved 100 bytes")
    return {"saved": 100}


async def back_up(job: JobContext) -> Mapping[str, Any]:
    return {"nightly": job.options["nightly"]}


async def last(store: Store) -> NightRecord:
    (night,) = await store.nights.latest(1)
    return night


async def test_a_night_does_what_it_can_and_says_what_nothing_here_does(
    store: Store, jobs: JobRunner, keep: Keep
) -> None:
    jobs.register("COMPRESS", compress)
    jobs.register("BACKUP", back_up)
    await keep().look()
    night = await last(store)
    assert [(step.name, step.state) for step in night.steps] == [
        ("consolidate", "SKIPPED"),
        ("recompress", "DONE"),
        ("reflect", "SKIPPED"),
        ("back up", "DONE"),
    ]
    assert night.steps[0].note == "nothing here does CONSOLIDATE"
    assert night.steps[1].note == "saved 100 bytes"
    assert night.steps[3].figures == {"nightly": True}
    assert night.note == "2 done, 2 skipped"
    assert night.ended_at is not None


async def test_a_night_happens_once(store: Store, jobs: JobRunner, keep: Keep) -> None:
    runs: list[str] = []

    async def count(job: JobContext) -> Mapping[str, Any]:
        runs.append(job.id)
        return {}

    jobs.register("COMPRESS", count)
    keeper = keep()
    await keeper.look()
    await keeper.look()
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"on_battery": True}, "not on power"), ({"idle_seconds": 5.0}, "used 5 s ago")],
)
async def test_a_night_waits_and_says_for_what(
    store: Store, keep: Keep, host: ToldHost, change: dict[str, Any], reason: str
) -> None:
    host.set(**change)
    keeper = keep()
    await keeper.look()
    assert await store.nights.latest() == []
    assert reason in keeper.note
    host.state = ToldHost().state
    await keeper.look()
    assert len(await store.nights.latest()) == 1


async def test_no_night_begins_just_after_a_question(
    store: Store, keep: Keep, activity: Activity
) -> None:
    with activity.serving():
        pass
    keeper = keep()
    await keeper.look()
    assert await store.nights.latest() == []
    assert "asked something" in keeper.note


async def test_nothing_happens_by_day_unless_its_owner_asks(
    store: Store, keep: Keep, clock: Clock, host: ToldHost
) -> None:
    clock.at = datetime(2026, 1, 2, 14, tzinfo=NIGHT.tzinfo)
    keeper = keep()
    await keeper.look()
    assert await store.nights.latest() == []
    host.set(idle_seconds=1.0, display_asleep=False)
    keeper.begin_now()
    await keeper.look()
    assert (await last(store)).ended_at is not None


async def test_a_night_that_was_slept_through_is_made_up_for(
    store: Store, keep: Keep, clock: Clock
) -> None:
    keeper = keep()
    await keeper.look()
    clock.at = datetime(2026, 1, 3, 9, tzinfo=NIGHT.tzinfo)  # it slept from one morning to the next
    await keeper.look()
    assert [night.day for night in await store.nights.latest()] == ["2026-01-03", "2026-01-02"]


async def test_morning_ends_a_night_and_what_is_left_stays_planned(
    store: Store, jobs: JobRunner, keep: Keep, clock: Clock
) -> None:
    async def long(job: JobContext) -> Mapping[str, Any]:
        clock.move(hours=5)
        return {}

    jobs.register("CONSOLIDATE", long)
    jobs.register("COMPRESS", compress)
    await keep().look()
    assert [step.state for step in (await last(store)).steps] == [
        "DONE",
        "PLANNED",
        "PLANNED",
        "PLANNED",
    ]


async def test_a_step_that_cannot_be_done_here_is_skipped_with_the_reason(
    store: Store, jobs: JobRunner, keep: Keep
) -> None:
    def cannot() -> None:
        raise TrainingError("it needs the mlx extra")

    jobs.register("COMPRESS", compress, check=cannot)
    await keep().look()
    states = {step.name: (step.state, step.note) for step in (await last(store)).steps}
    assert states["recompress"] == ("SKIPPED", "it needs the mlx extra")
    assert (await store.jobs.page()).total == 0


async def test_a_step_that_fails_costs_that_step_alone(
    store: Store, jobs: JobRunner, keep: Keep
) -> None:
    async def fail(job: JobContext) -> Mapping[str, Any]:
        raise TrainingError("the disk is full")

    async def skip(job: JobContext) -> Mapping[str, Any]:
        raise NothingToDoError("there is no new text")

    jobs.register("CONSOLIDATE", fail)
    jobs.register("COMPRESS", skip)
    jobs.register("BACKUP", back_up)
    await keep().look()
    states = {step.name: (step.state, step.note) for step in (await last(store)).steps}
    assert states["consolidate"] == ("FAILED", "the disk is full")
    assert states["recompress"] == ("SKIPPED", "there is no new text")
    assert states["back up"][0] == "DONE"


async def test_a_night_goes_on_after_a_restart_where_it_was(
    store: Store, jobs: JobRunner, keep: Keep, clock: Clock
) -> None:
    runs: list[str] = []
    first = asyncio.Event()

    async def count(job: JobContext) -> Mapping[str, Any]:
        runs.append(job.id)
        if len(runs) == 1:
            first.set()
            await asyncio.Event().wait()
        return {}

    jobs.register("CONSOLIDATE", count)
    night = asyncio.create_task(keep().look())
    await first.wait()
    night.cancel()
    with pytest.raises(asyncio.CancelledError):
        await night
    await jobs.stop()  # as when selfd stops: the job waits for the next process
    again = JobRunner(store, now=clock, monotonic=time.monotonic)
    again.register("CONSOLIDATE", count)
    await again.resume()
    keeper = NightKeeper(
        store,
        again,
        ToldHost(),
        Activity(time.monotonic),
        Meter(),
        window=Window.parse("01:00-06:00"),
        conditions=Conditions(600.0, 1_000_000_000),
        max_watt_hours=10.0,
        now=clock,
        local=lambda moment: moment,
        steps=STEPS,
    )
    await keeper.look()
    await again.stop()
    assert len(runs) == 2
    assert len(set(runs)) == 1, "the same job, not a second one"
    assert (await last(store)).steps[0].state == "DONE"


async def test_two_keepers_do_not_keep_the_same_night(
    store: Store, jobs: JobRunner, keep: Keep
) -> None:
    inside, go = asyncio.Event(), asyncio.Event()

    async def wait(job: JobContext) -> Mapping[str, Any]:
        inside.set()
        await go.wait()
        return {}

    jobs.register("CONSOLIDATE", wait)
    one, other = keep(), keep()
    first = asyncio.create_task(one.look())
    await inside.wait()
    await other.look()
    assert other.note == "waits: another selfd keeps the night"
    go.set()
    await first


async def test_a_night_stops_when_its_energy_is_used_up(
    store: Store, jobs: JobRunner, keep: Keep
) -> None:
    meter = Meter()

    async def burn(job: JobContext) -> Mapping[str, Any]:
        with meter.measuring():
            meter.used(3600.0 * 2)  # two core hours
        return {}

    jobs.register("CONSOLIDATE", burn)
    jobs.register("COMPRESS", compress)
    await keep(meter=meter).look()
    night = await last(store)
    assert night.watt_hours == pytest.approx(16.0)
    assert [step.state for step in night.steps][:2] == ["DONE", "PLANNED"]


async def test_what_wiring_hooked_to_a_name_is_done_without_a_job(store: Store, keep: Keep) -> None:
    async def reflect() -> Mapping[str, Any]:
        return {"reason": "a quiet day"}

    await keep(hooks={"reflect": reflect}).look()
    states = {step.name: (step.state, step.note) for step in (await last(store)).steps}
    assert states["reflect"] == ("DONE", "a quiet day")


async def test_a_paused_keeper_begins_nothing_and_says_so(
    keep: Keep, store: Store, clock: Clock
) -> None:
    keeper = keep()
    clock.at = NIGHT
    keeper.paused = True
    await keeper.look()
    assert keeper.note == "waits: its owner paused the nights"
    assert await store.nights.latest(1) == []
    keeper.paused = False
    await keeper.look()
    assert len(await store.nights.latest(1)) == 1


async def test_who_asks_for_a_night_while_the_keeper_looks_does_not_wait_a_minute(
    store: Store, jobs: JobRunner, keep: Keep, clock: Clock
) -> None:
    clock.at = datetime(2026, 1, 2, 14, tzinfo=NIGHT.tzinfo)
    keeper = keep(sleep=lambda seconds: asyncio.sleep(3600))
    look = keeper.look
    looks = 0
    ended = asyncio.Event()

    async def look_slowly() -> None:
        nonlocal looks
        await look()
        looks += 1
        if looks == 1:
            keeper.begin_now()  # at the last moment of a look
        else:
            ended.set()

    keeper.look = look_slowly  # type: ignore[method-assign]  # the moment cannot be had otherwise
    run = asyncio.create_task(keeper.run())
    async with asyncio.timeout(20):
        await ended.wait()
    run.cancel()
    assert (await last(store)).ended_at is not None


async def test_a_night_that_was_begun_early_is_not_missed_afterwards(
    store: Store, keep: Keep, clock: Clock
) -> None:
    clock.at = datetime(2026, 1, 2, 14, tzinfo=NIGHT.tzinfo)
    keeper = keep()
    keeper.begin_now()
    await keeper.look()
    await keeper.look()
    assert [night.day for night in await store.nights.latest()] == ["2026-01-03"]


async def test_a_night_begun_by_day_goes_on_by_day_after_a_restart(
    store: Store, keep: Keep, clock: Clock
) -> None:
    clock.at = datetime(2026, 1, 2, 14, tzinfo=NIGHT.tzinfo)
    await store.nights.begin("2026-01-03", [step.name for step in STEPS])
    await keep().look()
    assert (await last(store)).note == "4 skipped"


async def test_the_next_night_has_its_own_energy(store: Store, jobs: JobRunner, keep: Keep) -> None:
    meter = Meter()
    meter.used(3600.0 * 2)
    keeper = keep(meter=meter)
    await store.nights.begin("2026-01-02", [step.name for step in STEPS])
    meter.reset()
    await keeper.look()
    assert meter.watt_hours == 0.0
    assert await keeper.obstacle(beginning=True) is None
