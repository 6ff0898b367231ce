"""What the store hands out: frozen records, one per kind of thing.

Every id is a string `kind:number` (`memory:12`, `article:7`), made and read by `ids.py` alone, so
that one form is used from the row to the API. Times are aware datetimes in UTC, to the millisecond.
Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from selfd_storage.memory.records import MemoryRecord
from selfd_storage.reading.records import ArticleRecord, ChunkRecord
from selfd_storage.self_model.records import ThoughtRecord

Scope: TypeAlias = Literal["MEMORY", "ARTICLE", "DOCUMENT"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list that grows; `cursors[i]` belongs to `items[i]`."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int


Item: TypeAlias = MemoryRecord | ArticleRecord | ChunkRecord | ThoughtRecord


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search. `score` is in [0, 1]; `via` names the retrievers that found it."""

    item: Item
    score: float
    text: str
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One entry of the numbered log. `subject` is the id of what it is about."""

    sequence: int
    at: datetime
    kind: str
    subject: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StorageTierRecord:
    """One storage tier, measured."""

    name: str
    codec: str
    rows: int
    raw_bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class StoragePartRecord:
    """A table of a file with its indexes, in bytes of pages; `unused` of them lie free."""

    file: str
    name: str
    bytes: int
    unused: int


@dataclass(frozen=True, slots=True)
class StorageReportRecord:
    """What memories take, measured from the files; `vector_bytes` of the raw bytes are vectors."""

    memory_count: int
    raw_bytes: int
    stored_bytes: int
    tiers: tuple[StorageTierRecord, ...]
    parts: tuple[StoragePartRecord, ...] = ()
    vector_bytes: int = 0


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One written backup. `verified` says that the copy was opened and checked.

    `sha256` is over the file up to the hash that it ends with; empty for a plain copy.
    """

    path: str
    bytes: int
    seconds: float
    verified: bool
    encrypted: bool = False
    sha256: str = ""
