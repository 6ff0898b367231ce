"""Several distributions over the next byte made one, and the weights learned as bytes come.

`Mixture` is the weighted mean; its weights are each member's share by Bayes' rule, so that over n
bytes it needs at most log2(members) bits more than the best of them. `Product` is the weighted
geometric mean, made to sum to 1 (a product of experts, logistic mixing as in Mahoney 2005); its
weights follow the gradient of the bits. Letters: K members.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 1e-9  # of any byte by any member: what nobody thought of still costs a finite number
SHARE = 2e-3  # of the weights spread anew with each byte, so that none dies (Herbster 1998)
RATE = 0.02  # of the product's weights; the figures of docs/lab/0009 were measured with it


def mixture(chances: Floats, weights: Floats) -> Floats:
    """Take the weighted mean.   Args: chances: (K, 256). weights: (K,).   Returns: (256,)."""
    mixed: Floats = weights @ floored(chances)
    mixed /= mixed.sum()
    return mixed


def product(chances: Floats, weights: Floats) -> Floats:
    """Take the weighted geometric mean.   Args, returns: as `mixture`."""
    scores: Floats = weights @ np.log(floored(chances))
    scores -= scores.max()
    np.exp(scores, out=scores)
    scores /= scores.sum()
    return scores


def floored(chances: Floats) -> Floats:
    """Give every byte a chance, and each row the sum 1."""
    raised: Floats = np.maximum(chances, FLOOR)
    raised /= raised.sum(axis=-1, keepdims=True)
    return raised


class Mixture:
    """A weighted mean whose weights follow who predicted best of late."""

    def __init__(self, weights: Sequence[float], *, share: float = SHARE) -> None:
        self._prior = np.array(weights, np.float64) / np.sum(weights)
        self.weights = self._prior.copy()
        self._share = share

    def next(self, chances: Floats) -> Floats:
        """Mix.   Args: chances: (K, 256).   Returns: (256,)."""
        return mixture(chances, self.weights)

    def learn(self, chances: Floats, byte: int) -> None:
        """Take in which byte came after `chances`."""
        self.weights *= floored(chances)[:, byte]
        self.weights /= self.weights.sum()
        self.weights += self._share * (self._prior - self.weights)


class Product:
    """A weighted geometric mean whose weights follow the gradient of the bits."""

    def __init__(self, weights: Sequence[float], *, rate: float = RATE) -> None:
        self.weights = np.array(weights, np.float64) / np.sum(weights)
        self._rate = rate

    def next(self, chances: Floats) -> Floats:
        """Multiply.   Args: chances: (K, 256).   Returns: (256,)."""
        return product(chances, self.weights)

    def learn(self, chances: Floats, byte: int) -> None:
        """Take in which byte came after `chances`."""
        scores = np.log(floored(chances))
        expected = scores @ product(chances, self.weights)
        step = np.clip(scores[:, byte] - expected, -10.0, 10.0)
        self.weights = np.clip(self.weights + self._rate * step, 0.0, 4.0)


class Blend:
    """A mixture of the mean and the product of the same members, and of the members themselves.

    It is nearly as good as the better of the two, whichever that is for a text.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._mean = Mixture(weights)
        self._product = Product(weights)
        self._both = Mixture((1.0, 1.0))

    def next(self, chances: Floats) -> Floats:
        """Blend.   Args: chances: (K, 256).   Returns: (256,)."""
        return self._both.next(self._two(chances))

    def learn(self, chances: Floats, byte: int) -> None:
        """Take in which byte came after `chances`."""
        self._both.learn(self._two(chances), byte)
        self._mean.learn(chances, byte)
        self._product.learn(chances, byte)

    def _two(self, chances: Floats) -> Floats:
        return np.stack([self._mean.next(chances), self._product.next(chances)])
