"""Answers in the words of what is stored: the built-in mind's way."""

from __future__ import annotations

from selfd_daemon.answering.composing import compose
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import Asked
from selfd_daemon.answering.retrieval.corrective import Found


def quoted(asked: Asked, found: Found, *, threshold: float, max_bytes: int) -> Draft:
    """Answer with the best sentences of what was found, or say that it is not sure."""
    abstains = found.sure < threshold
    composed = compose(
        found.gathered.evidence,
        asked.expected,
        abstains=abstains,
        max_bytes=max_bytes,
        names=found.names,
    )
    return Draft(composed, found.sure, abstains, found.signals)
