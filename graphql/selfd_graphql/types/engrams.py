"""Engrams: folders in one portable file that can be searched."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from strawberry import ID

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.types.jobs import Job
from selfd_storage import EngramRecord


@described.output
class Engram(Node):
    """A folder in one file, as it was when that was built."""

    name: str
    path: str
    files: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime

    @classmethod
    def from_record(cls, record: EngramRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            name=record.name,
            path=record.path,
            files=record.files,
            raw_bytes=record.raw_bytes,
            stored_bytes=record.stored_bytes,
            created_at=record.created_at,
        )


@described.output
class EngramQuery:
    """What can be asked about engrams."""

    @described.field
    async def engrams(self, info: Info) -> list[Engram]:
        """The engrams that were built by the daemon and are still there, newest first."""
        return [Engram.from_record(each) for each in await services(info).engrams.all()]


@described.output
class EngramMutation:
    """What can be done with engrams."""

    @described.mutation
    async def build_engram(self, info: Info, path: str, name: str) -> Job:
        """Build an engram of a folder on this machine, in engrams/ of the data folder."""
        return Job.from_record(await services(info).engrams.build(path, name))
