"""mem0's memories, as its `get_all` gives them: a list, alone or under `results`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfd_daemon.portability.lines import Line, Part
from selfd_daemon.portability.sources.talk import moment

_WHOSE = ("user_id", "agent_id", "run_id", "app_id")


def entries(content: Any) -> Sequence[Any] | None:
    """Return the memories of an export, None where it is none."""
    found = content.get("results") if isinstance(content, dict) else content
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return found if "memory" in found[0] else None
    return None


def parts(name: str, found: Sequence[Any], size: int) -> Sequence[Part]:
    """Return the lines of an export."""

    def lines() -> Iterator[Line]:
        for number, entry in enumerate(found, start=1):
            if isinstance(entry, dict) and str(entry.get("memory") or "").strip():
                yield Line(number, _line(entry), len(str(entry["memory"])))

    return [Part("memories", name, size, lines)]


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    at = moment(entry.get("created_at"))
    categories = entry.get("categories")
    whose = [str(entry[name]) for name in _WHOSE if entry.get(name)]
    return {
        "text": str(entry["memory"]),
        "kind": "FACT",
        "tags": [str(each) for each in categories] if isinstance(categories, list) else [],
        "source": ": ".join(["mem0", *whose[:1]]),
        "at": at.isoformat() if at else None,
    }
