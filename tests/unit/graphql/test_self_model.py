"""The self-model, the journal, goals and assessments as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_graphql.operations import document
from support.fakes.self_model import SELF, THOUGHT
from support.services import Ask, FakeServices, Follow

pytestmark = pytest.mark.anyio


async def test_the_self_model_is_shown_whole(ask: Ask, services: FakeServices) -> None:
    result = await ask(document("self_model"))
    assert result.errors is None
    assert result.data is not None
    shown = result.data["selfModel"]
    assert shown["identity"] == {
        "name": "selfd",
        "bornAt": "2026-01-31T12:00:00+00:00",
        "checkpoint": "cafe",
        "lineage": ["cafe"],
        "lineageVerified": True,
        "values": ["be plain"],
    }
    assert shown["body"]["thermalPressure"] == "nominal"
    assert shown["body"]["watts"] is None
    assert shown["affect"]["inputs"] == {"problems": 0}
    assert shown["capabilities"][0]["low"] == 0.3
    assert shown["calibration"][0]["predicted"] == 0.55
    assert (shown["limits"], shown["unknown"]) == (["is offline"], ["how hot the machine is"])
    assert services.self_model.asked == [None]


async def test_the_self_model_of_a_moment_is_asked_for(ask: Ask, services: FakeServices) -> None:
    result = await ask(document("self_model"), asOf="2026-01-30T00:00:00Z")
    assert result.errors is None
    assert services.self_model.asked == [datetime(2026, 1, 30, tzinfo=UTC)]


async def test_the_journal_is_a_connection(ask: Ask) -> None:
    result = await ask(document("journal"), first=5)
    assert result.data is not None
    (edge,) = result.data["journal"]["edges"]
    assert edge["node"]["about"] == ["memory:1", "memory:2"]
    assert (edge["node"]["firstEvent"], edge["node"]["lastEvent"]) == (3, 4)
    assert result.data["journal"]["totalCount"] == 1


async def test_goals_are_set_told_of_and_dropped(ask: Ask, services: FakeServices) -> None:
    added = await ask(document("add_goal"), text="read more")
    assert added.data is not None
    assert (added.data["addGoal"]["text"], added.data["addGoal"]["origin"]) == (
        "read more",
        "OWNER",
    )
    assert (await ask(document("update_goal"), id="goal:1", progress=0.5)).errors is None
    assert services.self_model.told == [("goal:1", 0.5)]
    removed = await ask(document("remove_goal"), id="goal:2")
    assert removed.data == {"removeGoal": False}


async def test_an_assessment_shows_each_test_with_its_threshold(ask: Ask) -> None:
    result = await ask(document("self_assessments"))
    assert result.data is not None
    (found,) = result.data["selfAssessments"]
    assert found["score"] == 0.5
    assert found["tests"][0] == {
        "name": "limits",
        "passed": True,
        "measured": True,
        "value": 1.0,
        "threshold": 0.9,
        "explanation": "All told.",
    }
    started = await ask(document("assess_self"))
    assert started.data is not None
    assert started.data["assessSelf"]["kind"] == "ASSESS_SELF"


@pytest.mark.parametrize(("id", "kind"), [("goal:1", "Goal"), ("goal:9", None)])
async def test_a_goal_is_found_by_its_id(ask: Ask, id: str, kind: str | None) -> None:
    result = await ask("query Find($id: ID!) { node(id: $id) { __typename } }", id=id)
    assert result.errors is None
    assert result.data is not None
    assert (result.data["node"] or {}).get("__typename") == kind


async def test_a_thought_is_found_by_its_id(ask: Ask, services: FakeServices) -> None:
    services.system.stored[THOUGHT.id] = THOUGHT
    result = await ask(document("node"), id=THOUGHT.id)
    assert result.errors is None
    assert result.data is not None
    assert result.data["node"]["text"] == "Remembered 2 memories."


async def test_followers_hear_of_thoughts_and_of_new_self_models(
    follow: Follow, services: FakeServices
) -> None:
    services.self_model.stream.put(THOUGHT, None)
    services.self_model.channel.put(SELF, None)
    thoughts = [result.data async for result in follow(document("thoughts"))]
    models = [result.data async for result in follow(document("follow_self"))]
    assert [each and each["thoughts"]["id"] for each in thoughts] == ["thought:1"]
    assert [each and each["selfModel"]["hash"] for each in models] == ["5e1f"]
