"""Status: how the daemon is doing."""

from __future__ import annotations

from typing import Self

import strawberry

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.ports import StatusInfo
from selfd_graphql.types.minds import Mind


@described.output
class Status:
    """The daemon at this moment."""

    version: str
    uptime: float = strawberry.field(description="Seconds since start.")
    backend: str = strawberry.field(description="mlx-metal, mlx-cuda, mlx-cpu or numpy.")
    mind: Mind | None
    memory_count: int
    article_count: int
    running_jobs: int
    resident_memory: int = strawberry.field(description="Resident memory in bytes.")
    ready: bool
    problems: list[str] = strawberry.field(
        description="What is degraded, in words a person can act on; empty when all is well."
    )

    @classmethod
    def from_record(cls, status: StatusInfo) -> Self:
        """Translate what the daemon knows of itself."""
        return cls(
            version=status.version,
            uptime=status.uptime,
            backend=status.backend,
            mind=None if status.mind is None else Mind.from_record(status.mind),
            memory_count=status.memory_count,
            article_count=status.article_count,
            running_jobs=status.running_jobs,
            resident_memory=status.resident_memory,
            ready=status.ready,
            problems=list(status.problems),
        )


@described.output
class StatusQuery:
    """What can be asked about the daemon itself."""

    @described.field
    async def status(self, info: Info) -> Status:
        """How the daemon is doing."""
        return Status.from_record(await services(info).system.status())
