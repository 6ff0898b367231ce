"""Recurrent paths: chunks equal loops, loops equal single steps, on every backend."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.config import TINY
from selfd_models.network import attention as att
from selfd_models.network import liquid, spiking, state_space
from selfd_models.network.layers import View, causal_conv
from selfd_models.ops import ArrayOps

Floats = NDArray[np.float32]
Tree = Mapping[str, Floats]
LENGTHS = [1, 2, 33, 512]
TOLERANCE = 2e-5  # sums of up to 512 float32 terms in another order


def _input(ops: ArrayOps, patches: int) -> Any:
    rng = np.random.default_rng(patches)
    return ops.array(rng.normal(0.0, 1.0, (2, patches, TINY.latent_width)).astype(np.float32))


def _view(ops: ArrayOps, parameters: Tree, prefix: str) -> View:
    return View({name: ops.array(value) for name, value in parameters.items()}, prefix)


def _lengths(ops: ArrayOps, patches: int) -> Any:
    return ops.array(np.random.default_rng(9).integers(1, 17, (2, patches)).astype(np.int32))


def _close(ops: ArrayOps, one: Any, other: Any) -> None:
    assert np.abs(ops.numpy(one) - ops.numpy(other)).max() < TOLERANCE


@pytest.mark.parametrize("patches", LENGTHS)
def test_state_space_chunks_equal_the_loop(ops: ArrayOps, parameters: Tree, patches: int) -> None:
    view = _view(ops, parameters, "latent.0.mixer.state")

    def both(x: Any) -> tuple[Any, Any]:
        _, drive, _ = state_space.project(x, view, TINY, ops=ops)
        return state_space.chunked(drive, ops=ops), state_space.looped(drive, ops=ops)

    chunked, looped = ops.compile(both)(_input(ops, patches))
    assert chunked.shape == (2, patches, TINY.state_heads, TINY.state_head)
    _close(ops, chunked, looped)


@pytest.mark.parametrize("patches", LENGTHS)
def test_liquid_chunks_equal_the_loop(ops: ArrayOps, parameters: Tree, patches: int) -> None:
    view = _view(ops, parameters, "latent.0.mixer.liquid")

    def both(x: Any) -> tuple[Any, Any]:
        drive = liquid.drive(x, _lengths(ops, patches), view, ops=ops)
        return liquid.chunked(*drive, ops=ops), liquid.looped(*drive, ops=ops)

    chunked, looped = ops.compile(both)(_input(ops, patches))
    assert chunked.shape == (2, patches, TINY.liquid)
    _close(ops, chunked, looped)


@pytest.mark.parametrize("patches", [1, 2, 21])
def test_spiking_equals_single_steps(ops: ArrayOps, parameters: Tree, patches: int) -> None:
    x = _input(ops, patches)
    view = _view(ops, parameters, "latent.0.mixer.spike")
    told, spikes = ops.compile(lambda x: spiking.spiking(x, view, ops=ops))(x)
    silent = ops.zeros((2, TINY.spiking))
    state = spiking.SpikeState(silent, silent)
    leak = ops.sigmoid(view["leak"])
    for at in range(patches):
        state = spiking.step(state, x[:, at] @ view["in"], leak, view["threshold"], ops=ops)
        assert (ops.numpy(state.fired) == ops.numpy(spikes[:, at])).all()
        _close(ops, told[:, at], state.fired @ view["out"])


def test_spikes_are_zero_or_one_and_both_occur(ops: ArrayOps, parameters: Tree) -> None:
    view = _view(ops, parameters, "latent.0.mixer.spike")
    _, spikes = ops.compile(lambda x: spiking.spiking(x, view, ops=ops))(_input(ops, 200) * 2.0)
    assert set(np.unique(ops.numpy(spikes))) == {0.0, 1.0}


def test_elapsed_time_changes_what_the_liquid_path_keeps(ops: ArrayOps, parameters: Tree) -> None:
    view = _view(ops, parameters, "latent.0.mixer.liquid")
    x = _input(ops, 5)
    short, _ = liquid.drive(x, ops.array(np.full((2, 5), 2, np.int32)), view, ops=ops)
    long, _ = liquid.drive(x, ops.array(np.full((2, 5), 8, np.int32)), view, ops=ops)
    kept, kept_long = ops.numpy(short), ops.numpy(long)
    assert (kept_long < kept).all()
    assert np.abs(kept_long - kept**4).max() < 1e-5  # four times as long: the fourth power


@pytest.mark.parametrize("patches", [1, 2, 17, 50])
def test_windowed_attention_equals_the_full_matrix(
    ops: ArrayOps, parameters: Tree, patches: int
) -> None:
    view = _view(ops, parameters, "latent.1.mixer")
    x = _input(ops, patches)

    def both(x: Any) -> tuple[Any, Any]:
        projected = att.project(x, ops.arange(patches), view, TINY, ops=ops)
        return att.attention(x, view, TINY, ops=ops), projected

    told, projected = ops.compile(both)(x)
    told = ops.numpy(told)
    query, key, value = (np.asarray(ops.numpy(part)) for part in projected)
    shared = TINY.heads // TINY.kv_heads
    key, value = np.repeat(key, shared, axis=2), np.repeat(value, shared, axis=2)
    scores = np.einsum("bihd,bjhd->bhij", query, key)
    ago = np.arange(patches)[:, None] - np.arange(patches)[None, :]
    scores = np.where((ago >= 0) & (ago < TINY.window), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    read = np.einsum("bhij,bjhd->bihd", weights, value).reshape(2, patches, -1)
    assert np.abs(told - read @ ops.numpy(view["out"])).max() < TOLERANCE


def test_a_causal_convolution_reads_its_taps_backwards(ops: ArrayOps) -> None:
    x = ops.array(np.arange(1, 6, dtype=np.float32).reshape(1, 5, 1))
    kernel = ops.array(np.array([[1.0], [0.1], [0.0], [0.01]], np.float32))
    mixed = ops.numpy(causal_conv(x, kernel, ops=ops))[0, :, 0]
    assert mixed == pytest.approx([1.0, 2.1, 3.2, 4.31, 5.42], abs=1e-5)
