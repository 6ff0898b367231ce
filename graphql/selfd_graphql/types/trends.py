"""Trends: terms that come up more often than is usual for them."""

from __future__ import annotations

from typing import Self

import strawberry

from selfd_graphql import described
from selfd_graphql.arguments import page_size
from selfd_graphql.context import Info, services
from selfd_graphql.ports import TrendInfo
from selfd_graphql.types.feeds import Article


@described.output
class Trend:
    """A term that at least three independent sources use more than usual."""

    term: str
    count: int = strawberry.field(description="Articles of these hours that have it.")
    burst: float = strawberry.field(description="Observed over expected.")
    forecast: float = strawberry.field(description="Expected count in the next window.")
    forecast_error: float | None = strawberry.field(
        description="Mean absolute error of such forecasts in its past; null without a past."
    )
    naive_error: float | None = strawberry.field(
        description="The same of forecasting as many as in the last window."
    )
    articles: list[Article]

    @classmethod
    def from_info(cls, info: TrendInfo) -> Self:
        """Translate what the daemon found."""
        return cls(
            term=info.term,
            count=info.count,
            burst=info.burst,
            forecast=info.forecast,
            forecast_error=info.forecast_error,
            naive_error=info.naive_error,
            articles=[Article.from_record(article) for article in info.articles],
        )


@described.output
class TrendQuery:
    """What can be asked about trends."""

    @described.field
    async def trends(
        self, info: Info, hours: int | None = 24, first: int | None = 10
    ) -> list[Trend]:
        """Terms that come up more often in the last hours than before, the strongest first."""
        found = await services(info).knowledge.trends(
            hours=24 if hours is None else hours, first=page_size(first, 10)
        )
        return [Trend.from_info(trend) for trend in found]
