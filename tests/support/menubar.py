"""What the API gives to the menu bar, as small samples."""

from __future__ import annotations

from typing import Any


def status(*problems: str, memories: int = 2) -> dict[str, Any]:
    """Return what the document `status` gives, as far as the menu bar reads it."""
    return {"memoryCount": memories, "articleCount": 1, "problems": list(problems)}


def job(state: str, id: str = "job:1", **facts: Any) -> dict[str, Any]:
    """Return a job."""
    started = {"id": id, "kind": "POLL_FEEDS", "state": state, "progress": 0.5, "message": "half"}
    return {**started, "error": None, "finishedAt": None, **facts}


def answer(**facts: Any) -> dict[str, Any]:
    """Return a whole answer with one citation of a memory."""
    memory = {"__typename": "Memory", "id": "memory:1", "kind": "NOTE", "source": "a letter"}
    item = {**memory, "createdAt": "2026-01-31T12:00:00+00:00"}
    given = {
        "id": "answer:1",
        "text": "At 11:05. [1]",
        "confidence": 0.9,
        "abstained": False,
        "citations": [{"quote": "leaves at 11:05", "score": 1.0, "item": item}],
        "mind": {"id": "mind:builtin", "name": "builtin", "kind": "BUILTIN"},
        "seconds": 0.25,
        "conversationId": "conversation:1",
    }
    return {**given, **facts}
