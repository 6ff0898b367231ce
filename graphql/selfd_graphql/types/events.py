"""Events: the numbered log of everything that happened."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Self, cast

import strawberry
from strawberry import ID, UNSET
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, services
from selfd_graphql.execution.results import Shareable
from selfd_graphql.streams import mapped
from selfd_storage import EventRecord


@described.output
class Event(Shareable):
    """One entry of the log."""

    sequence: int = strawberry.field(description="Where to go on with events(after:).")
    at: datetime
    kind: str = strawberry.field(description="As in memory.added or job.failed.")
    subject: ID | None = strawberry.field(description="The id of what it is about.")
    payload: JSON

    @property
    def key(self) -> int:
        """Its place in the log."""
        return self.sequence

    @classmethod
    def from_record(cls, record: EventRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            sequence=record.sequence,
            at=record.at,
            kind=record.kind,
            subject=None if record.subject is None else ID(record.subject),
            payload=cast(JSON, dict(record.payload)),
        )


@described.output
class EventSubscription:
    """What can be followed about everything."""

    @described.subscription
    async def events(
        self, info: Info, kinds: list[str] | None = UNSET, after: int | None = UNSET
    ) -> AsyncGenerator[Event, None]:
        """Everything above and the daemon's own life, as one stream, after the given sequence
        number."""
        stream = services(info).events.stream(kinds=given(kinds), after=given(after))
        return mapped(stream, Event.from_record)
