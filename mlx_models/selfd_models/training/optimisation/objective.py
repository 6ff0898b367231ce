"""What training minimises: bits of the next byte, and small terms that keep the parts healthy.

Letters: B texts, T rows, P patches, M drafted rows, K draft slots, S neurons, X experts.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from selfd_models.config import Config
from selfd_models.layout import Layout
from selfd_models.network.experts import Routing
from selfd_models.network.latent import Trace
from selfd_models.network.layers import Parameters
from selfd_models.network.model import draft, forward, logits
from selfd_models.ops import Array, ArrayOps

ADD_PICOJOULES, MULTIPLY_PICOJOULES = 0.9, 4.6  # 45 nm figures of Horowitz 2014: a proxy, no claim


@dataclass(frozen=True)
class Weights:
    """How much each term counts (research/models.md section 11)."""

    draft: float = 0.3
    rate: float = 0.1
    energy: float = 1e-3
    consistency: float = 0.01
    balance: float = 1e-4
    logits: float = 1e-4
    taught: float = 1.0  # weighs as much as the bytes themselves (Hinton et al. 2015)


class Batch(NamedTuple):
    """A layout, the rows to draft from, and what another mind expected.

    rows: (M,), numbers into B * T. after: (M, K), the bytes after each row's next one, or -1.
    expected: (B, T, 256), rows of probabilities, or of zeros where nothing is known; or (0,).
    """

    layout: Layout
    rows: Array
    after: Array
    expected: Array


def objective(
    p: Parameters,
    batch: Batch,
    config: Config,
    weights: Weights,
    *,
    ops: ArrayOps,
    passes: int,
) -> tuple[Array, dict[str, Any]]:
    """Give the loss in nats per byte, and the figures worth watching.

    The draft head reads the trunk through a stopped gradient: learning to draft costs the
    autoregressive head nothing.
    """
    outputs = forward(p, batch.layout, config, ops=ops, passes=passes)
    scores = logits(p, outputs.decoded)  # (B, T, 256)
    nats, norm, real = nats_of(scores, batch.layout.targets, ops=ops)
    bytes_ = ops.sum(real, axis=(0, 1))
    task = ops.sum(nats, axis=(0, 1)) / bytes_
    flat = (-1, config.byte_width)
    drafted = draft(
        p,
        ops.stop_gradient(ops.take(outputs.decoded.reshape(flat), batch.rows)),
        ops.stop_gradient(ops.take(outputs.context.reshape(flat), batch.rows)),
        config,
        ops=ops,
    )
    draft_nats, _, draft_real = nats_of(drafted, batch.after, ops=ops)
    health = [_health(trace, batch.layout.length, config, ops=ops) for trace in outputs.traces]
    terms = {
        "draft": ops.sum(draft_nats, axis=(0, 1)) / (ops.sum(draft_real, axis=(0, 1)) + 1e-6),
        "rate": _average([one.band for one in health]),
        "energy": _average([one.energy for one in health]),
        "consistency": outputs.moved,
        "balance": _average([one.balance for one in health]),
        "logits": ops.sum(norm * norm, axis=(0, 1)) / bytes_,
    }
    if len(batch.expected.shape) > 1:
        terms["taught"] = divergence(scores, batch.expected, ops=ops)
    loss = task
    for name, value in terms.items():
        loss = loss + getattr(weights, name) * value
    figures = {"task": task, "bytes": bytes_, **terms}
    layers = [trace.layer for trace in outputs.traces]
    figures["fired"] = _by_layer(layers, [one.fired for one in health], ops=ops)  # (layers, S)
    figures["load"] = _by_layer(layers, [one.load for one in health], ops=ops)  # (layers, X)
    return loss, figures


def nats_of(scores: Array, targets: Array, *, ops: ArrayOps) -> tuple[Array, Array, Array]:
    """Score targets; -1 counts for nothing.

    Args: scores: (..., 256). targets: (...).
    Returns: nats, log normaliser, and 1 where there is a target; (...) each.
    """
    real = ops.where(targets >= 0, 1.0, 0.0)
    top = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
    norm = ops.log(ops.sum(ops.exp(scores - top), axis=-1)) + top[..., 0]
    wanted = ops.maximum(targets, 0)[..., None]
    told = ops.take_along(scores, wanted, axis=-1)[..., 0]
    return (norm - told) * real, norm * real, real


def divergence(scores: Array, expected: Array, *, ops: ArrayOps) -> Array:
    """Give the mean Kullback-Leibler divergence from what was expected, in nats a byte.

    Args: scores, expected: (..., 256); a row of zeros counts for nothing.   Returns: a number.
    """
    axes = tuple(range(len(scores.shape) - 1))
    top = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
    own = scores - top - ops.log(ops.sum(ops.exp(scores - top), axis=-1, keepdims=True))
    told = ops.log(ops.maximum(expected, 1e-9))
    nats = ops.sum(expected * (told - own), axis=-1)
    return ops.sum(nats, axis=axes) / (ops.sum(ops.sum(expected, axis=-1), axis=axes) + 1e-6)


class _Health(NamedTuple):
    fired: Array
    load: Array
    band: Array
    energy: Array
    balance: Array


def _health(trace: Trace, length: Array, config: Config, *, ops: ArrayOps) -> _Health:
    real = ops.floats(ops.minimum(length, 1))  # (B, P)
    patches = ops.sum(real, axis=(0, 1)) + 1e-6
    fired = ops.sum(trace.spikes * real[..., None], axis=(0, 1)) / patches  # (S,)
    above, below = ops.maximum(fired - 0.2, 0.0), ops.maximum(0.1 - fired, 0.0)
    adds = ops.sum(fired, axis=0) * config.latent_width
    multiplies = config.spiking * config.latent_width
    load, chance = _load(trace.routing, real, patches, config, ops=ops)
    return _Health(
        fired=ops.stop_gradient(fired),
        load=load,
        band=ops.sum(above * above + below * below, axis=0),
        energy=adds * (ADD_PICOJOULES / (MULTIPLY_PICOJOULES * multiplies)),
        balance=ops.sum(load * chance, axis=0) * config.experts,
    )


def _load(
    routing: Routing, real: Array, patches: Array, config: Config, *, ops: ArrayOps
) -> tuple[Array, Array]:
    """Give each expert's share of the load, and its mean normalised score.   Returns: (X,) each."""
    numbers = ops.arange(config.experts)
    uses = ops.where(routing.chosen[..., None] == numbers, 1.0, 0.0)  # (B, P, 2, X)
    uses = ops.sum(uses, axis=2) * real[..., None]
    share = routing.scores / ops.sum(routing.scores, axis=-1, keepdims=True)
    chance = ops.sum(share * real[..., None], axis=(0, 1)) / patches
    return ops.sum(uses, axis=(0, 1)) / (patches * config.experts_used), chance


def _by_layer(layers: list[int], values: list[Array], *, ops: ArrayOps) -> Array:
    """Average over a layer's runs, in the order of the layers."""
    pairs = list(zip(layers, values, strict=True))
    each = [[value for at, value in pairs if at == layer] for layer in sorted(set(layers))]
    return ops.stack([_average(runs) for runs in each], axis=0)


def _average(values: list[Array]) -> Array:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total / len(values)
