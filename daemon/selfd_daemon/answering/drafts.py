"""An answer before it is stored, and who may write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from selfd_daemon.answering.composing import Composed
from selfd_daemon.answering.question import Asked
from selfd_graphql.ports import Question


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is stored.

    `confidence` is the probability that it is right; `signals` are the figures in [0, 1] that it
    was computed from, by name, kept with the answer so that the nights can learn from it. `task`
    None is the one that the question was taken for. `lasts` is False where the same question may
    have another answer in a moment, although nothing that is cited has changed.
    """

    composed: Composed
    confidence: float
    abstained: bool
    signals: Mapping[str, float] = field(default_factory=dict)
    task: str | None = None
    lasts: bool = True
    shares: Mapping[str, float] = field(default_factory=dict)


class Specialist(Protocol):
    """Answers some questions in a way of its own: sums, news, those about selfd itself."""

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Return an answer, or None to leave the question to the quotes.

        Args:
            question: as it was put, with its scope and limits.
            asked: as it is searched for, with what a follow-up leans on.
        """
        ...
