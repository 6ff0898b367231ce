"""Distributions made one: sums, weights that learn, and what no mixing may cost."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.mixture import Blend, Mixture, Product, mixture, product

Floats = NDArray[np.float64]
Mixer = Mixture | Product | Blend
MIXERS: list[Callable[[tuple[float, ...]], Mixer]] = [Mixture, Product, Blend]


def _drawn(rows: int, seed: int, sharpness: float = 0.1) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.full(256, sharpness), rows)


@pytest.mark.parametrize("make", MIXERS)
def test_every_mix_sums_to_one_and_excludes_nothing(
    make: Callable[[tuple[float, ...]], Mixer],
) -> None:
    mixer = make((1.0, 2.0, 3.0))
    for at in range(200):
        chances = _drawn(3, at)
        chances[0] = np.eye(256)[at % 256]  # sure of itself, and often wrong
        mixed = mixer.next(chances)
        assert mixed.sum() == pytest.approx(1.0, abs=1e-6)
        assert mixed.min() > 0.0
        mixer.learn(chances, (at * 7) % 256)


@pytest.mark.parametrize(("make", "most"), list(zip(MIXERS, (0.01, 0.02, 0.01), strict=True)))
def test_a_member_that_knows_nothing_costs_next_to_nothing(
    make: Callable[[tuple[float, ...]], Mixer], most: float
) -> None:
    """Over 2,000 bytes, the mix is nearly as good as the member that knows."""
    mixer, chance = make((1.0, 1.0)), np.random.default_rng(3)
    best = bits = 0.0
    for at in range(2000):
        good = _drawn(1, at)[0]
        byte = int(chance.choice(256, p=good))
        chances = np.stack([good, np.full(256, 1 / 256)])
        bits -= math.log2(mixer.next(chances)[byte])
        best -= math.log2(good[byte])
        mixer.learn(chances, byte)
    assert (bits - best) / 2000 <= most


def test_the_mean_and_the_product_are_what_they_are_called() -> None:
    chances = _drawn(2, 1, sharpness=5.0)
    np.testing.assert_allclose(
        mixture(chances, np.array([0.25, 0.75])), 0.25 * chances[0] + 0.75 * chances[1]
    )
    expected = np.sqrt(chances[0] * chances[1])
    np.testing.assert_allclose(product(chances, np.array([0.5, 0.5])), expected / expected.sum())


def test_the_mean_follows_whoever_predicts_best_of_late() -> None:
    mixer = Mixture((1.0, 1.0))
    chances = np.full((2, 256), 0.5 / 255)
    chances[0, 65] = chances[1, 66] = 0.5
    for _ in range(50):
        mixer.learn(chances, 65)
    assert mixer.weights[0] > 0.99
    for _ in range(50):
        mixer.learn(chances, 66)
    assert mixer.weights[1] > 0.99
