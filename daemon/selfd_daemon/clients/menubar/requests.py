"""What a person can ask for, as the document and the variables that are sent for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ASK = "generate"
REMEMBER = "remember"


@dataclass(frozen=True, slots=True)
class Request:
    """One operation: the name of a document and its variables."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)


def ask(question: str, conversation: str | None) -> Request:
    """Ask; a follow-up goes on with the conversation."""
    given = {"question": question.strip()}
    if conversation:
        given["conversationId"] = conversation
    return Request(ASK, {"input": given})


def pause_nights(*, paused: bool) -> Request:
    """Pause the nights, or let them go on."""
    return Request("pause_nights", {"paused": paused})


def remember(text: str) -> Request:
    """Store a note."""
    return Request(REMEMBER, {"input": {"text": text.strip()}})
