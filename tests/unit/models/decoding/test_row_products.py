"""A row has the bits that it has alone, in whatever company it is multiplied."""

import numpy as np
import pytest

from selfd_models.decoding.row_products import MOST, normalise, paired, share, times

SHAPES = ((48, 48), (192, 384), (384, 192))


def _drawn(inputs: int, outputs: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(1)
    x = drawn.standard_normal((rows, inputs), np.float32)
    return x, drawn.standard_normal((inputs, outputs), np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("joint", [True, False])
def test_rows_are_the_same_in_every_company(shape: tuple[int, int], joint: bool) -> None:
    if joint and not share(frozenset({shape})):
        pytest.skip("this machine's library rounds rows differently: they are multiplied alone")
    x, weight = _drawn(*shape, rows=2 * MOST + 7)
    whole = times(paired(x), weight, joint)[: len(x)]
    for at in range(len(x)):
        alone = times(paired(x[at : at + 1]), weight, joint)[0]
        assert (alone == whole[at]).all()
    np.testing.assert_allclose(whole, x.astype(np.float64) @ weight, atol=1e-3)


def test_one_answer_is_given_for_all_shapes_of_a_model() -> None:
    assert share(frozenset(SHAPES)) == all(share(frozenset({shape})) for shape in SHAPES)


def test_normalised_rows_have_a_mean_square_of_one() -> None:
    x, _ = _drawn(48, 1, rows=5)
    together = normalise(x * np.float32(40.0))
    np.testing.assert_allclose((together**2).mean(axis=1), 1.0, rtol=1e-5)
    assert (normalise(x[2:3] * np.float32(40.0)) == together[2]).all()
