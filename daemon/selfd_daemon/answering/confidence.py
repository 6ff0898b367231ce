"""The probability that the best sentence answers the question: a logistic model of its features.

`calibration.py` fits the weights, on questions over Wikipedia of which a part has no answer in what
is stored; docs/lab has the record. It is asked for the best sentence alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

WEIGHTS: Mapping[str, float] = {
    "coverage": 2.5617,
    "context": 0.0789,
    "rarest": -0.0243,
    "pairs": 0.949,
    "kind": 1.2516,
    "margin": 5.0661,
    "retrieval": 3.0268,
}
BIAS = -7.3618


def confidence(features: Mapping[str, float]) -> float:
    """Return the probability, in (0, 1)."""
    return 1.0 / (1.0 + math.exp(-BIAS - sum(WEIGHTS[name] * features[name] for name in WEIGHTS)))
