"""The probability that the quotes answer the question: a logistic model of what was gathered.

`calibration.py` fits the weights, on questions over Wikipedia of which a part has no answer in what
is stored; docs/lab/0002 has the record. What was told and what was read have weights of their own:
a memory is found by those beside it and quoted whole, a text by the sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from selfd_daemon.answering.evidence import Gathered

TOLD: Mapping[str, float] = {
    "coverage": 0.9992,
    "rival": -4.8072,
    "pairs": 0.2991,
    "kind": 0.7113,
    "margin": 4.6097,
    "support": 3.2829,
    "bias": -2.9421,
}
READ: Mapping[str, float] = {
    "coverage": 2.7705,
    "rival": 0.0,  # only those who talk can be rivals
    "pairs": 0.8182,
    "kind": 0.4897,
    "margin": 6.1953,
    "support": 2.0273,
    "bias": -4.3341,
}


def confidence(gathered: Gathered) -> float:
    """Return the probability; 0 where nothing was found."""
    if not gathered.evidence:
        return 0.0
    weights = TOLD if gathered.is_told else READ
    total = weights["bias"] + sum(
        weights[name] * value for name, value in gathered.features.items()
    )
    return 1.0 / (1.0 + math.exp(-total))
