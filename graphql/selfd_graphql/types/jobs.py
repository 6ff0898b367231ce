"""Jobs: work that takes longer than a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from enum import Enum
from typing import Self, cast

import strawberry
from strawberry import ID, UNSET
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, services
from selfd_graphql.errors import ServiceError
from selfd_graphql.node import Node
from selfd_graphql.streams import mapped
from selfd_storage import JobKind as StoredJobKind
from selfd_storage import JobRecord
from selfd_storage import JobState as StoredJobState


@described.enum
class JobKind(Enum):
    """What a job does."""

    POLL_FEEDS = "POLL_FEEDS"
    INGEST = "INGEST"
    BUILD_ENGRAM = "BUILD_ENGRAM"
    CONSOLIDATE = "CONSOLIDATE"
    COMPRESS = "COMPRESS"
    FINETUNE = "FINETUNE"
    LORA = "LORA"
    DISTILL = "DISTILL"
    SELF_EDIT = "SELF_EDIT"
    REINFORCE = "REINFORCE"
    EVOLVE = "EVOLVE"
    EVALUATE = "EVALUATE"
    ASSESS_SELF = "ASSESS_SELF"
    BENCHMARK = "BENCHMARK"
    BACKUP = "BACKUP"
    EXPORT = "EXPORT"
    IMPORT = "IMPORT"
    VERIFY = "VERIFY"

    @property
    def stored(self) -> StoredJobKind:
        """The store's name for this kind."""
        return self.value


@described.enum
class JobState(Enum):
    """How far a job has come."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    WAITING = "WAITING"

    @property
    def stored(self) -> StoredJobState:
        """The store's name for this state."""
        return self.value


@described.output
class Job(Node):
    """One piece of long work; `progress` runs from 0 to 1."""

    kind: JobKind
    state: JobState
    progress: float
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    metrics: JSON = strawberry.field(description="Measured results, by name.")
    error: str | None

    @classmethod
    def from_record(cls, record: JobRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            kind=JobKind(record.kind),
            state=JobState(record.state),
            progress=record.progress,
            message=record.message,
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
            metrics=cast(JSON, dict(record.metrics)),
            error=record.error,
        )


@described.output
class JobQuery:
    """What can be asked about jobs."""

    @described.field
    async def jobs(
        self,
        info: Info,
        first: int | None = 20,
        after: str | None = UNSET,
        state: JobState | None = UNSET,
    ) -> Connection[Job]:
        """Jobs, newest first."""
        wanted = given(state)
        page = await services(info).jobs.page(
            first=page_size(first, 20),
            after=given(after),
            state=None if wanted is None else wanted.stored,
        )
        return connection(page, Job.from_record)

    @described.field
    async def job(self, info: Info, id: ID) -> Job | None:
        """One job, or null when there is none with that id."""
        record = await services(info).jobs.job(id)
        return None if record is None else Job.from_record(record)


@described.output
class JobMutation:
    """What can be done with jobs."""

    @described.mutation
    async def start_job(self, info: Info, kind: JobKind, options: JSON | None = UNSET) -> Job:
        """Start a job; what its options mean depends on its kind."""
        settings: object = given(options) or {}
        if not isinstance(settings, Mapping):
            raise ServiceError("INVALID_INPUT", f"options must be an object, got {settings!r}")
        return Job.from_record(await services(info).jobs.start(kind.stored, settings))

    @described.mutation
    async def cancel_job(self, info: Info, id: ID) -> Job:
        """Ask a job to stop; what it has done stays done."""
        return Job.from_record(await services(info).jobs.cancel(id))


@described.output
class JobSubscription:
    """What can be followed about jobs."""

    @described.subscription
    async def job_progress(self, info: Info, id: ID | None = UNSET) -> AsyncGenerator[Job, None]:
        """A job's latest state whenever it changes, until it ends; all jobs, without end, when
        no id is given."""
        return mapped(services(info).jobs.progress(given(id)), Job.from_record)
