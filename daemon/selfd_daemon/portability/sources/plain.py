"""Memories in one JSON list, each an object that has a `text`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from selfd_daemon.portability.lines import Line, Part, refusal


def entries(content: Any) -> Sequence[Any] | None:
    """Return the memories of a list, None where it is none."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return content if "text" in content[0] else None
    return None


def parts(name: str, found: Sequence[Any], size: int) -> Sequence[Part]:
    """Return the lines of a list."""

    def lines() -> Iterator[Line]:
        for number, entry in enumerate(found, start=1):
            if not isinstance(entry, dict):
                raise refusal(name, number, "it is no JSON object")
            yield Line(number, entry, size // len(found))

    return [Part("memories", name, size, lines)]
