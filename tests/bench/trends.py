"""Trends: what forecasts of terms are off by, against "as many as in the last window".

The real stream is that of `multihop_news`: 247 articles of 90 days from 31 sources, and the terms
that at least three of them have, as a trend needs three sources. It is thin, so a second stream is
made, with a seed: articles come by the hour and the weekday, terms have shares of their own, and
some burst and fade; counts are Poisson.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np

from bench.multihop_news import news
from bench.row import Row
from selfd_daemon.knowledge.forecast import Floats, forecast
from selfd_daemon.knowledge.terms import trend_terms
from selfd_daemon.knowledge.trends import FEWEST_SOURCES

SEED, TERMS, WEEKS, PER_HOUR = 7, 200, 8, 30
BURSTS = 3  # of a term, on average
HOUR = timedelta(hours=1)


def rows(data: Path | None) -> list[Row]:
    """Back-test windows of several lengths, on real articles where they are there."""
    found = []
    if data is not None:
        counts, volume = _real(data / "multihop")
        for length in (24, 48, 72, 168):
            found += _tested(counts, volume, length, f"{int(volume.sum())} real articles")
    counts, volume = _made()
    for length in (6, 12, 24, 48):
        found += _tested(counts, volume, length, "a made stream")
    return found


def _tested(counts: Floats, volume: Floats, length: int, stream: str) -> list[Row]:
    tested = forecast(counts, volume, hours=length)
    note = f"mean absolute error, {stream}, {len(counts)} terms, {tested.windows} windows"
    naive, error = float(tested.naive_error.mean()), float(tested.error.mean())
    return [
        Row(f"forecast of {length} h, {stream}", error, "articles", naive, "lower", note),
        Row(f"last {length} h again, {stream}", naive, "articles", None, "lower", "the naive one"),
    ]


def _real(folder: Path) -> tuple[Floats, Floats]:
    """Count the terms of the real articles hour by hour."""
    articles = news(folder)
    start = articles[0].at.replace(hour=0, minute=0, second=0)
    hours = ((articles[-1].at - start) // HOUR // 24 + 1) * 24
    told = [(each, set(trend_terms(each.title, each.text))) for each in articles]
    often = Counter(term for _, terms in told for term in terms)
    place = {
        term: row
        for row, term in enumerate(t for t, count in often.items() if count >= FEWEST_SOURCES)
    }
    counts, volume = np.zeros((len(place), hours)), np.zeros(hours)
    for each, terms in told:
        hour = (each.at - start) // HOUR
        volume[hour] += 1
        for term in terms & place.keys():
            counts[place[term], hour] += 1
    return counts, volume


def _made() -> tuple[Floats, Floats]:
    chance = np.random.default_rng(SEED)
    hours = np.arange(WEEKS * 168)
    rhythm = (1 + 0.8 * np.sin((hours % 24 - 8) / 24 * 2 * np.pi)) * np.where(
        hours // 24 % 7 >= 5, 0.5, 1.0
    )
    rates = np.exp(chance.normal(-4.5, 1.0, TERMS))[:, None] * PER_HOUR * rhythm
    for term in range(TERMS):
        for _ in range(chance.poisson(BURSTS)):
            since = hours - chance.integers(len(hours))
            shape = np.exp(-np.maximum(since, 0) / chance.uniform(10, 40)) * (since >= 0)
            rates[term] += chance.uniform(0.5, 3.0) * shape * rhythm
    counts = chance.poisson(rates).astype(np.float64)
    return counts, chance.poisson(PER_HOUR * rhythm).astype(np.float64)
