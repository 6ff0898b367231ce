"""The latent: layers over patches, the middle ones applied twice.

z1 = core(x) ;  z2 = z1 + gamma (core(x + z1) - z1)      (research/models.md section 7)

Letters: B batch, P patches, E latent width.
"""

from typing import NamedTuple

from selfd_models.config import Config
from selfd_models.network.attention import attention
from selfd_models.network.experts import Routing, experts
from selfd_models.network.layers import Parameters, View, feed_forward, rms_norm
from selfd_models.network.mixer import mixer
from selfd_models.ops import Array, ArrayOps


class Trace(NamedTuple):
    """What one run of one hybrid layer did: its number, its spikes (B, P, S) and its routing."""

    layer: int
    spikes: Array
    routing: Routing


def latent(
    x: Array, length: Array, p: Parameters, config: Config, *, ops: ArrayOps, passes: int
) -> tuple[Array, Array, list[Trace]]:
    """Run all latent layers, the core `passes` times (1 or 2).

    Args: x: (B, P, E). length: (B, P), bytes in each patch.
    Returns: (B, P, E); how far the second pass moved the core, a number; the traces.
    """
    traces: list[Trace] = []

    def run(x: Array, first: int, after: int) -> Array:
        for number in range(first, after):
            x = layer(x, length, number, p, config, traces, ops=ops)
        return x

    start, stop = config.core
    x = run(x, 0, start)
    once = run(x, start, stop)
    twice = once
    if passes == 2:
        again = run(x + once, start, stop)
        twice = once + p["core.gamma"] * (again - once)
    moved = _apart(once, ops.stop_gradient(twice), length, ops=ops)
    return run(twice, stop, len(config.pattern)), moved, traces


def layer(
    x: Array,
    length: Array,
    number: int,
    p: Parameters,
    config: Config,
    traces: list[Trace],
    *,
    ops: ArrayOps,
) -> Array:
    """Run one layer, hybrid or attention; a hybrid one adds its trace.   Returns: (B, P, E)."""
    view = View(p, f"latent.{number}")
    mixed = rms_norm(x, view["mixer.gain"], ops=ops)
    if config.pattern[number] == "A":
        x = x + attention(mixed, View(view, "mixer"), config, ops=ops)
        normal = rms_norm(x, view["dense.gain"], ops=ops)
        return x + feed_forward(normal, view["dense.up"], view["dense.down"], ops=ops)
    update, spikes = mixer(mixed, length, View(view, "mixer"), config, ops=ops)
    x = x + update
    normal = rms_norm(x, view["experts.gain"], ops=ops)
    update, routing = experts(normal, View(view, "experts"), config, ops=ops)
    traces.append(Trace(number, spikes, routing))
    return x + update


def _apart(x: Array, y: Array, length: Array, *, ops: ArrayOps) -> Array:
    """Give the mean squared distance of two latents as a share of the second's mean square."""
    real = ops.floats(ops.minimum(length, 1))[..., None]
    distance = ops.sum((x - y) * (x - y) * real, axis=(0, 1, 2))
    return distance / (ops.sum(y * y * real, axis=(0, 1, 2)) + 1e-6)
