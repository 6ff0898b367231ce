"""Goals: what selfd or its owner wants of it, and how far it is."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_storage import GoalRecord


@described.enum
class GoalOrigin(Enum):
    """Who set a goal."""

    OWNER = "OWNER"
    SELF = "SELF"


@described.output
class Goal(Node):
    """Something to reach; its progress is measured where it can be."""

    text: str
    progress: float = strawberry.field(
        description="From 0 to 1, measured, or told by the owner where nothing measures it."
    )
    created_at: datetime
    origin: GoalOrigin
    measure: str | None = strawberry.field(
        description="What it is measured by; null where only its owner can tell."
    )
    baseline: float | None = strawberry.field(description="As measured when it was set.")
    current: float | None = strawberry.field(description="As measured last.")
    target: float | None
    reached_at: datetime | None = strawberry.field(description="When it was first reached.")

    @classmethod
    def from_record(cls, record: GoalRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            text=record.text,
            progress=record.progress,
            created_at=record.created_at,
            origin=GoalOrigin.SELF if record.is_own else GoalOrigin.OWNER,
            measure=record.measure,
            baseline=record.baseline,
            current=record.current,
            target=record.target,
            reached_at=record.reached_at,
        )


@described.output
class GoalMutation:
    """What can be done with goals."""

    @described.mutation
    async def add_goal(self, info: Info, text: str) -> Goal:
        """Set a goal in your words. It is measured where it names something countable and a
        number, such as `remember 500 notes` or `bits per byte below 1.8`."""
        return Goal.from_record(await services(info).self_model.add_goal(text))

    @described.mutation
    async def update_goal(self, info: Info, id: ID, progress: float) -> Goal:
        """Tell how far a goal is that nothing measures, from 0 to 1."""
        record = await services(info).self_model.update_goal(id, progress=progress)
        return Goal.from_record(record)

    @described.mutation
    async def remove_goal(self, info: Info, id: ID) -> bool:
        """Drop a goal; false when there is no such goal."""
        return await services(info).self_model.remove_goal(id)
