"""The probability that an answer is right: a logistic model of the signals that came with it.

What was told, what was read and what a mind wrote have weights of their own: a memory is found by
those beside it and quoted whole, a text by the sentence. So a signal's name says whose it is, as in
`told.coverage`, and a model is one weight for each name.

`calibration/fitting.py` fits the shipped weights, on questions over Wikipedia of which a part has
no answer in what is stored; docs/lab/0002 has the record. `refit` moves them to what became of the
answers here, no further than these speak for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from selfd_daemon.answering.retrieval.evidence import Gathered

Weights = Mapping[str, float]

SHIPPED: Weights = {
    "told.coverage": 0.5882,
    "told.astray": -1.2327,
    "told.rival": -2.3068,
    "told.pairs": 0.4506,
    "told.kind": 0.6342,
    "told.margin": 4.7241,
    "told.support": 2.7654,
    "told.bias": -2.6754,
    "read.coverage": 2.2093,
    "read.pairs": 1.0348,
    "read.kind": 1.0971,
    "read.margin": 6.0410,
    "read.support": 1.8403,
    "read.bias": -4.3946,
    # Of answers that cover half of the topic 0 of 29 were right, of those that cover all of it 246
    # of 250 (tests/bench/news.py): the line through the logits of both, by the rule of succession.
    "news.covered": 14.6,
    "news.bias": -10.7,
    # What a mind wrote starts as the quotes' own probability, less what it wrote unbacked; what it
    # wrote of itself starts as even. No mind that writes ships, so `refit` learns the rest here.
    "made.retrieval": 10.0,
    "made.kept": 2.0,
    "made.support": 0.0,
    "made.agreement": 0.0,
    "made.bias": -7.0,
    "free.bias": 0.0,
    "sum.bias": 4.6,  # .99: the rule of succession, after 100 sums that were all right
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The signals of an answer that was given, and whether it turned out right, in [0, 1]."""

    signals: Mapping[str, float]
    right: float


def signals_of(gathered: Gathered) -> dict[str, float]:
    """Name the figures of what was gathered; nothing where nothing was found."""
    if not gathered.evidence:
        return {}
    kind = "told" if gathered.is_told else "read"
    return {f"{kind}.{name}": value for name, value in gathered.features.items()} | {
        f"{kind}.bias": 1.0
    }


def confidence(signals: Mapping[str, float], weights: Weights = SHIPPED) -> float:
    """Return the probability; 0 where there are no signals."""
    if not signals:
        return 0.0
    total = sum(weights.get(name, 0.0) * value for name, value in signals.items())
    return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, total))))
