"""Answers in the words of what is stored: the built-in mind's way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence

from selfd_daemon.answering.composing import compose
from selfd_daemon.answering.confidence import signals_of
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.evidence import gather
from selfd_daemon.answering.question import Asked
from selfd_storage import Hit

Confidence = Callable[[Mapping[str, float]], float]


class Quoter:
    """Picks the best sentences of what was found, or says that it is not sure."""

    def __init__(self, confidence: Confidence, threshold: float) -> None:
        self._confidence = confidence
        self._threshold = threshold

    async def draft(self, asked: Asked, hits: Sequence[Hit], max_bytes: int) -> Draft:
        """Answer with quotes; a cancelled caller ends the work."""
        ended = threading.Event()
        try:
            return await asyncio.to_thread(self._draft, asked, hits, max_bytes, ended)
        finally:
            ended.set()  # a thread cannot be cancelled, but it looks at this

    def _draft(
        self, asked: Asked, hits: Sequence[Hit], max_bytes: int, ended: threading.Event
    ) -> Draft:
        gathered = gather(asked, hits, ended.is_set)
        signals = signals_of(gathered)
        sure = self._confidence(signals)
        abstains = sure < self._threshold
        composed = compose(
            gathered.evidence, asked.expected, abstains=abstains, max_bytes=max_bytes
        )
        return Draft(composed, sure, abstains, signals)
