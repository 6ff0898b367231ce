"""What an import reads, whatever it comes from: lines of a kind, in files with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selfd_graphql.errors import ServiceError
from selfd_storage import PortableKind


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a file, with its number from 1 and about its size in bytes."""

    number: int
    content: Mapping[str, Any]
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one kind out of one file; `lines` may be read more than once."""

    kind: PortableKind
    name: str
    size: int
    lines: Callable[[], Iterator[Line]]


def refusal(name: str, number: int, reason: str) -> ServiceError:
    """Name the line that cannot be taken in."""
    return ServiceError(
        "INVALID_INPUT",
        f"{name}, line {number}: {reason}; the batches before it are in, and doing it again "
        "takes nothing in twice",
    )
