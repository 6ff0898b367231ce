"""Times, JSON and numbers on their way in and out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import GraphQLError

from selfd_graphql.scalars import read_datetime, read_json, write_datetime
from support.services import Ask, FakeServices

REMEMBER = 'mutation ($at: DateTime) { remember(input: {text: "x", at: $at}) { createdAt } }'


def nested(levels: int) -> Any:
    """Return empty lists in lists."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5+02:00", datetime(2026, 1, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc(text: str, time: datetime) -> None:
    assert read_datetime(text) == time
    assert read_datetime(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2026-01-31T12:00:00", "has no offset from UTC"),
        ("2026-01-31", "has no offset from UTC"),
        ("yesterday", "is no ISO 8601 time"),
        ("0001-01-01T00:00:00+14:00", "is no ISO 8601 time"),
        ("", "is no ISO 8601 time"),
        (1769860800, "a DateTime is a string"),
        (None, "a DateTime is a string"),
    ],
)
def test_other_times_are_refused_with_an_example(value: object, reason: str) -> None:
    with pytest.raises(GraphQLError, match=f"{reason}.*'2026-01-31T12:00:00Z'"):
        read_datetime(value)


def test_times_are_written_in_utc() -> None:
    time = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))
    assert write_datetime(time) == "2026-01-31T10:00:00+00:00"


@pytest.mark.anyio
async def test_a_time_without_an_offset_names_its_variable(ask: Ask) -> None:
    result = await ask(REMEMBER, at="2026-01-31")
    assert result.errors is not None
    assert result.errors[0].message.startswith("Variable '$at' has invalid value: '2026-01-31' has")
    assert result.errors[0].extensions == {"code": "INVALID_INPUT"}


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"a": [1, {"b": None}]}, nested(32)])
def test_json_is_taken_as_it_is(value: Any) -> None:
    assert read_json(value) is value


def test_json_nested_too_deeply_is_refused() -> None:
    with pytest.raises(GraphQLError, match="more than 32 levels"):
        read_json(nested(33))


@pytest.mark.anyio
async def test_sizes_over_two_gigabytes_are_answered(ask: Ask, services: FakeServices) -> None:
    services.system.resident_memory = 2**53 - 1
    assert (await ask("{ status { residentMemory } }")).data == {
        "status": {"residentMemory": 2**53 - 1}
    }


@pytest.mark.anyio
async def test_a_number_that_javascript_would_round_is_an_error(
    ask: Ask, services: FakeServices
) -> None:
    services.system.resident_memory = 2**53
    result = await ask("{ status { residentMemory } }")
    assert result.errors is not None


@pytest.mark.anyio
async def test_a_vector_with_a_hole_in_it_is_an_error_and_not_null(
    ask: Ask, services: FakeServices
) -> None:
    services.minds.vector = [0.5, float("nan")]
    result = await ask('{ embed(texts: ["x"]) }')
    assert result.data is None
    assert result.errors is not None
    assert result.errors[0].path == ["embed", 0, 1]
