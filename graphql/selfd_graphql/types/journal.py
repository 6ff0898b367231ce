"""The journal: what came to attention, in plain words that cite what they are about."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID, UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.connections import Connection, connection
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.streams import mapped
from selfd_storage import ThoughtRecord


@described.output
class Thought(Node):
    """One entry of the journal: what won the workspace, told from entries of the event log."""

    at: datetime = strawberry.field(description="When the last of it happened.")
    source: str = strawberry.field(description="The module that posted it.")
    text: str
    salience: float = strawberry.field(description="How much it mattered when it was broadcast.")
    about: list[ID] = strawberry.field(description="Ids of what it is about.")
    first_event: int = strawberry.field(description="The first sequence number that it tells of.")
    last_event: int = strawberry.field(description="The last sequence number that it tells of.")

    @classmethod
    def from_record(cls, record: ThoughtRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            at=record.at,
            source=record.source,
            text=record.text,
            salience=record.salience,
            about=[ID(id) for id in record.about],
            first_event=record.first,
            last_event=record.last,
        )


@described.output
class JournalQuery:
    """What can be asked about the journal."""

    @described.field
    async def journal(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[Thought]:
        """What came to attention, newest first."""
        page = await services(info).self_model.journal(
            first=page_size(first, 20), after=given(after)
        )
        return connection(page, Thought.from_record)


@described.output
class JournalSubscription:
    """What can be followed of the journal."""

    @described.subscription
    async def thoughts(self, info: Info) -> AsyncGenerator[Thought, None]:
        """Each new entry of the journal, as it is written."""
        return mapped(services(info).self_model.thoughts(), Thought.from_record)
