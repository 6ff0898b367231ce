"""Vector codes against exact float32 search."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_storage.codes.vectors import VectorCodec, gaussian_levels, rotation

D = 256


def unit_rows(count: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors in clusters, with far more variance in some dimensions than in others."""
    rng = np.random.default_rng(seed)
    scale = np.linspace(2.0, 0.2, D)
    centres = rng.normal(size=(200, D)) * scale
    rows = centres[rng.integers(0, len(centres), count)] + 0.4 * rng.normal(size=(count, D)) * scale
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
        np.float32
    )
    return unit


def test_a_rotation_keeps_angles_and_is_the_same_for_the_same_seed() -> None:
    turned = rotation(D, seed=7)
    assert np.allclose(turned @ turned.T, np.eye(D), atol=1e-5)  # float32 sums of 256 terms
    assert np.array_equal(turned, rotation(D, seed=7))
    assert not np.array_equal(turned, rotation(D, seed=8))


def test_a_rotation_is_the_same_to_the_bit_everywhere() -> None:
    digest = hashlib.sha256(rotation(64, seed=1).tobytes()).hexdigest()
    assert digest[:16] == "0f3ffa72ed2ef0a1"


def test_levels_are_those_that_max_published_for_a_normal() -> None:
    published = [0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733]  # Max 1960, 16 levels
    assert np.allclose(gaussian_levels(8), published, atol=2e-3)  # they print four digits


@pytest.mark.parametrize(("bits", "least"), [(2, 0.88), (4, 0.985), (6, 0.998), (8, 0.999)])
def test_a_code_points_where_its_vector_points(bits: int, least: float) -> None:
    codec = VectorCodec(D, seed=1, bits=bits)
    rows = unit_rows(500, seed=2)
    codes = codec.encode(rows)
    assert codes.nbytes == len(rows) * codec.code_bytes
    agreement = (codec.decode(codes) * codec.rotate(rows)).sum(axis=1)
    assert agreement.mean() >= least
    assert agreement.max() <= 1.0 + 1e-5


def test_a_hundred_candidates_hold_the_ten_nearest() -> None:
    codec = VectorCodec(D, seed=1, bits=8)
    rows, queries = np.split(unit_rows(20_050, seed=3), [20_000])
    codes = codec.encode(rows)
    signs = np.ascontiguousarray(codes[:, 0])
    found = 0
    for query in queries:
        exact = set(np.argsort(-(rows @ query), kind="stable")[:10].tolist())
        nearest = codec.candidates(query, signs)
        best = nearest[np.argsort(-codec.cosines(query, codes[nearest]), kind="stable")[:10]]
        found += len(exact & set(best.tolist()))
    assert found / (10 * len(queries)) >= 0.98


def test_a_vector_is_its_own_nearest_and_few_vectors_are_all_candidates() -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(30, seed=5)
    codes = codec.encode(rows)
    for row, vector in enumerate(rows):
        nearest = codec.candidates(vector, codes[:, 0])
        assert sorted(nearest.tolist()) == list(range(30))
        assert nearest[np.argmax(codec.cosines(vector, codes[nearest]))] == row
    assert len(codec.candidates(rows[0], codes[:0, 0])) == 0


@pytest.mark.parametrize("count", [300, 3_000])  # fewer and more than are kept by distance
def test_hidden_rows_are_never_candidates(count: int) -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(count, seed=8)
    signs = codec.encode(rows)[:, 0]
    hidden = np.arange(count) % 3 != 0
    nearest = codec.candidates(rows[0], signs, keep=40, hidden=hidden)
    assert nearest[0] == 0
    assert len(nearest) == 40
    assert not hidden[nearest].any()
    assert len(codec.candidates(rows[0], signs, hidden=np.ones(count, np.bool_))) == 0


def test_equal_codes_come_in_row_order() -> None:
    codec = VectorCodec(D, seed=1)
    signs = np.repeat(codec.encode(unit_rows(1, seed=6)), 3_000, axis=0)[:, 0]
    assert codec.candidates(unit_rows(1, seed=7)[0], signs, keep=5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("dimensions", "bits"), [(100, 4), (32, 4), (256, 1), (256, 9)])
def test_a_shape_that_cannot_be_coded_is_refused(dimensions: int, bits: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        VectorCodec(dimensions, seed=1, bits=bits)
