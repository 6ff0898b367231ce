"""The page of reference against the code that it describes."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from selfd_graphql import operations
from selfd_graphql.app import MAX_BODY_BYTES, MAX_OPERATIONS
from selfd_graphql.errors import STORAGE_CODES
from selfd_graphql.limits import Limits
from selfd_graphql.scalars import MAX_JSON_DEPTH

ROOT = operations._IN_REPOSITORY.parents[1]
PAGE = (ROOT / "docs/reference/graphql.md").read_text(encoding="utf-8")
PACKAGE = Path(operations.__file__).parent


def codes() -> set[str]:
    """Return every code that this package or the store's errors bring."""
    found = set(STORAGE_CODES.values())
    for module in PACKAGE.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        found |= set(re.findall(r'"code": "([A-Z_]+)"', text))
        found |= set(re.findall(r'(?:ServiceError|_refusal)\(\s*(?:\d+, )?"([A-Z_]+)"', text))
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
