"""Ids as everybody outside sees them: `kind:number`; a row's number is never used again."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "memory",
    "article",
    "document",
    "chunk",
    "feed",
    "conversation",
    "message",
    "answer",
    "job",
    "story",
    "engram",
    "checkpoint",
    "night",
    "mind",
    "thought",
    "goal",
    "assessment",
    "self",
    "feedback",
]

# The numbers are in the files (events, citations): append, never change.
CODES: dict[str, int] = {
    "memory": 1,
    "article": 2,
    "document": 3,
    "chunk": 4,
    "feed": 5,
    "conversation": 6,
    "message": 7,
    "answer": 8,
    "job": 9,
    "story": 10,
    "engram": 11,
    "checkpoint": 12,
    "night": 13,
    "mind": 14,
    "thought": 20,
    "goal": 21,
    "assessment": 22,
    "self": 23,
    "feedback": 24,
}
NAMES = {code: name for name, code in CODES.items()}
MAX_NUMBER = 2**63 - 1


def make_id(kind: Kind, number: int) -> str:
    """Return the id of a row."""
    return f"{kind}:{number}"


def split_id(id: str) -> tuple[str, int] | None:
    """Return the kind and the number of an id, None where it is not one in its only spelling."""
    kind, colon, digits = id.partition(":")
    if not colon or kind not in CODES or not (digits.isascii() and digits.isdigit()):
        return None
    if digits[0] == "0" or len(digits) > 19 or int(digits) > MAX_NUMBER:
        return None
    return kind, int(digits)


def number_of(kind: Kind, id: str) -> int | None:
    """Return the row number of an id of this kind, None for anything else."""
    parts = split_id(id)
    return parts[1] if parts is not None and parts[0] == kind else None
