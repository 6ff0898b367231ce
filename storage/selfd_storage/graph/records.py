"""Records of the graph: entities, and what items state of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

StatementOrigin: TypeAlias = Literal["RULE", "MIND"]


@dataclass(frozen=True, slots=True)
class NewStatement:
    """What an item states: `quote` holds its very words.

    `object_is_name`: the object is an entity of its own, as a place, a person or peanuts are.
    `since` and `until` are set where the words say so; `until` means that it holds no more.
    """

    subject: str
    predicate: str
    object: str
    object_is_name: bool
    quote: str
    since: datetime | None = None
    until: datetime | None = None
    origin: StatementOrigin = "RULE"


@dataclass(frozen=True, slots=True)
class ItemReading:
    """What was read from an item: the names in it and what it states; `at` is when it was told."""

    item_id: str
    at: datetime
    names: Sequence[str]
    statements: Sequence[NewStatement]


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """One statement of one item, told at `at`. Numbers are those of entities."""

    subject_number: int
    subject: str
    predicate: str
    object: str
    object_number: int | None
    item_id: str
    at: datetime
    since: datetime | None
    until: datetime | None
    origin: StatementOrigin
    quote: str


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """Who or what items name; `mentions` counts the items."""

    number: int
    name: str
    mentions: int
