"""Expected counts of terms: their usual share of what is published, and what lasts of a burst.

A window is some hours long. What is expected in it is the term's share of all articles before it,
times how much is published: in a window that is over, as it was; in the next one, as is usual at
these hours of these weekdays. The forecast adds a part of the present excess; how large a part is
learnt from the windows before, so that no forecast is judged by data that it was made with.

Letters: T terms, H hours, K windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK = 168  # hours
MOST_WINDOWS = 56
HALF_LIFE = 24 * 14.0  # hours, after which a term's past counts half
LEAST = 0.5  # articles with a term are always expected, so that a new one does not burst at once
LASTING = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])  # parts of an excess that may last
FIRST_GUESS = 2  # the place in LASTING before anything is learnt


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of each term: its count now, what was expected, and what is expected next.

    `error` and `naive_error` are mean absolute errors over the `windows` past ones, of this
    forecast and of "as many as in the last window".
    """

    count: Floats
    expected: Floats
    following: Floats
    error: Floats
    naive_error: Floats
    windows: int


def forecast(counts: Floats, volume: Floats, *, hours: int) -> Forecast:
    """Look at the last window of each term and forecast the next one.

    Args: counts: (T, H). volume: (H,), of all articles; the first hour is an hour of the week.
    """
    first = int(np.argmax(volume > 0)) if volume.any() else len(volume) - hours
    windows = max(1, min(MOST_WINDOWS, (len(volume) - first) // hours))
    ends = [len(volume) - hours * back for back in range(windows)][::-1]
    observed = np.stack([counts[:, end - hours : end].sum(1) for end in ends], 1)  # (T, K)
    told = np.array([volume[end - hours : end].sum() for end in ends])  # (K,)
    shares = np.stack([_share(counts, volume, end - hours) for end in ends], 1)  # (T, K)
    expected = np.maximum(shares * told, LEAST)  # (T, K)
    usual = np.array([_usual(volume, end, hours) for end in ends])  # (K,)
    after = np.stack([_share(counts, volume, end) for end in ends], 1) * usual  # (T, K)
    excess = (observed - expected) * usual / np.maximum(told, 1.0)  # (T, K)
    options = np.maximum(after + LASTING[:, None, None] * excess, 0.0)  # (options, T, K)
    errors = np.abs(options[:, :, :-1] - observed[:, 1:])  # (options, T, K - 1)
    chosen = _learnt(errors.sum(1))  # (K,)
    tested = [errors[choice, :, k] for k, choice in enumerate(chosen[:-1])]
    naive = np.abs(observed[:, :-1] - observed[:, 1:])
    return Forecast(
        observed[:, -1],
        expected[:, -1],
        options[chosen[-1], :, -1],
        _mean(np.array(tested).reshape(windows - 1, len(counts))),
        _mean(naive.T),
        windows - 1,
    )


def _share(counts: Floats, volume: Floats, end: int) -> Floats:
    """Return the usual share of each term in all articles before an hour: (T,)."""
    weights = 0.5 ** (np.arange(end, 0, -1) / HALF_LIFE)  # (end,)
    share: Floats = (counts[:, :end] @ weights) / max(float(volume[:end] @ weights), 1.0)
    return share


def _usual(volume: Floats, end: int, hours: int) -> float:
    """Return how many articles are usual in the window that begins at an hour."""
    past = volume[:end]
    recent = float(past[-WEEK:].mean()) if end else 0.0
    if end < WEEK:
        return recent * hours
    of_hour = np.arange(end) % WEEK
    sums = np.bincount(of_hour, past, WEEK)
    times = np.bincount(of_hour, minlength=WEEK)
    profile = (sums + past.mean()) / (times + 1.0)  # shrunk to the mean by one more week
    level = recent / max(float(past.mean()), 1e-9)
    return float(profile[(end + np.arange(hours)) % WEEK].sum() * min(level, 4.0))


def _learnt(errors: Floats) -> Sequence[int]:
    """Return for each window the option that did best before it, given errors (options, K - 1)."""
    chosen = [FIRST_GUESS]
    so_far = np.zeros(len(errors))
    for k in range(errors.shape[1]):
        so_far = so_far + errors[:, k]
        chosen.append(int(np.argmin(so_far)))
    return chosen


def _mean(errors: Floats) -> Floats:
    """Return the mean over windows, given errors (K - 1, T); nan where there are none."""
    return errors.mean(0) if len(errors) else np.full(errors.shape[1], np.nan)
