"""The page of reference against the code that it describes."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from selfd_graphql import operations
from selfd_graphql.app import MAX_BODY_BYTES, MAX_OPERATIONS
from selfd_graphql.errors import STORAGE_CODES
from selfd_graphql.execution.limits import Limits
from selfd_graphql.scalars import MAX_JSON_DEPTH

ROOT = operations._IN_REPOSITORY.parents[1]
PAGE = (ROOT / "docs/reference/graphql.md").read_text(encoding="utf-8")


def codes() -> set[str]:
    """Return every code that our own code gives to a failure."""
    found = set(STORAGE_CODES.values())
    given = r'(?:"code": |\bCODE = |(?:ServiceError|Refusal|_refusal)\(\s*(?:\d+, )?)"([A-Z_]+)"'
    for package in ("graphql/selfd_graphql", "daemon/selfd_daemon"):
        for module in (ROOT / package).rglob("*.py"):
            found |= set(re.findall(given, module.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("code", sorted(codes()))
def test_each_code_is_explained(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize(
    "limit", [*asdict(Limits()).values(), MAX_BODY_BYTES, MAX_OPERATIONS, MAX_JSON_DEPTH]
)
def test_each_limit_is_told(limit: int) -> None:
    table = PAGE.partition("## Limits")[2].partition("## Errors")[0]
    assert re.search(rf"\b{limit:,}\b", table)
