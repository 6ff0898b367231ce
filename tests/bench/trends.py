"""Trends: what forecasts of terms are off by, against "as many as in the last window".

The streams are made, with a seed: no data set that may be used here has dated articles of many
weeks from many sources. Articles come by the hour and the weekday, terms have shares of their own,
and some burst and fade; counts are Poisson.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.row import Row
from selfd_daemon.knowledge.forecast import forecast

SEED, TERMS, WEEKS, PER_HOUR = 7, 200, 8, 30
BURSTS = 3  # of a term, on average


def rows(data: Path | None) -> list[Row]:
    """Back-test windows of several lengths."""
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
    volume = chance.poisson(PER_HOUR * rhythm).astype(np.float64)
    found = []
    for length in (6, 12, 24, 48):
        tested = forecast(counts, volume, hours=length)
        note = f"mean absolute error, {TERMS} made streams, {tested.windows} windows"
        naive = float(tested.naive_error.mean())
        error = float(tested.error.mean())
        found += [
            Row(f"forecast of {length} h", error, "articles", naive, "lower", note),
            Row(f"last {length} h again", naive, "articles", None, "lower", "the naive forecast"),
        ]
    return found
