"""What arguments mean when they are left out, and how large a page may be."""

from __future__ import annotations

from typing import TypeVar

from strawberry import UNSET

from selfd_graphql.errors import ServiceError

T = TypeVar("T")

MAX_PAGE = 100


def given(value: T | None) -> T | None:
    """Return the argument, None when it was left out."""
    return None if value is UNSET else value


def page_size(first: int | None, default: int) -> int:
    """Return how many items are asked for; null means the default."""
    if first is None:
        return default
    if not 0 <= first <= MAX_PAGE:
        raise ServiceError(
            "INVALID_INPUT",
            f"first must be from 0 to {MAX_PAGE}, got {first}: page on with after",
            limit=MAX_PAGE,
        )
    return first
