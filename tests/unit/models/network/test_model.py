"""The whole model: one answer on every backend, and nothing known before it is read."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.config import RECALL_ROWS, START, TINY
from selfd_models.layout import Layout, lay_out
from selfd_models.network.experts import dense, grouped, route
from selfd_models.network.layers import View
from selfd_models.network.model import draft, forward, logits
from selfd_models.ops import ArrayOps
from selfd_models.patcher import Bytes, Patcher
from support.hybrid import ops_or_skip

Tree = Mapping[str, NDArray[np.float32]]


def _run(
    ops: ArrayOps, parameters: Tree, layout: Layout, passes: int = 2
) -> tuple[int, NDArray[np.float32], NDArray[np.float32]]:
    """Give how many traces there are, and every row's logits and drafts."""

    def run(tree: Any, placed: Layout) -> Any:
        outputs = forward(tree, placed, TINY, ops=ops, passes=passes)
        flat = (-1, TINY.byte_width)
        decoded, context = outputs.decoded.reshape(flat), outputs.context.reshape(flat)
        return (
            outputs.traces,
            logits(tree, outputs.decoded),
            draft(tree, decoded, context, TINY, ops=ops),
        )

    tree = {name: ops.array(value) for name, value in parameters.items()}
    traces, scores, drafts = ops.compile(run)(tree, Layout(*map(ops.array, layout)))
    return len(traces), ops.numpy(scores), ops.numpy(drafts)


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("other", ["jax", pytest.param("mlx", marks=pytest.mark.mlx)])
def test_backends_agree_with_numpy(
    other: Any, passes: int, parameters: Tree, patcher: Patcher, text: Bytes
) -> None:
    layout = lay_out([text[:700], text[900:1300]], patcher, TINY)
    traces, scores, drafts = _run(ops_or_skip("numpy"), parameters, layout, passes)
    _, told, drafted = _run(ops_or_skip(other), parameters, layout, passes)
    assert scores.dtype == np.float32
    assert np.abs(scores).max() > 0.5
    assert np.abs(scores - told).max() < 1e-3
    assert np.abs(drafts - drafted).max() < 1e-3
    assert (scores.argmax(-1) == told.argmax(-1)).mean() >= 0.999
    assert traces == (2 if passes == 1 else 3)


@pytest.mark.parametrize("at", [1, 2, 3, 7, 8, 15, 16, 40, 41, 42, 43, 44, 45, 46, 47, 300, 498])
def test_a_later_byte_changes_no_earlier_score(
    at: int, parameters: Tree, patcher: Patcher, text: Bytes
) -> None:
    """Row t predicts byte t: changing bytes from `at` on may only show from row at + 1."""
    ops = ops_or_skip("numpy")
    before = text[:500].copy()
    after = before.copy()
    after[at:] = np.random.default_rng(at).integers(0, 256, 500 - at)
    told = []
    for data in (before, after):
        layout = lay_out([data], patcher, TINY, rows=512, patches=256)
        told.append(_run(ops, parameters, layout))
    (_, scores, drafts), (_, other_scores, other_drafts) = told
    assert np.abs(scores[0, : at + 1] - other_scores[0, : at + 1]).max() < 1e-6
    assert np.abs(drafts[: at + 1] - other_drafts[: at + 1]).max() < 1e-6
    assert np.abs(scores[0, at + 1] - other_scores[0, at + 1]).max() > 1e-3


def test_texts_in_a_batch_do_not_touch(parameters: Tree, patcher: Patcher, text: Bytes) -> None:
    ops = ops_or_skip("numpy")
    one, other = text[:333], text[5000:5200]
    _, together, _ = _run(ops, parameters, lay_out([one, other], patcher, TINY))
    _, alone, _ = _run(ops, parameters, lay_out([other], patcher, TINY))
    assert np.abs(together[1, :200] - alone[0]).max() < 1e-5


def test_padding_changes_nothing(parameters: Tree, patcher: Patcher, text: Bytes) -> None:
    ops = ops_or_skip("numpy")
    _, tight, _ = _run(ops, parameters, lay_out([text[:300]], patcher, TINY))
    _, roomy, _ = _run(ops, parameters, lay_out([text[:300]], patcher, TINY, rows=512, patches=200))
    assert np.abs(tight[0] - roomy[0, :300]).max() < 1e-5


@pytest.mark.parametrize("patches", [1, 5, 1100])
def test_grouped_experts_equal_every_expert_on_every_patch(
    ops: ArrayOps, parameters: Tree, patches: int
) -> None:
    view = View({name: ops.array(value) for name, value in parameters.items()}, "latent.0.experts")
    rng = np.random.default_rng(patches)
    x = ops.array(rng.normal(size=(2, patches, TINY.latent_width)).astype(np.float32))

    def both(x: Any) -> tuple[Any, Any, Any]:
        routing = route(x, view, TINY, ops=ops)
        one = grouped(x, routing, view, TINY, ops=ops)
        return routing, one, dense(x, routing, view, TINY, ops=ops)

    routing, one, other = ops.compile(both)(x)
    chosen = np.asarray(ops.numpy(routing.chosen))
    assert (chosen[..., 0] != chosen[..., 1]).all()
    assert np.abs(ops.numpy(ops.sum(routing.weights, axis=-1)) - 1.0).max() < 1e-6
    assert np.abs(ops.numpy(one)).max() > 0.01
    assert np.abs(ops.numpy(one) - ops.numpy(other)).max() < 1e-5


def test_a_layout_places_rows_patches_and_targets(patcher: Patcher) -> None:
    data = np.frombuffer(b"one\ntwo\nthree", np.uint8)
    layout = lay_out([data], patcher, TINY)
    assert layout.tokens[0].tolist() == [START, *data[:-1]]
    assert layout.targets[0].tolist() == list(data)
    assert (layout.recalls[0, 0] == RECALL_ROWS - 1).all()
    ends = np.flatnonzero(patcher.ends(data[:-1]))
    assert layout.last[0].tolist() == (ends + 1).tolist()
    assert layout.length[0].tolist() == np.diff(ends, prepend=-1).tolist()
    assert layout.segment[0, 0] == layout.last.shape[1]
    for row in range(len(data)):
        assert layout.context[0, row] == (ends + 1 <= row).sum()
    for patch, row in enumerate(layout.last[0]):
        assert layout.segment[0, row] == patch
        assert layout.phase[0, row] == 0


def test_a_text_that_needs_too_many_patches_is_cut_short(patcher: Patcher, text: Bytes) -> None:
    layout = lay_out([text[:400]], patcher, TINY, rows=400, patches=10)
    told = int((layout.targets >= 0).sum())
    ends = np.flatnonzero(patcher.ends(text[:399]))
    assert told == ends[10] + 1
    assert (layout.length[0] > 0).all()


def test_one_byte_is_a_text(parameters: Tree, patcher: Patcher) -> None:
    layout = lay_out([np.array([65], np.uint8)], patcher, TINY)
    _, scores, _ = _run(ops_or_skip("numpy"), parameters, layout)
    assert scores.shape == (1, 1, 256)
    assert np.isfinite(scores).all()
