"""Who and what memories and articles name, and what they state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfd_storage import Hit


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """Who or what items name; `numbers` are its entities in the store, one for each name."""

    name: str
    mentions: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RelationInfo:
    """What was said of a subject; times are None where nobody said from when or until when."""

    subject: str
    predicate: str
    object: str
    valid_from: datetime | None
    valid_to: datetime | None
    sources: Sequence[Hit]


class GraphPort(Protocol):
    """Entities and their relations."""

    async def entity(self, name: str) -> EntityInfo | None: ...
    async def relations(
        self, entity: EntityInfo, *, first: int, as_of: datetime | None
    ) -> Sequence[RelationInfo]: ...
