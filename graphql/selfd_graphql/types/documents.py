"""Documents: files on this machine, stored in pieces."""

from __future__ import annotations

from typing import Self

from strawberry import ID

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.types.jobs import Job
from selfd_storage import ChunkRecord


@described.output
class DocumentChunk(Node):
    """A piece of a file, with its lines counted from 1."""

    text: str
    path: str
    start_line: int
    end_line: int

    @classmethod
    def from_record(cls, record: ChunkRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            text=record.text,
            path=record.path,
            start_line=record.start_line,
            end_line=record.end_line,
        )


@described.output
class DocumentMutation:
    """What can be done with documents."""

    @described.mutation
    async def ingest(self, info: Info, path: str) -> Job:
        """Read a file or a folder on this machine into the document store."""
        return Job.from_record(await services(info).documents.ingest(path))
