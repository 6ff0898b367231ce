"""Mixture of experts: eight routed, the best two used, one shared by all.

s = sigmoid(W_r x); the two largest of s + bias are used, weighted by s alone; the trainer moves the
bias so that loads even out (loss-free balancing, Wang et al. 2024). Letters: B batch, P patches,
E latent width, X experts, H hidden width, N routed rows (two per patch), G blocks of R rows.
"""

from typing import NamedTuple

from selfd_models.config import Config
from selfd_models.network.layers import Parameters, feed_forward, linear
from selfd_models.ops import Array, ArrayOps

SMALL_BLOCK, LARGE_BLOCK = 16, 128


class Routing(NamedTuple):
    """chosen: (B, P, 2), experts. weights: (B, P, 2), summing to 1. scores: (B, P, X), sigmoids."""

    chosen: Array
    weights: Array
    scores: Array


def experts(x: Array, p: Parameters, config: Config, *, ops: ArrayOps) -> tuple[Array, Routing]:
    """Send each patch through the shared expert and its own two.   Args: x: (B, P, E)."""
    routing = route(x, p, config, ops=ops)
    shared = feed_forward(x, p["shared_up"], p["shared_down"], ops=ops)
    return shared + grouped(x, routing, p, config, ops=ops), routing


def route(x: Array, p: Parameters, config: Config, *, ops: ArrayOps) -> Routing:
    """Choose experts; ties go to the lower number."""
    scores = ops.sigmoid(linear(x, p["router"]))  # (B, P, X)
    left = ops.stop_gradient(scores + p["bias"])
    numbers = ops.arange(config.experts)
    chosen = []
    for _ in range(config.experts_used):
        best = ops.argmax(left, axis=-1)  # (B, P)
        chosen.append(best)
        left = ops.where(numbers == best[..., None], -1e9, left)
    picked = ops.stack(chosen, axis=-1)  # (B, P, 2)
    weights = ops.take_along(scores, picked, axis=-1)
    return Routing(picked, weights / ops.sum(weights, axis=-1, keepdims=True), scores)


def dense(x: Array, routing: Routing, p: Parameters, config: Config, *, ops: ArrayOps) -> Array:
    """Run every expert on every patch and weigh them: the reference for `grouped`."""
    total = x * 0.0
    for expert in range(config.experts):
        uses = ops.where(routing.chosen == expert, routing.weights, 0.0)
        weight = ops.sum(uses, axis=-1, keepdims=True)  # (B, P, 1)
        total = total + weight * feed_forward(x, p["up"][expert], p["down"][expert], ops=ops)
    return total


def grouped(x: Array, routing: Routing, p: Parameters, config: Config, *, ops: ArrayOps) -> Array:
    """Run each expert only on its own patches, in blocks of one expert each; nothing is dropped.

    All shapes follow from the number of rows, so that it can be compiled.   Returns: (B, P, E).
    """
    used, width = config.experts_used, x.shape[-1]
    rows = x.reshape(-1, width)  # (B P, E)
    index = routing.chosen.reshape(-1)  # (N,)
    source, owner, place = _blocks(index, config.experts, ops)
    gathered = ops.take(rows, source // used).reshape(owner.shape[0], -1, width)  # (G, R, E)
    up, down = ops.take(p["up"], owner), ops.take(p["down"], owner)  # (G, E, H), (G, H, E)
    hidden = ops.maximum(gathered @ up, 0.0)
    answered = ((hidden * hidden) @ down).reshape(-1, width)  # (G R, E)
    back = ops.take(answered, place).reshape(*x.shape[:-1], used, width)  # (B, P, 2, E)
    return ops.sum(back * routing.weights[..., None], axis=-2)


def picked(x: Array, routing: Routing, p: Parameters, *, ops: ArrayOps) -> Array:
    """Run each patch's own experts, their weights gathered for it: for few patches.

    Returns: (B, P, E).
    """
    rows = x[..., None, None, :]  # (B, P, 1, 1, E)
    hidden = ops.maximum(rows @ ops.take(p["up"], routing.chosen), 0.0)  # (B, P, 2, 1, H)
    answered = (hidden * hidden) @ ops.take(p["down"], routing.chosen)
    return ops.sum(answered[..., 0, :] * routing.weights[..., None], axis=-2)


def _blocks(index: Array, experts: int, ops: ArrayOps) -> tuple[Array, Array, Array]:
    """Lay rows out in blocks that belong to one expert each.

    Args: index: (N,), each row's expert.
    Returns: source (G R,), the row in each place (any row in a place that is not used); owner (G,),
        each block's expert; place (N,), where each row lies.
    """
    size = index.shape[0]
    block = LARGE_BLOCK if size >= 16 * LARGE_BLOCK else SMALL_BLOCK
    blocks = -(-size // block) + experts
    numbers = ops.arange(experts)
    count = ops.sum(ops.where(index[:, None] == numbers, 1, 0), axis=0)  # (X,)
    start = ops.cumsum(count, axis=0) - count
    needed = (count + block - 1) // block
    first = ops.cumsum(needed, axis=0) - needed  # each expert's first block
    order = ops.argsort(index)  # rows, expert by expert
    rank = ops.argsort(order) - ops.take(start, index)
    place = ops.take(first, index) * block + rank
    at = ops.arange(blocks)
    owner = ops.sum(ops.where(first[None, :] <= at[:, None], 1, 0), axis=1) - 1  # (G,)
    within = (at - ops.take(first, owner))[:, None] * block + ops.arange(block)[None, :]
    source = ops.minimum(ops.take(start, owner)[:, None] + within, size - 1)
    return ops.take(order, source.reshape(-1)), owner, place
