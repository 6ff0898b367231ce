"""Products of several rows at once that give each row the bits that it has alone.

A library multiplies one row by another kernel than many, and rounds differently. Here a row always
stands among an even number of rows, at least two, and where this machine's library treats such
rows alike - tried once per shape - they share one product, so that the weights are fetched from
memory once. Elsewhere each row is multiplied by itself. Letters: R rows, I inputs, O outputs.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST = 12  # rows in one product; of many more, OpenBLAS repacks the weights first


@cache
def share(shapes: frozenset[tuple[int, int]]) -> bool:
    """Try whether rows come out the same in every company, for weights of some shapes (I, O)."""
    drawn = np.random.default_rng(0)
    return all(_alike(drawn, *shape) for shape in sorted(shapes))


def _alike(drawn: np.random.Generator, inputs: int, outputs: int) -> bool:
    weight = drawn.standard_normal((inputs, outputs), np.float32)
    rows = drawn.standard_normal((MOST, inputs), np.float32)
    pairs = np.concatenate([rows[at : at + 2] @ weight for at in range(0, MOST, 2)])
    swapped = [(rows[[at, 0]] @ weight)[0] for at in range(MOST)]
    joint = [(rows[:size] @ weight == pairs[:size]).all() for size in range(4, MOST + 1, 2)]
    return bool(all(joint) and (pairs == swapped).all())


def paired(x: Floats) -> Floats:
    """Repeat the last row where the number of rows is odd.   Args: x: (R, I)."""
    return np.concatenate((x, x[-1:])) if len(x) % 2 else x


def times(x: Floats, weight: Floats, shared: bool) -> Floats:
    """Multiply.   Args: x: (R, I), R even where `shared`. weight: (I, O).   Returns: (R, O)."""
    if not shared:
        alone: Floats = np.matmul(x[:, None], weight)[:, 0]
        return alone
    if len(x) <= MOST:
        return x @ weight
    return np.concatenate([x[at : at + MOST] @ weight for at in range(0, len(x), MOST)])


def normalise(x: Floats) -> Floats:
    """Scale each row to unit mean square.   Args: x: (R, I)."""
    mean: Floats = np.add.reduce(x * x, axis=1, keepdims=True)
    mean /= np.float32(x.shape[1])
    mean += np.float32(1e-6)
    np.sqrt(mean, out=mean)
    return np.divide(x, mean, dtype=np.float32)
