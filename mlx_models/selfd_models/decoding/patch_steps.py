"""The latent one patch at a time, on the door: each layer's own functions, with a state carried.

The plain form of `latent_steps`, and what decodes on MLX. States are values: nothing is changed in
place. Letters: E latent width, C state-space channels, N state size, H heads, S spiking neurons, L
liquid channels, W head width, V key heads, P the window; every array has one text in front.
"""

from typing import NamedTuple

from selfd_models.config import CONV_TAPS, Config
from selfd_models.network import attention, liquid, spiking, state_space
from selfd_models.network.experts import picked, route
from selfd_models.network.layers import Parameters, View, feed_forward, linear, rms_norm
from selfd_models.network.mixer import fuse
from selfd_models.network.spiking import SpikeState
from selfd_models.ops import Array, ArrayOps


class HybridState(NamedTuple):
    """ring: (1, 3, C + 2N). memory: (1, H, W, N). spikes: (1, S) each. liquid: (1, 1, L)."""

    ring: Array
    memory: Array
    spikes: SpikeState
    liquid: Array


class AttentionState(NamedTuple):
    """keys, values: (1, P, V, W), the newest last. patches: read in all."""

    keys: Array
    values: Array
    patches: int


LayerState = HybridState | AttentionState


def start(config: Config, *, ops: ArrayOps) -> tuple[LayerState, ...]:
    """Give the state before the first patch: of each run of a layer, the core's layers twice."""
    first, after = config.core
    kinds = config.layer_kinds()
    runs = [*kinds[:after], *kinds[first:after], *kinds[after:]]
    inner = config.state_channels + 2 * config.state_size
    silent = ops.zeros((1, config.spiking))
    hybrid = HybridState(
        ring=ops.zeros((1, CONV_TAPS - 1, inner)),
        memory=ops.zeros((1, config.state_heads, config.state_head, config.state_size)),
        spikes=SpikeState(silent, silent),
        liquid=ops.zeros((1, 1, config.liquid)),
    )
    empty = ops.zeros((1, config.window, config.kv_heads, config.head_width))
    return tuple(hybrid if kind == "H" else AttentionState(empty, empty, 0) for kind in runs)


def step(
    x: Array,
    length: Array,
    p: Parameters,
    config: Config,
    state: tuple[LayerState, ...],
    *,
    ops: ArrayOps,
) -> tuple[Array, tuple[LayerState, ...]]:
    """Take one patch in.

    Args: x: (1, 1, E). length: (1, 1), bytes.   Returns: (1, 1, E); the state.
    """
    first, after = config.core
    states, new = iter(state), []

    def run(x: Array, begin: int, end: int) -> Array:
        for number in range(begin, end):
            view, held = View(p, f"latent.{number}"), next(states)
            if isinstance(held, HybridState):
                x, left = _hybrid(x, length, view, config, held, ops=ops)
            else:
                x, left = _attention(x, view, config, held, ops=ops)
            new.append(left)
        return x

    x = run(x, 0, first)
    once = run(x, first, after)
    again = run(x + once, first, after)
    twice = once + p["core.gamma"] * (again - once)
    return run(twice, after, len(config.pattern)), tuple(new)


def _hybrid(
    x: Array, length: Array, p: Parameters, config: Config, state: HybridState, *, ops: ArrayOps
) -> tuple[Array, LayerState]:
    normal = rms_norm(x, p["mixer.gain"], ops=ops)
    gate, drive, inner = state_space.project(
        normal, View(p, "mixer.state"), config, state.ring, ops=ops
    )
    now = state_space.Drive(*(part[:, 0] for part in drive))
    memory, y = state_space.step(state.memory, now, ops=ops)
    spike = View(p, "mixer.spike")
    current, leak = linear(normal, spike["in"])[:, 0], ops.sigmoid(spike["leak"])
    spikes = spiking.step(state.spikes, current, leak, spike["threshold"], ops=ops)
    keep, added = liquid.drive(normal, length, View(p, "mixer.liquid"), ops=ops)
    flowed = keep * state.liquid + added
    paths = (
        state_space.finish(y[:, None], gate, drive, View(p, "mixer.state"), ops=ops),
        linear(spikes.fired, spike["out"])[:, None],
        linear(flowed, p["mixer.liquid.out"]),
    )
    x = x + fuse(normal, paths, View(p, "mixer.gate"), ops=ops)
    normal, own = rms_norm(x, p["experts.gain"], ops=ops), View(p, "experts")
    shared = feed_forward(normal, own["shared_up"], own["shared_down"], ops=ops)
    x = x + shared + picked(normal, route(normal, own, config, ops=ops), own, ops=ops)
    ring = ops.concatenate([state.ring[:, 1:], inner], axis=1)
    return x, HybridState(ring, memory, spikes, flowed)


def _attention(
    x: Array, p: Parameters, config: Config, state: AttentionState, *, ops: ArrayOps
) -> tuple[Array, LayerState]:
    normal, position = rms_norm(x, p["mixer.gain"], ops=ops), ops.arange(1) + state.patches
    query, key, value = attention.project(normal, position, View(p, "mixer"), config, ops=ops)
    keys = ops.concatenate([state.keys[:, 1:], key], axis=1)
    values = ops.concatenate([state.values[:, 1:], value], axis=1)
    query = query.reshape(config.kv_heads, -1, config.head_width)  # (V, H / V, W)
    scores = query @ ops.transpose(keys[0], (1, 2, 0))  # (V, H / V, P)
    seen = ops.arange(config.window) >= config.window - 1 - state.patches
    weights = attention.masked_softmax(scores, seen, ops=ops)
    read = (weights @ ops.transpose(values[0], (1, 0, 2))).reshape(1, 1, -1)
    x = x + linear(read, p["mixer.out"])
    normal = rms_norm(x, p["dense.gain"], ops=ops)
    x = x + feed_forward(normal, p["dense.up"], p["dense.down"], ops=ops)
    return x, AttentionState(keys, values, state.patches + 1)
