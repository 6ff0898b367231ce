"""Nights, and the generations of the weights that they made."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self, cast

import strawberry
from strawberry import ID
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import page_size
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.ports import PlannedStep, TonightInfo
from selfd_graphql.types.jobs import JobKind
from selfd_storage import CheckpointRecord, NightRecord, NightStepRecord


@described.enum
class StepState(Enum):
    """How far a step of a night has come."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@described.output
class Checkpoint(Node):
    """One generation of the built-in model's weights, or of the adapter of a mind."""

    created_at: datetime
    parent: ID | None
    active: bool
    origin: JobKind | None
    before: float | None = strawberry.field(
        description="Held-out bits per byte of the new text by its parent."
    )
    after: float | None = strawberry.field(description="The same by this one.")
    promoted: bool
    reason: str
    hash: str = strawberry.field(description="SHA-256 over the weights.")
    chain: str = strawberry.field(description="SHA-256 over the parent's chain and `hash`.")
    kept: bool = strawberry.field(description="Whether its weights are still here.")
    figures: JSON = strawberry.field(description="What the gate measured.")
    mind: ID | None = strawberry.field(
        description="The mind whose adapter this is; null: the built-in one."
    )

    @classmethod
    def from_record(cls, record: CheckpointRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            created_at=record.created_at,
            parent=None if record.parent is None else ID(record.parent),
            active=record.active,
            origin=None if record.origin is None else JobKind(record.origin),
            before=record.before,
            after=record.after,
            promoted=record.promoted,
            reason=record.reason,
            hash=record.hash,
            chain=record.chain,
            kept=record.file is not None or record.parent is None,
            figures=cast(JSON, dict(record.figures)),
            mind=None if record.mind is None else ID(record.mind),
        )


@described.output
class NightStep:
    """One step of a night."""

    name: str
    state: StepState
    job_id: ID | None
    began_at: datetime | None
    ended_at: datetime | None
    note: str
    figures: JSON

    @classmethod
    def from_record(cls, record: NightStepRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            name=record.name,
            state=StepState(record.state),
            job_id=None if record.job_id is None else ID(record.job_id),
            began_at=record.began_at,
            ended_at=record.ended_at,
            note=record.note,
            figures=cast(JSON, dict(record.figures)),
        )


@described.output
class Night:
    """What one night did."""

    id: ID
    day: str = strawberry.field(description="The local date on which its window began.")
    began_at: datetime
    ended_at: datetime | None
    watt_hours: float = strawberry.field(
        description="Energy of its training: measured, or estimated from processor time."
    )
    note: str
    steps: list[NightStep]

    @classmethod
    def from_record(cls, record: NightRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            day=record.day,
            began_at=record.began_at,
            ended_at=record.ended_at,
            watt_hours=record.watt_hours,
            note=record.note,
            steps=[NightStep.from_record(each) for each in record.steps],
        )


@described.output
class TonightStep:
    """One step of tonight's plan."""

    name: str
    sentence: str
    state: StepState
    note: str

    @classmethod
    def from_record(cls, record: PlannedStep) -> Self:
        """Translate what the planner says."""
        return cls(
            name=record.name,
            sentence=record.sentence,
            state=StepState(record.state),
            note=record.note,
        )


@described.output
class Tonight:
    """The night that is on, or the next one."""

    day: str
    starts_at: datetime
    ends_at: datetime
    enabled: bool
    paused: bool = strawberry.field(description="Whether its owner paused the nights.")
    note: str = strawberry.field(description="Why it would wait now; empty when nothing hinders.")
    watt_hours: float
    most_watt_hours: float
    steps: list[TonightStep]

    @classmethod
    def from_record(cls, record: TonightInfo) -> Self:
        """Translate what the planner says."""
        return cls(
            day=record.day,
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            enabled=record.enabled,
            paused=record.paused,
            note=record.note,
            watt_hours=record.watt_hours,
            most_watt_hours=record.most_watt_hours,
            steps=[TonightStep.from_record(each) for each in record.steps],
        )


@described.output
class NightQuery:
    """What can be asked about nights."""

    @described.field
    async def checkpoints(self, info: Info) -> list[Checkpoint]:
        """Every generation of the built-in model and of adapters, oldest first."""
        return [Checkpoint.from_record(each) for each in await services(info).nights.checkpoints()]

    @described.field
    async def tonight(self, info: Info) -> Tonight:
        """What is planned for the night that is on, or comes next."""
        return Tonight.from_record(await services(info).nights.tonight())

    @described.field
    async def nights(self, info: Info, first: int | None = 7) -> list[Night]:
        """What past nights did, newest first."""
        found = await services(info).nights.nights(page_size(first, 7))
        return [Night.from_record(each) for each in found]


@described.output
class NightMutation:
    """What can be done with nights."""

    @described.mutation
    async def rollback(self, info: Info, checkpoint_id: ID) -> Checkpoint:
        """Let an earlier generation serve again, bit for bit, without a restart."""
        return Checkpoint.from_record(await services(info).nights.rollback(checkpoint_id))

    @described.mutation
    async def begin_tonight(self, info: Info) -> Tonight:
        """Begin the night now, whatever the clock says; it still waits for power."""
        return Tonight.from_record(await services(info).nights.begin_tonight())

    @described.mutation
    async def pause_nights(self, info: Info, paused: bool = True) -> Tonight:
        """Pause what a night runs and begin none, or, with false, let nights go on."""
        return Tonight.from_record(await services(info).nights.pause(paused=paused))
