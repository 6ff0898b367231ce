"""How much one query may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from selfd_graphql.scalars import MAX_JSON_DEPTH

CAP = 10**9  # weights stop growing here: a thousand doublings would be slow to add up


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one query may ask for; every excess gets an error that names its limit."""

    characters: int = 65_536  # of the query itself: long texts belong into variables
    tokens: int = 2_000
    depth: int = 12
    introspection_depth: int = 20  # the usual introspection query takes 14
    aliases: int = 30
    fields: int = 2_000  # with every spread of a fragment counted as if written out
    cost: int = 20_000  # fields that would be answered, lists counted by their length
    repeats: int = 200  # of one name, four for each that has a selection: rules compare all pairs
    nesting: int = 150  # braces and fragments, however little depth they add
    list_items: int = 10_000  # in the variables; services have lower limits of their own


def too_much(
    what: str, found: int, limit: int, advice: str = "ask for less at once"
) -> GraphQLError:
    """Return the error for an excess."""
    number = f"{found:,}" if found < CAP else f"over {CAP:,}"
    return GraphQLError(
        f"{what} is {number}, the limit is {limit:,}: {advice}",
        extensions={"code": "QUERY_TOO_COMPLEX", "limit": limit},
    )


def variable_excesses(variables: dict[str, Any] | None, limits: Limits) -> list[GraphQLError]:
    """Return an error for each variable that holds too long a list."""
    lengths = {name: _longest_list(value) for name, value in (variables or {}).items()}
    return [
        too_much(f"the length of a list in ${name}", found, limits.list_items, "send it in parts")
        for name, found in lengths.items()
        if found > limits.list_items
    ]


def _longest_list(value: Any) -> int:
    longest, level = 0, [value]
    for _ in range(MAX_JSON_DEPTH):  # what is nested more deeply is refused as a value
        longest = max(longest, *(len(part) for part in level if isinstance(part, list)), 0)
        level = [inner for part in level for inner in _inside(part)]
    return longest


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
