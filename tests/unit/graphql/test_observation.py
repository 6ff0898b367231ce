"""What is told of operations that were answered."""

from __future__ import annotations

import pytest

from selfd_graphql import Operation
from selfd_graphql.operations import document
from selfd_graphql.schema import Schema
from support.services import FakeServices

pytestmark = pytest.mark.anyio


async def observed(schema: Schema, services: FakeServices, query: str) -> list[Operation]:
    """Return what was told of a query."""
    told: list[Operation] = []
    context = {"services": services, "observe": told.append}
    await schema.execute(query, context_value=context)
    return told


async def test_our_own_queries_are_told_by_name(schema: Schema, services: FakeServices) -> None:
    (operation,) = await observed(schema, services, document("status"))
    assert operation.name == "Status"
    assert operation.seconds > 0
    assert not operation.failed


@pytest.mark.parametrize("query", ["query Made_Up { __typename }", "{ __typename }"])
async def test_all_other_names_are_one(schema: Schema, services: FakeServices, query: str) -> None:
    (operation,) = await observed(schema, services, query)
    assert operation.name == "other"


@pytest.mark.parametrize("query", ["{ nothing }", 'mutation { cancelJob(id: "job:404") { id } }'])
async def test_failures_are_told_as_such(
    schema: Schema, services: FakeServices, query: str
) -> None:
    (operation,) = await observed(schema, services, query)
    assert operation.failed


async def test_subscriptions_are_not_told(schema: Schema, services: FakeServices) -> None:
    told: list[Operation] = []
    context = {"services": services, "observe": told.append}
    services.events.channel.put(None)
    stream = await schema.subscribe(document("events"), context_value=context)
    assert [result async for result in stream] == []
    assert told == []
