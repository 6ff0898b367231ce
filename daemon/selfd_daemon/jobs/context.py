"""What a job's handler is given: its options, and a way to say how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from selfd_storage import JobRecord


class Reporter(Protocol):
    """Takes what a handler reports; the runner is one."""

    async def report(self, id: str, progress: float, message: str) -> None: ...


class JobContext:
    """One run of one job.

    A handler is cancelled like any coroutine: by CancelledError at an `await`. It may be started
    again after a restart, so doing its work twice must give the same result.
    """

    def __init__(self, record: JobRecord, reporter: Reporter) -> None:
        self.id = record.id
        self.options: Mapping[str, Any] = record.options
        self._reporter = reporter

    async def report(self, progress: float, message: str) -> None:
        """Say how far the work is, from 0 to 1; call it as often as you like."""
        await self._reporter.report(self.id, min(1.0, max(0.0, progress)), message)


Handler: TypeAlias = Callable[[JobContext], Awaitable[Mapping[str, Any]]]
