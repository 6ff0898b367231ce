"""Events that are worked out once for all who follow them with the same query."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult

from selfd_graphql.execution.results import MAX_SHARED, SharedResults
from selfd_graphql.schema import Schema
from selfd_storage import EventRecord
from support.fakes.samples import NOON
from support.services import FakeServices

pytestmark = pytest.mark.anyio


async def followed(
    schema: Schema, services: FakeServices, shared: SharedResults, query: str, **variables: Any
) -> list[Any]:
    """Follow two events to their end, and return their data."""
    events = (EventRecord(n, NOON, "a", f"memory:{n}", {"n": n}) for n in (1, 2))
    services.events.channel.put(*events, None)
    context = {"services": services, "shared": shared}
    stream = await schema.subscribe(query, variable_values=variables, context_value=context)
    return [result.data async for result in stream]


async def test_the_same_query_gets_the_same_objects(schema: Schema, services: FakeServices) -> None:
    shared = SharedResults()
    query = "subscription { events { sequence payload } }"
    first = await followed(schema, services, shared, query)
    second = await followed(schema, services, shared, query)
    assert first == [{"events": {"sequence": n, "payload": {"n": n}}} for n in (1, 2)]
    assert first[0] is second[0]
    assert first[1] is second[1]


async def test_another_query_gets_its_own_answer(schema: Schema, services: FakeServices) -> None:
    shared = SharedResults()
    await followed(schema, services, shared, "subscription { events { sequence } }")
    data = await followed(schema, services, shared, "subscription { events { subject } }")
    assert data == [{"events": {"subject": f"memory:{n}"}} for n in (1, 2)]


async def test_other_variables_get_their_own_answer(schema: Schema, services: FakeServices) -> None:
    shared = SharedResults()
    query = "subscription ($all: Boolean!) { events { sequence subject @include(if: $all) } }"
    some = await followed(schema, services, shared, query, all=False)
    every = await followed(schema, services, shared, query, all=True)
    assert some == [{"events": {"sequence": n}} for n in (1, 2)]
    assert every == [{"events": {"sequence": n, "subject": f"memory:{n}"}} for n in (1, 2)]


async def test_other_services_get_their_own_answer(schema: Schema) -> None:
    query = "subscription { events { sequence } }"
    first = await followed(schema, FakeServices(), SharedResults(), query)
    second = await followed(schema, FakeServices(), SharedResults(), query)
    assert first == second
    assert first[0] is not second[0]


def test_only_the_newest_results_are_kept() -> None:
    shared = SharedResults()
    for number in range(MAX_SHARED + 1):
        shared.put(number, result := ExecutionResult({"n": number}), None)
    assert shared.get(0) is None
    assert shared.get(MAX_SHARED) is result
