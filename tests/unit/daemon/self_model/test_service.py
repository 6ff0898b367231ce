"""The self-model as a service: looked at, versioned, followed, and what of it is a goal."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from selfd_daemon.self_model.measures.limits import OFFLINE, SHORT_OF_ROOM
from selfd_graphql.errors import ServiceError
from selfd_storage import IntegrityError, NewAnswer, NewMemory, NotFoundError, RoomLimits
from support.self_model import NOON, STATE, Self

pytestmark = pytest.mark.anyio


async def later(made: Self, seconds: float = 60.0) -> None:
    made.clocks.seconds += seconds
    await made.service.look()


async def test_a_look_tells_what_the_machine_and_the_store_have(made: Self) -> None:
    await made.store.memories.add(NewMemory("a note"))
    model = await made.service.model(None)
    assert model.body.device == "a machine"
    assert (model.body.resident_memory, model.body.battery_share) == (100_000_000, 0.8)
    assert model.counts["memories"] == 1
    assert OFFLINE in model.limits
    assert any("none was judged" in each for each in model.unknown)
    assert model.affect.inputs["memory_in_use"] == 0.5


async def test_what_the_machine_does_not_tell_is_known_to_be_unknown(made: Self) -> None:
    made.machine.state = replace(STATE, watts=None, thermal_pressure=None)
    unknown = (await made.service.model(None)).unknown
    assert "how much power the machine draws" in unknown
    assert "how hot the machine is" in unknown
    assert "how full the battery is" not in unknown


async def test_a_new_version_is_kept_when_something_moved_and_not_for_noise(made: Self) -> None:
    first = await made.service.look()
    await later(made)
    assert await made.store.self_versions.count() == 1
    made.machine.state = replace(STATE, cpu_load=0.3, memory_available=7_900_000_000, watts=20.0)
    await later(made)
    assert await made.store.self_versions.count() == 1
    made.machine.state = replace(STATE, cpu_load=0.9)
    await later(made)
    assert await made.store.self_versions.count() == 2
    found = await made.service.model(NOON + timedelta(seconds=100))
    assert found.hash == first.hash
    assert found.body.cpu_load == 0.25


async def test_any_past_state_comes_back_as_it_was(made: Self) -> None:
    await made.service.add_goal("be kind")
    first = await made.service.look()
    await made.store.memories.add(NewMemory("a note"))
    await later(made)
    past = await made.service.model(NOON + timedelta(seconds=1))
    assert past == first
    assert past.goals == first.goals
    assert (await made.service.model(made.clocks.now())).counts["memories"] == 1


async def test_before_its_birth_there_is_no_self_model(made: Self) -> None:
    await made.service.look()
    with pytest.raises(ServiceError, match="it begins later"):
        await made.service.model(NOON - timedelta(days=1))
    with pytest.raises(ServiceError, match="needs an offset"):
        await made.service.model(NOON.replace(tzinfo=None))


async def test_a_version_that_was_changed_is_refused(made: Self) -> None:
    await made.service.look()
    await made.store.database.write(
        lambda tx: tx.execute("UPDATE self_versions SET hash = zeroblob(16)")
    )
    with pytest.raises(IntegrityError, match="self:1"):
        await made.service.model(made.clocks.now())


async def test_a_change_of_the_machine_goes_into_the_log(made: Self) -> None:
    await made.service.look()
    made.machine.state = replace(STATE, on_battery=True, thermal_pressure="serious", watts=30.0)
    await later(made)
    found = await made.store.events.page(0, ["body.changed"])
    assert [each.payload for each in found] == [
        {"what": "power", "was": "mains", "is": "battery"},
        {"what": "heat", "was": "nominal", "is": "serious"},
    ]


async def test_a_measured_goal_follows_its_measure_and_is_reached(made: Self) -> None:
    goal = await made.service.add_goal("remember 2 notes")
    assert (goal.measure, goal.progress) == ("memories", 0.0)
    await made.store.memories.add(NewMemory("one"))
    await later(made)
    half = await made.service.goal(goal.id)
    assert half is not None
    assert (half.progress, half.current) == (0.5, 1.0)
    await made.store.memories.add(NewMemory("two"))
    await later(made)
    assert [each.kind for each in await made.store.events.page(0)][-1] == "goal.reached"


async def test_only_a_goal_that_nothing_measures_can_be_told_of(made: Self) -> None:
    kind = await made.service.add_goal("  be   kind ")
    assert kind.text == "be kind"
    assert (await made.service.update_goal(kind.id, progress=0.5)).progress == 0.5
    counted = await made.service.add_goal("remember 2 notes")
    with pytest.raises(ServiceError, match="is measured by memories"):
        await made.service.update_goal(counted.id, progress=1.0)
    with pytest.raises(ServiceError, match="from 0 to 1"):
        await made.service.update_goal(kind.id, progress=1.5)
    with pytest.raises(NotFoundError, match="goal:9"):
        await made.service.update_goal("goal:9", progress=0.5)


@pytest.mark.parametrize(("text", "problem"), [(" ", "is empty"), ("x" * 501, "500 characters")])
async def test_a_goal_that_is_none_is_refused(made: Self, text: str, problem: str) -> None:
    with pytest.raises(ServiceError, match=problem):
        await made.service.add_goal(text)


async def test_judged_answers_become_capability_and_calibration(made: Self) -> None:
    for number in range(20):
        new = NewAnswer("q", "a", 0.8, False, (), "mind:builtin", "question", 0.1)
        given = await made.store.conversations.record_turn(None, new)
        rating = 1 if number < 12 else -1
        await made.store.conversations.add_feedback(given.id, rating=rating)
    await later(made)
    model = await made.service.model(None)
    (asked,) = model.capabilities
    assert (asked.name, asked.attempts, asked.successes) == ("answer question", 20, 12)
    assert model.calibration_error == pytest.approx(0.2)
    assert model.affect.confidence == pytest.approx(0.8 * 0.8)
    own = {goal.measure for goal in await made.store.goals.all() if goal.is_own}
    assert own == {"right answers", "calibration error"}


async def test_followers_get_the_newest_model_and_end_with_the_daemon(made: Self) -> None:
    await made.service.look()
    async with aclosing(made.service.models()) as models:
        first = await anext(models)
        for load in (0.5, 0.9):
            made.machine.state = replace(STATE, cpu_load=load)
            await later(made)
        newest = await anext(models)
        assert (first.body.cpu_load, newest.body.cpu_load) == (0.25, 0.9)
        made.service.close_streams()
        with pytest.raises(StopAsyncIteration):
            await anext(models)


async def test_thoughts_are_followed_from_now_on(made: Self) -> None:
    await made.store.memories.add(NewMemory("before"))
    await made.hear()
    await made.workspace.broadcast()
    thoughts = made.service.thoughts()
    made.clocks.seconds += 600
    await made.store.events.append("body.changed", None, {"what": "heat", "was": "a", "is": "b"})
    made.workspace.hear(await made.store.events.page(0, ["body.changed"]))
    await made.workspace.broadcast()
    async with asyncio.timeout(20):
        thought = await anext(aiter(thoughts))
    assert thought.text == "The machine's heat went from a to b."


async def test_old_versions_are_thinned_and_recent_ones_are_not(made: Self) -> None:
    for minutes in range(0, 180, 20):
        made.clocks.seconds = 60.0 * minutes
        made.machine.state = replace(STATE, cpu_load=0.2 + 0.5 * (minutes % 40 > 0))
        await made.service.look()
    before = await made.store.self_versions.count()
    made.clocks.seconds = timedelta(days=4).total_seconds()
    await made.service.tidy()
    assert before == 9
    assert await made.store.self_versions.count() == 3


@pytest.mark.parametrize("made", [RoomLimits(floor=2**62, ballast=0)], indirect=True)
async def test_on_a_full_disk_it_is_measured_and_says_so(made: Self) -> None:
    model = await made.service.model(None)
    assert model.hash == ""
    assert model.body.device == "a machine"
    assert SHORT_OF_ROOM in model.limits
    assert await made.store.self_versions.count() == 0
