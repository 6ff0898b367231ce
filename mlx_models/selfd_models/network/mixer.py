"""Three paths side by side on the same patches, and the gate that weighs them.

y = sum over paths of  RMSNorm(path) * scale * softmax-gate(x)   (research/models.md section 5)

Letters: B batch, P patches, E latent width, R gate rank, S spiking neurons.
"""

from selfd_models.config import Config
from selfd_models.network.layers import Parameters, View, linear, rms_norm
from selfd_models.network.liquid import liquid
from selfd_models.network.spiking import spiking
from selfd_models.network.state_space import state_space
from selfd_models.ops import Array, ArrayOps


def mixer(
    x: Array, length: Array, p: Parameters, config: Config, *, ops: ArrayOps
) -> tuple[Array, Array]:
    """Mix each patch with the past, three ways.

    Args: x: (B, P, E), normalised. length: (B, P), bytes.
    Returns: (B, P, E); the spikes, (B, P, S).
    """
    spiked, spikes = spiking(x, View(p, "spike"), ops=ops)
    paths = (
        state_space(x, View(p, "state"), config, ops=ops),
        spiked,
        liquid(x, length, View(p, "liquid"), ops=ops),
    )
    return fuse(x, paths, View(p, "gate"), ops=ops), spikes


def fuse(x: Array, paths: tuple[Array, ...], p: Parameters, *, ops: ArrayOps) -> Array:
    """Weigh the paths, channel by channel.

    Args: x: (B, P, E). paths: three of (B, P, E).   Returns: (B, P, E).
    """
    weights = gates(x, p, ops=ops)
    mixed = rms_norm(paths[0], p["scale"][0], ops=ops) * weights[..., 0, :]
    for at in (1, 2):
        mixed = mixed + rms_norm(paths[at], p["scale"][at], ops=ops) * weights[..., at, :]
    return mixed


def gates(x: Array, p: Parameters, *, ops: ArrayOps) -> Array:
    """Give each path's weight per channel; they add up to 1.   Returns: (B, P, 3, E)."""
    scores = linear(linear(x, p["down"]), p["up"]).reshape(*x.shape[:-1], 3, x.shape[-1])
    scores = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=-2, keepdims=True)))
    return scores / ops.sum(scores, axis=-2, keepdims=True)
