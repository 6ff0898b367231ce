"""Dialogues of our own with questions, of which it is known which turns answer them.

They ship so that every selfd can measure its answers on talk that nothing was fitted to.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_HEAD = re.compile(r"== (\d{4}-\d\d-\d\d) (.+)")
_TURN = re.compile(r"(\d+) (\w+: .+)")
_QUESTION = re.compile(r"\? (.+\?) = (none|\d+(?:, \d+)*)")


@dataclass(frozen=True, slots=True)
class Known:
    """A question with the places of the turns that answer it, from 0; none where none does."""

    text: str
    turns: frozenset[int]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two people said to each other on one day, each turn as `Name: words`."""

    title: str
    at: datetime
    turns: tuple[str, ...]
    questions: tuple[Known, ...]


def read_dialogues() -> list[Dialogue]:
    """Return those that ship."""
    source = importlib.resources.files(__package__) / "dialogues.txt"
    parts = re.split(r"^(?===)", source.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [_dialogue(part.splitlines()) for part in parts]


def _dialogue(lines: list[str]) -> Dialogue:
    head = _HEAD.fullmatch(lines[0])
    assert head is not None, f"no head of a dialogue: {lines[0]!r}"
    turns = tuple(match[2] for line in lines if (match := _TURN.fullmatch(line)))
    at = datetime.fromisoformat(head[1]).replace(tzinfo=UTC)
    return Dialogue(head[2], at, turns, tuple(_questions(lines)))


def _questions(lines: list[str]) -> Iterator[Known]:
    for line in lines:
        if found := _QUESTION.fullmatch(line):
            numbers = [] if found[2] == "none" else found[2].split(",")
            yield Known(found[1], frozenset(int(number) - 1 for number in numbers))
