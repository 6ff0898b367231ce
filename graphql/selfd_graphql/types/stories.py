"""Stories: the same event as several articles tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from selfd_graphql import described
from selfd_graphql.arguments import page_size
from selfd_graphql.context import Info, services
from selfd_graphql.ports import ClaimInfo, StoryInfo
from selfd_graphql.types.feeds import Article


@described.output
class Claim:
    """A sentence of an article that can be right or wrong, word for word."""

    text: str
    article_id: ID
    support: int = strawberry.field(
        description="How many sources of the story say the same, this one included."
    )

    @classmethod
    def from_info(cls, info: ClaimInfo) -> Self:
        """Translate what the daemon found."""
        return cls(text=info.text, article_id=ID(info.article_id), support=info.support)


@described.output
class Story:
    """One event, the earliest article first."""

    id: ID
    title: str
    articles: list[Article]
    sources: int = strawberry.field(
        description="How many of the sources are independent; copies of one text count once."
    )
    first_seen_at: datetime
    claims: list[Claim]
    disputes: list[str] = strawberry.field(
        description="Claims on which the sources differ, each with both quotes."
    )

    @classmethod
    def from_info(cls, info: StoryInfo) -> Self:
        """Translate what the daemon found."""
        return cls(
            id=ID(info.record.id),
            title=info.record.title,
            articles=[Article.from_record(article) for article in info.record.articles],
            sources=info.record.sources,
            first_seen_at=info.record.first_seen_at,
            claims=[Claim.from_info(claim) for claim in info.claims],
            disputes=list(info.disputes),
        )


@described.output
class StoryQuery:
    """What can be asked about stories."""

    @described.field
    async def stories(
        self, info: Info, hours: int | None = 48, first: int | None = 20
    ) -> list[Story]:
        """Events of the last hours that more than one article tells, the weightiest first."""
        found = await services(info).knowledge.stories(
            hours=48 if hours is None else hours, first=page_size(first, 20)
        )
        return [Story.from_info(story) for story in found]
