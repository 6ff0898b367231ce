"""The graph: entities that memories and articles name, and what was said of them when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.context import Info, services
from selfd_graphql.ports import EntityInfo, RelationInfo
from selfd_graphql.types.search import SearchHit
from selfd_storage import Hit


@described.output
class Relation:
    """What was said of a subject, from when until when it held, and in whose words."""

    hits: strawberry.Private[Sequence[Hit]]
    subject: str
    predicate: str
    object: str
    valid_from: datetime | None = strawberry.field(
        description="From when on it held, or was first said; null where that is not known."
    )
    valid_to: datetime | None = strawberry.field(
        description="Until when it held, or was said to be over; null while it holds."
    )

    @described.field
    def sources(self, first: int | None = 5) -> list[SearchHit]:
        """The words behind it, verbatim; those that closed it come last."""
        return [SearchHit.from_record(hit) for hit in self.hits[: page_size(first, 5)]]

    @classmethod
    def from_info(cls, info: RelationInfo) -> Self:
        """Translate what the daemon found."""
        return cls(
            subject=info.subject,
            predicate=info.predicate,
            object=info.object,
            valid_from=info.valid_from,
            valid_to=info.valid_to,
            hits=info.sources,
        )


@described.output
class Entity:
    """Someone or something that memories or articles name."""

    info: strawberry.Private[EntityInfo]
    name: str
    mentions: int = strawberry.field(description="How many memories and articles name it.")

    @described.field
    async def relations(
        self, info: Info, first: int | None = 20, as_of: datetime | None = UNSET
    ) -> list[Relation]:
        """What holds, the newest first, then what held; with asOf only what held at that time."""
        found = await services(info).graph.relations(
            self.info, first=page_size(first, 20), as_of=given(as_of)
        )
        return [Relation.from_info(relation) for relation in found]

    @classmethod
    def from_info(cls, info: EntityInfo) -> Self:
        """Translate what the daemon found."""
        return cls(info=info, name=info.name, mentions=info.mentions)


@described.output
class GraphQuery:
    """What can be asked about the graph."""

    @described.field
    async def entity(self, info: Info, name: str) -> Entity | None:
        """Someone or something by any spelling of its name; `me` is the owner."""
        found = await services(info).graph.entity(name)
        return None if found is None else Entity.from_info(found)
