"""A quantiser whose first bits are a quantiser."""

from __future__ import annotations

import numpy as np
import pytest

from selfd_storage.codes.levels import distortion, edges, levels


@pytest.mark.parametrize("bits", range(1, 8))
def test_a_further_bit_cuts_every_cell_in_two(bits: int) -> None:
    finer = edges(bits + 1)
    assert np.array_equal(finer[1::2], edges(bits))
    assert (np.diff(finer) > 0).all()
    assert np.allclose(finer, -finer[::-1], atol=1e-9)  # rounds of a fixed-point iteration


@pytest.mark.parametrize(("bits", "published"), [(1, [0.7980]), (2, [0.4528, 1.510])])
def test_the_coarsest_levels_are_those_that_max_published_for_a_normal(
    bits: int, published: list[float]
) -> None:
    """Max 1960, table 1."""
    assert np.allclose(levels(bits)[len(published) :], published, atol=5e-4)  # four digits


def test_what_is_lost_is_little_more_than_the_best_quantisers_lose() -> None:
    best = {1: 0.3634, 2: 0.1175, 3: 0.03454, 4: 0.009497}  # Max 1960, table 1
    for bits, least in best.items():
        assert least * 0.999 <= distortion(bits) <= least * 1.04


def test_what_is_lost_is_what_is_said_to_be() -> None:
    values = np.random.default_rng(7).normal(size=200_000)
    for bits in (1, 2, 4, 7):
        told = levels(bits)[np.searchsorted(edges(bits), values)]
        lost = float(np.mean((values - told) ** 2))
        assert lost == pytest.approx(distortion(bits), rel=0.05)  # few values are in the last cell
