"""Nights and generations through the API."""

from __future__ import annotations

import pytest

from selfd_graphql.operations import document
from support.services import Ask

pytestmark = pytest.mark.anyio


async def test_generations_are_listed_found_and_rolled_back_to(ask: Ask) -> None:
    listed = await ask(document("checkpoints"))
    assert listed.data is not None
    first, second = listed.data["checkpoints"]
    assert (first["parent"], first["kept"], first["active"]) == (None, True, False)
    assert (second["origin"], second["before"], second["after"]) == ("FINETUNE", 1.75, 1.5)
    restored = await ask(document("rollback"), id="checkpoint:1")
    assert restored.data is not None
    assert restored.data["rollback"]["active"] is True
    found = await ask('{ node(id: "checkpoint:1") { ... on Checkpoint { active reason } } }')
    assert found.data == {"node": {"active": True, "reason": "ships"}}


async def test_a_generation_that_is_not_there_cannot_be_rolled_back_to(ask: Ask) -> None:
    refused = await ask(document("rollback"), id="checkpoint:9")
    assert refused.errors is not None
    assert "checkpoint:9" in refused.errors[0].message


async def test_tonight_says_why_it_waits_and_begins_when_asked(ask: Ask) -> None:
    planned = await ask(document("tonight"))
    assert planned.data is not None
    assert planned.data["tonight"]["note"] == "the machine is being used"
    begun = await ask(document("begin_tonight"))
    assert begun.data is not None
    assert begun.data["beginTonight"]["note"] == ""
    assert [step["state"] for step in begun.data["beginTonight"]["steps"]] == ["PLANNED"]


async def test_a_past_night_tells_what_each_step_did(ask: Ask) -> None:
    told = await ask(document("nights"))
    assert told.data is not None
    [night] = told.data["nights"]
    assert (night["day"], night["wattHours"]) == ("2026-01-01", 1.5)
    assert night["steps"][0]["figures"] == {"bits": 1.5}
