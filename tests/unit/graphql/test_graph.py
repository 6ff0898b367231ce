"""An entity and its relations, as the API gives them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_graphql.operations import document
from selfd_storage import NewMemory
from support.services import Ask, FakeServices

pytestmark = pytest.mark.anyio


async def test_an_entity_comes_with_its_relations_and_their_words(
    ask: Ask, services: FakeServices
) -> None:
    result = await ask(document("entity"), name="maya", asOf="2026-02-01T00:00:00Z")
    assert result.errors is None
    assert result.data is not None
    found = result.data["entity"]
    assert (found["name"], found["mentions"]) == ("Maya", 2)
    (relation,) = found["relations"]
    assert relation["object"] == "Lisbon"
    assert relation["validFrom"] == "2026-01-31T12:00:00+00:00"
    assert relation["validTo"] is None
    assert relation["sources"][0]["text"] == "Maya lives in Lisbon"
    assert services.graph.asked == (20, datetime(2026, 2, 1, tzinfo=UTC))


async def test_who_is_not_known_is_null(ask: Ask) -> None:
    result = await ask('{ entity(name: "zoe") { name } }')
    assert result.errors is None
    assert result.data == {"entity": None}


async def test_a_reflection_tells_what_it_quotes(ask: Ask, services: FakeServices) -> None:
    await services.memories.remember(NewMemory("a note"))
    await services.memories.remember(NewMemory("From 4 memories", kind="REFLECTION"))
    result = await ask("{ memories { edges { node { kind quotes { memoryId text } } } } }")
    assert result.errors is None
    assert result.data is not None
    found = {
        edge["node"]["kind"]: edge["node"]["quotes"] for edge in result.data["memories"]["edges"]
    }
    assert found == {"NOTE": [], "REFLECTION": [{"memoryId": "memory:7", "text": "said"}]}
