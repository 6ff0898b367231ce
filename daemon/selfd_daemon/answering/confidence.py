"""The probability that the best sentence answers the question: a logistic model of its features.

`calibration.py` fits the weights, on questions over Wikipedia of which a part has no answer in what
is stored; docs/lab has the record. It is asked for the best sentence alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

WEIGHTS: Mapping[str, float] = {
    "coverage": 3.4251,
    "context": -0.1673,
    "rarest": -0.0955,
    "pairs": 0.9622,
    "kind": 1.4559,
    "margin": 5.1425,
    "retrieval": 0.4559,
}
BIAS = -5.5089


def confidence(features: Mapping[str, float]) -> float:
    """Return the probability, in (0, 1)."""
    return 1.0 / (1.0 + math.exp(-BIAS - sum(WEIGHTS[name] * features[name] for name in WEIGHTS)))
