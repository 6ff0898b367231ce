"""Storage: what memories take on disk, and copies of them."""

from __future__ import annotations

from typing import Self

import strawberry
from strawberry import UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, services
from selfd_storage import BackupRecord, StoragePartRecord, StorageReportRecord, StorageTierRecord


@described.output
class StorageTier:
    """Rows that are stored in one way."""

    name: str
    codec: str
    rows: int
    raw_bytes: int
    stored_bytes: int

    @classmethod
    def from_record(cls, record: StorageTierRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            name=record.name,
            codec=record.codec,
            rows=record.rows,
            raw_bytes=record.raw_bytes,
            stored_bytes=record.stored_bytes,
        )


@described.output
class StoragePart:
    """A table of a file with its indexes, measured in pages."""

    file: str
    name: str
    bytes: int
    unused: int = strawberry.field(description="Bytes of them that lie free.")

    @classmethod
    def from_record(cls, record: StoragePartRecord) -> Self:
        """Translate a record of the store."""
        return cls(file=record.file, name=record.name, bytes=record.bytes, unused=record.unused)


@described.output
class StorageReport:
    """What memories take, measured."""

    memory_count: int
    raw_bytes: int = strawberry.field(
        description="Bytes of the texts and float32 embeddings as they would be uncompressed."
    )
    stored_bytes: int = strawberry.field(
        description="Bytes that they and their indexes take on disk."
    )
    tiers: list[StorageTier]
    vector_bytes: int = strawberry.field(description="Bytes of rawBytes that are embeddings.")
    parts: list[StoragePart] = strawberry.field(
        description="Where storedBytes lie, table by table, the largest first."
    )

    @described.field
    async def saved(self) -> float:
        """1 - storedBytes / rawBytes."""
        return 1.0 - self.stored_bytes / self.raw_bytes if self.raw_bytes else 0.0

    @classmethod
    def from_record(cls, record: StorageReportRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            memory_count=record.memory_count,
            raw_bytes=record.raw_bytes,
            stored_bytes=record.stored_bytes,
            tiers=[StorageTier.from_record(tier) for tier in record.tiers],
            vector_bytes=record.vector_bytes,
            parts=[StoragePart.from_record(part) for part in record.parts],
        )


@described.output
class BackupReport:
    """A backup that was written."""

    path: str
    bytes: int
    seconds: float
    verified: bool = strawberry.field(description="The copy was opened and checked.")
    encrypted: bool
    sha256: str = strawberry.field(
        description="Over the file but for its last 32 bytes, which are this hash."
    )

    @classmethod
    def from_record(cls, record: BackupRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            path=record.path,
            bytes=record.bytes,
            seconds=record.seconds,
            verified=record.verified,
            encrypted=record.encrypted,
            sha256=record.sha256,
        )


@described.output
class StorageQuery:
    """What can be asked about storage."""

    @described.field
    async def storage(self, info: Info) -> StorageReport:
        """What memories take on disk."""
        return StorageReport.from_record(await services(info).system.storage())


@described.output
class StorageMutation:
    """What can be done with storage."""

    @described.mutation
    async def backup(self, info: Info, path: str, passphrase: str | None = UNSET) -> BackupReport:
        """Write a copy of everything to a new file; a passphrase encrypts it."""
        system = services(info).system
        return BackupReport.from_record(await system.backup(path, passphrase=given(passphrase)))
