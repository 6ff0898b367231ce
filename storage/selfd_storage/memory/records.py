"""Records of memories; their form is that of `selfd_storage.records`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

MemoryKind: TypeAlias = Literal["FACT", "EPISODE", "PREFERENCE", "NOTE", "REFLECTION"]
ChangeKind: TypeAlias = Literal["ADDED", "UPDATED", "MERGED", "FORGOTTEN"]


@dataclass(frozen=True, slots=True)
class NewMemory:
    """What a caller gives to have remembered. `at` None means now."""

    text: str
    kind: MemoryKind = "NOTE"
    tags: tuple[str, ...] = ()
    source: str | None = None
    at: datetime | None = None
    surprise: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """One memory. `created_at` is when it happened, `recorded_at` when selfd was told."""

    id: str
    kind: MemoryKind
    text: str
    tags: tuple[str, ...]
    source: str | None
    created_at: datetime
    recorded_at: datetime
    updated_at: datetime
    occurrences: int
    surprise: float | None
    importance: float
