"""Vector codes against exact float32 search."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_storage.codes.vectors import COARSE, VectorCodec, rotation

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


def test_codes_of_an_earlier_selfd_are_the_same_to_the_bit() -> None:
    """Until 1.0 a code had two bits a dimension, and files hold many."""
    codes = VectorCodec(64, seed=1).encode(np.eye(64, dtype=np.float32), 2)
    assert hashlib.sha256(codes.tobytes()).hexdigest()[:16] == "1f665b6c6f32a226"


@pytest.mark.parametrize(("bits", "least"), [(2, 0.88), (4, 0.985), (6, 0.998), (8, 0.999)])
def test_a_code_points_where_its_vector_points(bits: int, least: float) -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(500, seed=2)
    codes = codec.encode(rows, bits)
    assert codes.nbytes == len(rows) * D * bits // 8
    agreement = (codec.decode(codes) * codec.rotate(rows)).sum(axis=1)
    assert agreement.mean() >= least
    assert agreement.max() <= 1.0 + 1e-5


def test_the_first_planes_of_a_code_are_a_coarser_code() -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(50, seed=2)
    for bits in (1, 2, 4):
        assert np.array_equal(codec.encode(rows, 7)[:, :bits], codec.encode(rows, bits))


@pytest.mark.parametrize("bits", [2, 4, 7])
def test_a_cosine_by_codes_is_as_far_from_the_true_one_as_is_told(bits: int) -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(3_000, seed=4)
    off = codec.cosines(rows[0], codec.encode(rows[1:], bits)) - rows[1:] @ rows[0]
    assert abs(off.mean()) < codec.error(bits) / 4, "neither short of it nor beyond"
    assert 0.8 * codec.error(bits) < off.std() < 1.1 * codec.error(bits)


def test_two_bits_are_multiplied_as_the_numbers_that_they_stand_for() -> None:
    codec = VectorCodec(D, seed=1)
    codes = codec.encode(unit_rows(40, seed=9), COARSE)
    values = codec.decode(codes)
    products = values @ values[0]
    rough = codec._rough_scores(codes[0], codes[:, 0].T, codes[:, 1])
    assert np.allclose(rough / rough[0], products / products[0], atol=1e-4)  # sums of float32


def test_a_hundred_candidates_hold_the_ten_nearest() -> None:
    codec = VectorCodec(D, seed=1)
    rows, queries = np.split(unit_rows(20_050, seed=3), [20_000])
    codes = codec.encode(rows, 8)
    signs, rest = (np.ascontiguousarray(codes[:, plane]) for plane in range(COARSE))
    found = 0
    for query in queries:
        exact = set(np.argsort(-(rows @ query), kind="stable")[:10].tolist())
        nearest = codec.candidates(query, signs, rest)
        best = nearest[np.argsort(-codec.cosines(query, codes[nearest]), kind="stable")[:10]]
        found += len(exact & set(best.tolist()))
    assert found / (10 * len(queries)) >= 0.98


def test_a_vector_is_its_own_nearest_and_few_vectors_are_all_candidates() -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(30, seed=5)
    codes = codec.encode(rows, 4)
    signs, rest = codes[:, 0], codes[:, 1]
    for row, vector in enumerate(rows):
        nearest = codec.candidates(vector, signs, rest)
        assert sorted(nearest.tolist()) == list(range(30))
        assert nearest[np.argmax(codec.cosines(vector, codes[nearest]))] == row
    assert len(codec.candidates(rows[0], signs[:0], rest[:0])) == 0


@pytest.mark.parametrize("count", [300, 3_000])  # fewer and more than are kept by distance
def test_hidden_rows_are_never_candidates(count: int) -> None:
    codec = VectorCodec(D, seed=1)
    rows = unit_rows(count, seed=8)
    signs, rest = np.moveaxis(codec.encode(rows, COARSE), 1, 0)
    hidden = np.arange(count) % 3 != 0
    nearest = codec.candidates(rows[0], signs, rest, keep=40, hidden=hidden)
    assert nearest[0] == 0
    assert len(nearest) == 40
    assert not hidden[nearest].any()
    assert len(codec.candidates(rows[0], signs, rest, hidden=np.ones(count, np.bool_))) == 0


def test_equal_codes_come_in_row_order() -> None:
    codec = VectorCodec(D, seed=1)
    codes = np.repeat(codec.encode(unit_rows(1, seed=6), COARSE), 3_000, axis=0)
    nearest = codec.candidates(unit_rows(1, seed=7)[0], codes[:, 0], codes[:, 1], keep=5)
    assert nearest.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("dimensions", [100, 32])
def test_a_shape_that_cannot_be_coded_is_refused(dimensions: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        VectorCodec(dimensions, seed=1)


@pytest.mark.parametrize("bits", [0, 9])
def test_more_bits_than_there_are_levels_for_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="must be 1 to 8"):
        VectorCodec(D, seed=1).encode(unit_rows(1, seed=1), bits)
