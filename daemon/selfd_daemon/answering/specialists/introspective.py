"""Questions about selfd itself, which its self-model answers from what it measured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from selfd_daemon.answering.composing import Composed
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked
from selfd_daemon.self_model.introspection.answers import TASK, SelfAnswer
from selfd_graphql.ports import Question


class Introspective:
    """A specialist that asks the self-model first."""

    def __init__(self, answer: Callable[[str], Awaitable[SelfAnswer | None]]) -> None:
        self._answer = answer

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Answer what is asked about selfd; None where it is about something else."""
        found = None if question.scope is not None else await self._answer(asked.said)
        if found is None:
            return None
        text = found.text.encode()[: question.max_bytes].decode("utf-8", "ignore")
        composed = Composed((text,), found.citations)
        return Draft(composed, found.confidence, abstained=False, task=TASK, lasts=False)
