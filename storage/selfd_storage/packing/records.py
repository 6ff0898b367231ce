"""What packing rows anew tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

PackedContent: TypeAlias = Literal["memory", "chunk", "article", "message"]


@dataclass(frozen=True, slots=True)
class TrainedRecord:
    """What came of learning a dictionary; `dictionary` is None where the gain was too small."""

    content: PackedContent
    dictionary: int | None
    gain: float


@dataclass(frozen=True, slots=True)
class MovedRecord:
    """Rows that were looked at, up to `last`, and those that were packed anew, measured."""

    last: int | None
    seen: int
    rows: int
    bytes_before: int
    bytes_after: int
