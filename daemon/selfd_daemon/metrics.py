"""Figures for Prometheus: counted where they happen, or read when somebody asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from selfd_graphql.ports import Operation, StatusInfo

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
T = TypeVar("T")


class Metrics:
    """Every figure in a registry of its own, so that two daemons in one process never mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "selfd_requests", "HTTP requests answered", ("path", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "selfd_request_seconds",
            "Time from a request to the end of its answer",
            ("path",),
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=self._registry,
        )
        self._operations = Histogram(
            "selfd_operation_seconds",
            "Time that a query or mutation took, by its name",
            ("operation", "failed"),
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=self._registry,
        )
        self._lookups = Counter(
            "selfd_answer_lookups",
            "Questions looked for among answers given before: exact, semantic, miss",
            ("found",),
            registry=self._registry,
        )
        self._saved = Counter(
            "selfd_answer_saved_seconds",
            "Time saved by giving answers again",
            ("found",),
            registry=self._registry,
        )
        self.sockets = self._gauge("selfd_websockets", "WebSocket connections open now")
        self.generations = self._gauge("selfd_generations", "Answers being generated now")
        self._uptime = self._gauge("selfd_uptime_seconds", "Seconds since start")
        self._memory = self._gauge("selfd_resident_memory_bytes", "Resident memory")
        self._memories = self._gauge("selfd_memories", "Memories kept")
        self._articles = self._gauge("selfd_articles", "Articles kept")
        self._jobs = self._gauge("selfd_jobs_running", "Jobs running now")
        self._problems = self._gauge("selfd_problems", "Things that are degraded now")
        self._events = self._gauge("selfd_event_sequence", "Number of the newest event")

    def operation(self, operation: Operation) -> None:
        """Count a query or mutation that was answered."""
        failed = "true" if operation.failed else "false"
        self._operations.labels(operation.name, failed).observe(operation.seconds)

    def looked_up(self, found: str, saved: float) -> None:
        """Count a question that was looked for among the answers given before."""
        self._lookups.labels(found).inc()
        self._saved.labels(found).inc(saved)

    async def generating(self, pieces: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """Pass a generation on, counted as active until it has ended or was closed."""
        self.generations.inc()
        try:
            async for piece in pieces:
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
            self.generations.dec()

    def render(self, status: StatusInfo, *, latest_event: int) -> bytes:
        """Return everything as Prometheus text, with the daemon's state as it is given."""
        self._uptime.set(status.uptime)
        self._memory.set(status.resident_memory)
        self._memories.set(status.memory_count)
        self._articles.set(status.article_count)
        self._jobs.set(status.running_jobs)
        self._problems.set(len(status.problems))
        self._events.set(latest_event)
        return generate_latest(self._registry)

    def _gauge(self, name: str, sentence: str) -> Gauge:
        return Gauge(name, sentence, registry=self._registry)
