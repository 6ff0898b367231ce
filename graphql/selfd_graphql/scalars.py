"""The scalars of the schema that are not GraphQL's own: DateTime and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

MAX_JSON_DEPTH = 32


def write_datetime(value: datetime) -> str:
    """Write a time in UTC with its offset; a time without one is a bug of ours."""
    assert value.tzinfo is not None, f"a time without an offset: {value!r}"
    return value.astimezone(UTC).isoformat()


def read_datetime(value: object) -> datetime:
    """Read a client's time; it must say its offset, since the daemon cannot guess it."""
    example = "as in '2026-01-31T12:00:00Z'"
    if not isinstance(value, str):
        raise GraphQLError(f"a DateTime is a string, {example}; got {value!r}")
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"{value[:80]!r} is no ISO 8601 time, {example}") from error
    raise GraphQLError(f"{value!r} has no offset from UTC: add one, {example}")


def read_json(value: Any) -> Any:
    """Take any JSON value that is not nested so deeply that it could not be written again."""
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        level = [inner for outer in level for inner in _parts(outer)]
        if not level:
            return value
    raise GraphQLError(f"this JSON is nested more than {MAX_JSON_DEPTH} levels deep")


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An ISO 8601 time with its offset from UTC.",
        serialize=write_datetime,
        parse_value=read_datetime,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description=f"Any JSON value, at most {MAX_JSON_DEPTH} levels deep.",
        serialize=lambda value: value,
        parse_value=read_json,
    ),
}
