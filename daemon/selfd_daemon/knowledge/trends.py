"""Terms that come up more often than is usual for them, as several independent sources tell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from selfd_daemon.knowledge.forecast import Forecast, forecast
from selfd_graphql import TrendInfo
from selfd_storage import Store, TermHistory, TermMention
from selfd_storage.reading.story_rows import independent

FEWEST_SOURCES = 3
LEAST_BURST = 2.0  # times what was expected
CANDIDATES = 400  # terms of the last hours, the most frequent ones
LOOKED_AT = 80  # of them, those that surprise most
SAME = 0.7  # of a term's articles: it is another word for a trend that is listed already
LISTED = 20  # articles of a trend


@dataclass(frozen=True, slots=True)
class Burst:
    """A term with more articles than expected, before it is known who wrote them."""

    term: str
    count: int
    burst: float
    forecast: float
    error: float | None
    naive_error: float | None
    surprise: float


async def find_trends(store: Store, now: datetime, *, hours: int, first: int) -> list[TrendInfo]:
    """Return the strongest trends of the last hours."""
    history = await store.terms.history(now, hours=hours, least=FEWEST_SOURCES, limit=CANDIDATES)
    if not history.by_term:
        return []
    bursts = await asyncio.to_thread(_bursts, history, hours)
    end = history.start + timedelta(hours=len(history.all))
    mentions = await store.terms.mentions(
        [burst.term for burst in bursts], end - timedelta(hours=hours), end
    )
    chosen = _independent(bursts, mentions)[:first]
    return [await _info(store, burst, mentions[burst.term]) for burst in chosen]


def _bursts(history: TermHistory, hours: int) -> list[Burst]:
    """Return the terms that burst, the most surprising first."""
    terms = list(history.by_term)
    counts = np.array([history.by_term[term] for term in terms], np.float64)
    found = forecast(counts, np.array(history.all, np.float64), hours=hours)
    bursts = [_burst(found, place, term) for place, term in enumerate(terms)]
    telling = [burst for burst in bursts if burst.burst >= LEAST_BURST]
    return sorted(telling, key=lambda burst: -burst.surprise)[:LOOKED_AT]


def _burst(found: Forecast, place: int, term: str) -> Burst:
    count, expected = float(found.count[place]), float(found.expected[place])
    tested = found.windows > 0
    return Burst(
        term,
        round(count),
        count / expected,
        float(found.following[place]),
        float(found.error[place]) if tested else None,
        float(found.naive_error[place]) if tested else None,
        # How unlikely the count is: the deviance of a Poisson variable from its mean.
        count * float(np.log(max(count, 1e-9) / expected)) - (count - expected),
    )


def _independent(
    bursts: Sequence[Burst], mentions: Mapping[str, Sequence[TermMention]]
) -> list[Burst]:
    """Drop what too few sources tell, and what is another word for a stronger trend."""
    kept: list[Burst] = []
    taken: list[set[int]] = []
    for burst in bursts:
        told = mentions[burst.term]
        articles = {mention.article for mention in told}
        sources = independent((each.article, each.publisher, each.copy_of) for each in told)
        if sources < FEWEST_SOURCES:
            continue
        if any(len(articles & other) >= SAME * len(articles) for other in taken):
            continue
        kept.append(burst)
        taken.append(articles)
    return kept


async def _info(store: Store, burst: Burst, mentions: Sequence[TermMention]) -> TrendInfo:
    numbers = [mention.article for mention in mentions[:LISTED]]
    articles = await store.terms.articles(numbers)
    return TrendInfo(
        term=burst.term,
        count=burst.count,
        burst=burst.burst,
        forecast=burst.forecast,
        forecast_error=burst.error,
        naive_error=burst.naive_error,
        articles=[articles[number] for number in numbers if number in articles],
    )
