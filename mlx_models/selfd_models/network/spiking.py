"""The spiking path: leaky integrate-and-fire neurons over patches, with soft reset.

u_t = beta u_{t-1} + (1 - beta) I_t - theta s_{t-1} ;  s_t = 1 where u_t > theta, else 0

The thresholds theta carry no gradient; the trainer moves them so that each neuron keeps firing
near 15 % of the time (homeostasis). Letters: B batch, P patches, E latent width, S neurons.
"""

from typing import NamedTuple

from selfd_models.network.layers import Parameters, linear
from selfd_models.ops import Array, ArrayOps

SLOPE = 10.0  # of the surrogate: a quarter of its height at 1/10 from theta, the spread of u
TARGET_RATE = 0.15  # middle of the band .10 to .20 (research/models.md section 3)
LOWEST_THRESHOLD = 0.05
HOMEOSTASIS = 0.02


class SpikeState(NamedTuple):
    """potential: (B, S), u. fired: (B, S), s, exactly 0 or 1."""

    potential: Array
    fired: Array


def spiking(x: Array, p: Parameters, *, ops: ArrayOps) -> tuple[Array, Array]:
    """Run the path over whole texts.

    Args: x: (B, P, E), normalised.   Returns: (B, P, E); the spikes, (B, P, S).
    """
    current = ops.transpose(linear(x, p["in"]), (1, 0, 2))  # (P, B, S)
    silent = ops.zeros(current.shape[1:])
    leak = ops.sigmoid(p["leak"])
    threshold = ops.stop_gradient(p["threshold"])

    def carry(state: SpikeState, now: Array) -> tuple[SpikeState, Array]:
        state = step(state, now, leak, threshold, ops=ops)
        return state, state.fired

    _, fired = ops.scan(carry, SpikeState(silent, silent), current)
    spikes = ops.transpose(fired, (1, 0, 2))  # (B, P, S)
    return linear(spikes, p["out"]), spikes


def step(
    state: SpikeState, current: Array, leak: Array, threshold: Array, *, ops: ArrayOps
) -> SpikeState:
    """Take one patch in.   Args: current: (B, S). leak, threshold: (S,)."""
    potential = leak * state.potential + (1.0 - leak) * current - threshold * state.fired
    return SpikeState(potential, fire(potential - threshold, ops=ops))


def fire(above: Array, *, ops: ArrayOps) -> Array:
    """Give 1 above the threshold and 0 below, with the gradient of a fast sigmoid.

    d/dv of v / (1 + k|v|) is 1 / (1 + k|v|)^2 (Zenke & Ganguli 2018); its value cancels out.
    """
    hard = ops.where(above > 0.0, 1.0, 0.0)
    soft = above / (1.0 + SLOPE * ops.abs(above))
    return hard + (soft - ops.stop_gradient(soft))
