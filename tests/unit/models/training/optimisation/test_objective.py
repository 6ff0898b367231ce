"""The loss, the optimiser and the schedule, each against what it is defined to be."""

import numpy as np
import pytest

from selfd_models.config import TINY
from selfd_models.layout import Layout, lay_out
from selfd_models.network.spiking import SLOPE, fire
from selfd_models.ops import ArrayOps
from selfd_models.parameters import initialise
from selfd_models.patcher import Bytes, Patcher
from selfd_models.training.evaluation.held_out import HeldOut, bits_per_byte
from selfd_models.training.optimisation.objective import nats_of
from selfd_models.training.optimisation.optimiser import orthogonal
from selfd_models.training.optimisation.rounding import nearest
from selfd_models.training.optimisation.schedule import WARM_UP, Cooling, heat
from selfd_models.training.trainer import draft_targets
from support.hybrid import ops_or_skip


def test_nats_are_minus_the_log_softmax_and_padding_counts_nothing(ops: ArrayOps) -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0.0, 20.0, (2, 3, 256)).astype(np.float32)
    targets = np.array([[0, 255, -1], [7, -1, 8]], np.int32)
    nats, _, real = (
        ops.numpy(part) for part in nats_of(ops.array(scores), ops.array(targets), ops=ops)
    )
    exact = scores.astype(np.float64)
    normal = exact - np.log(np.exp(exact).sum(axis=-1, keepdims=True))
    for at in np.ndindex(2, 3):
        wanted = -normal[(*at, targets[at])] if targets[at] >= 0 else 0.0
        assert nats[at] == pytest.approx(wanted, abs=1e-4)
        assert real[at] == (targets[at] >= 0)


def test_drafts_learn_the_bytes_after_the_next_one(patcher: Patcher, text: Bytes) -> None:
    layout = lay_out([text[:100], text[300:360]], patcher, TINY)
    rows, after = draft_targets(layout, TINY, np.random.default_rng(0))
    for row, told in zip(rows, after, strict=True):
        data = (text[:100], text[300:360])[row // 100]
        wanted = list(data[row % 100 + 1 : row % 100 + 9])
        if row % 100 < len(data):
            assert told.tolist() == wanted + [-1] * (8 - len(wanted))


def test_an_untrained_model_scores_exactly_eight_bits(patcher: Patcher, text: Bytes) -> None:
    ops = ops_or_skip("numpy")
    held_out = HeldOut({"some": [text[:3000]]})
    bits = bits_per_byte(initialise(TINY, 0), held_out, patcher, TINY, 1, ops)
    assert bits == pytest.approx({"some": 8.0, "mean": 8.0}, abs=1e-6)


def test_held_out_pieces_are_counted_from_the_text_alone(patcher: Patcher) -> None:
    layout = lay_out([np.zeros(8192, np.uint8)], patcher, TINY, rows=8192, patches=2048)
    assert (layout.targets >= 0).sum() == 8192
    assert isinstance(layout, Layout)


@pytest.mark.parametrize("shape", [(40, 16), (16, 40), (3, 24, 24)])
def test_muon_brings_singular_values_near_one(ops: ArrayOps, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    values = np.linalg.svd(ops.numpy(orthogonal(ops.array(x), ops=ops)), compute_uv=False)
    assert values.min() > 0.4
    assert values.max() < 1.3


def test_a_spike_passes_the_gradient_of_a_fast_sigmoid(learning_ops: ArrayOps) -> None:
    ops = learning_ops
    above = np.array([-0.5, -0.01, 0.02, 1.0], np.float32)
    graded = ops.value_and_grad(lambda x: (ops.sum(fire(x, ops=ops), axis=0), {}))
    (total, _), gradient = graded(ops.array(above))
    assert float(ops.numpy(total)) == pytest.approx(2.0, abs=1e-6)
    assert ops.numpy(gradient) == pytest.approx((1.0 + SLOPE * np.abs(above)) ** -2, rel=1e-5)


def test_heat_warms_up_stays_and_cools_to_nothing() -> None:
    assert heat(1, None) == pytest.approx(1.0 / WARM_UP)
    assert heat(WARM_UP, None) == heat(10 * WARM_UP, None) == 1.0
    cooling = Cooling(start=1000, steps=100)
    assert heat(1050, cooling) == pytest.approx(0.5)
    assert heat(1100, cooling) == 0.0


@pytest.mark.parametrize("shape", [(64, 5), (3, 32, 7)])
def test_rounded_weights_are_sixteen_evenly_spaced_values_a_group(
    ops: ArrayOps, shape: tuple[int, ...]
) -> None:
    weight = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    told = ops.numpy(nearest(ops.array(weight), ops=ops))
    step = np.ptp(weight.reshape(-1, 32, shape[-1]), axis=1).max() / 15
    assert np.abs(told - weight).max() <= 1.1 * step
    assert np.abs(told - weight).max() > 0.0
    for column in told.reshape(-1, 32, shape[-1]).transpose(0, 2, 1).reshape(-1, 32):
        assert len(np.unique(column.round(5))) <= 16


@pytest.mark.mlx
def test_rounding_is_what_mlx_stores() -> None:
    mlx = ops_or_skip("mlx")
    core = pytest.importorskip("mlx.core")
    weight = np.random.default_rng(4).normal(size=(64, 6)).astype(np.float32)
    packed = core.quantize(core.array(weight.T), group_size=32, bits=4)
    stored = np.array(core.dequantize(*packed, group_size=32, bits=4)).T
    assert mlx.numpy(nearest(mlx.array(weight), ops=mlx)) == pytest.approx(stored, abs=1e-5)
