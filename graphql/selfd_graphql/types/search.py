"""Search: everything that is stored, by its words and its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry import UNSET

from selfd_graphql import described
from selfd_graphql.arguments import given, page_size
from selfd_graphql.context import Info, services
from selfd_graphql.types.documents import DocumentChunk
from selfd_graphql.types.feeds import Article
from selfd_graphql.types.journal import Thought
from selfd_graphql.types.memories import Memory
from selfd_storage import ArticleRecord, Item, MemoryRecord, ThoughtRecord
from selfd_storage import Hit as HitRecord
from selfd_storage import Scope as StoredScope


@described.enum
class Scope(Enum):
    """Where to look."""

    MEMORY = "MEMORY"
    ARTICLE = "ARTICLE"
    DOCUMENT = "DOCUMENT"


Hit: TypeAlias = Annotated[
    Memory | Article | DocumentChunk | Thought,
    strawberry.union(
        "Hit",
        description="Something that a search can find or an answer rely on; only answers about "
        "selfd itself rely on thoughts.",
    ),
]


def stored_scope(scope: Sequence[Scope] | None) -> list[StoredScope] | None:
    """Translate where to look; None means everywhere."""
    wanted = given(scope)
    return None if wanted is None else [part.value for part in wanted]


def hit_from_record(item: Item) -> Memory | Article | DocumentChunk | Thought:
    """Translate an item of the store, whatever its kind."""
    if isinstance(item, MemoryRecord):
        return Memory.from_record(item)
    if isinstance(item, ArticleRecord):
        return Article.from_record(item)
    if isinstance(item, ThoughtRecord):
        return Thought.from_record(item)
    return DocumentChunk.from_record(item)


@described.output
class SearchHit:
    """One result: the item, and the words of it that were found."""

    score: float
    text: str
    via: list[str] = strawberry.field(
        description="Which retrievers found it: lexical, dense, symbolic, graph."
    )
    item: Hit

    @classmethod
    def from_record(cls, record: HitRecord) -> Self:
        """Translate a result of the store."""
        return cls(
            score=record.score,
            text=record.text,
            via=list(record.via),
            item=hit_from_record(record.item),
        )


@described.output
class SearchQuery:
    """Looking for something."""

    @described.field
    async def search(
        self,
        info: Info,
        query: str,
        scope: list[Scope] | None = UNSET,
        first: int | None = 10,
        as_of: datetime | None = UNSET,
    ) -> list[SearchHit]:
        """Hybrid retrieval over memories, articles and documents, best first."""
        hits = await services(info).search.search(
            query, scope=stored_scope(scope), first=page_size(first, 10), as_of=given(as_of)
        )
        return [SearchHit.from_record(hit) for hit in hits]
