"""How a question finds the codes of an embedder that is gone: through the one that came after it.

Both have embedded some documents by then, which says how the vectors of one lie beside those of the
other: a linear map, fitted by ridge regression. So a former embedder's weights need not be kept for
its codes to be of use until they are replaced. docs/lab/0010 has the figures.
"""

from __future__ import annotations

import numpy as np

from selfd_storage.codes.vectors import Floats

LEAST_PAIRS = 500  # documents that both have embedded, before a map says anything
MOST_PAIRS = 16_000  # more of them gain nothing
RIDGE = 0.01  # of the mean variance of a dimension; .03 and .003 do worse, by less than .01


def fit(present: Floats, former: Floats) -> Floats:
    """Return the map (D, E) from vectors of one embedder (N, D) to those of another (N, E)."""
    covariance = (present.T @ present).astype(np.float64)  # (D, D)
    size = len(covariance)
    covariance += np.eye(size) * RIDGE * np.trace(covariance) / size
    learned: Floats = np.linalg.solve(covariance, present.T @ former).astype(np.float32)
    return learned


def carried(vector: Floats, learned: Floats) -> Floats:
    """Return where a unit vector (D,) lies among those of the other embedder, (E,), as a unit."""
    found = vector @ learned
    unit: Floats = found / max(float(np.linalg.norm(found)), 1e-9)
    return unit
