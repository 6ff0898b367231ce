"""The state-space path: Mamba-2 with a scalar decay per head (Dao & Gu 2024, SSD).

S_t = a_t S_{t-1} + (dt_t u_t) B_t^T ;  y_t = S_t C_t + D u_t ;  a_t = exp(-dt_t e^{A_log})

Letters: B batch, P patches, E latent width, C channels, H heads, W width of a head, N state size,
Q patches in a chunk.
"""

from typing import NamedTuple

from selfd_models.config import Config
from selfd_models.network.layers import Parameters, causal_conv, linear, rms_norm
from selfd_models.ops import Array, ArrayOps

CHUNK = 32  # fastest of 16, 32, 64, 128 (research/models.md section 2)


class Drive(NamedTuple):
    """What the recurrence reads at each patch.

    inputs: (B, P, H, W), the channels. decay: (B, P, H), log a, at most 0. step: (B, P, H), dt.
    write, read: (B, P, N), Mamba's B and C.
    """

    inputs: Array
    decay: Array
    step: Array
    write: Array
    read: Array


def state_space(x: Array, p: Parameters, config: Config, *, ops: ArrayOps) -> Array:
    """Run the path over whole texts, in chunks.

    Args: x: (B, P, E), normalised.   Returns: (B, P, E).
    """
    gate, drive, _ = project(x, p, config, ops=ops)
    return finish(chunked(drive, ops=ops), gate, drive, p, ops=ops)


def project(
    x: Array, p: Parameters, config: Config, before: Array | None = None, *, ops: ArrayOps
) -> tuple[Array, Drive, Array]:
    """Read the drive off the input.

    Args: before: (B, 3, C + 2N), what was convolved before `x`.
    Returns: the gate (B, P, C); the drive; what is convolved here, (B, P, C + 2N).
    """
    batch, patches = x.shape[:2]
    channels, size, heads = config.state_channels, config.state_size, config.state_heads
    wide = linear(x, p["in"])  # (B, P, 2C + 2N + H)
    gate, rest = wide[..., :channels], wide[..., channels:]
    inner = rest[..., : channels + 2 * size]
    mixed = silu(causal_conv(inner, p["conv"], before, ops=ops), ops=ops)
    step = softplus(rest[..., channels + 2 * size :] + p["step"], ops=ops)  # (B, P, H)
    drive = Drive(
        inputs=mixed[..., :channels].reshape(batch, patches, heads, config.state_head),
        decay=-step * ops.exp(p["decay"]),
        step=step,
        write=mixed[..., channels : channels + size],
        read=mixed[..., channels + size :],
    )
    return gate, drive, inner


def finish(y: Array, gate: Array, drive: Drive, p: Parameters, *, ops: ArrayOps) -> Array:
    """Add the skip, gate, normalise, project back.

    Args: y: (B, P, H, W). gate: (B, P, C).   Returns: (B, P, E).
    """
    y = (y + drive.inputs * p["skip"][:, None]).reshape(gate.shape)  # (B, P, C)
    return linear(rms_norm(y * silu(gate, ops=ops), p["gain"], ops=ops), p["out"])


def step(state: Array, now: Drive, *, ops: ArrayOps) -> tuple[Array, Array]:
    """Take one patch in: the recurrence as it is written above.

    Args: state: (B, H, W, N). now: one patch of a drive.   Returns: the state; y, (B, H, W).
    """
    driven = (now.inputs * now.step[..., None])[..., None] * now.write[:, None, None, :]
    state = state * ops.exp(now.decay)[..., None, None] + driven  # (B, H, W, N)
    return state, ops.sum(state * now.read[:, None, None, :], axis=-1)


def looped(drive: Drive, *, ops: ArrayOps) -> Array:
    """Run the recurrence patch by patch: the reference for `chunked`.   Returns: (B, P, H, W)."""
    batch, _, heads, width = drive.inputs.shape
    start = ops.zeros((batch, heads, width, drive.write.shape[-1]))
    steps = tuple(_time_first(part, ops) for part in drive)
    _, y = ops.scan(lambda state, now: step(state, Drive(*now), ops=ops), start, steps)
    return _time_first(y, ops)


def chunked(drive: Drive, *, ops: ArrayOps) -> Array:
    """Run the recurrence as products within chunks of 32.   Returns: (B, P, H, W).

    Every exponent is a sum of log decays within one chunk and so at most 0: nothing overflows.
    """
    batch, patches, heads, width = drive.inputs.shape
    size = drive.write.shape[-1]
    chunks = -(-patches // CHUNK)
    spare = chunks * CHUNK - patches

    def cut(part: Array) -> Array:
        return ops.pad(part, 1, 0, spare).reshape(batch, chunks, CHUNK, *part.shape[2:])

    inputs = ops.transpose(cut(drive.inputs * drive.step[..., None]), (0, 1, 3, 2, 4))
    decay = ops.transpose(cut(drive.decay), (0, 1, 3, 2))  # (B, n, H, Q)
    write, read = cut(drive.write), cut(drive.read)  # (B, n, Q, N)

    total = ops.cumsum(decay, axis=-1)  # (B, n, H, Q)
    at = ops.arange(CHUNK)
    causal = at[:, None] >= at[None, :]
    between = ops.where(causal, total[..., :, None] - total[..., None, :], -1e9)
    likeness = read @ ops.transpose(write, (0, 1, 3, 2))  # (B, n, Q, Q)
    within = (likeness[:, :, None] * ops.exp(between)) @ inputs  # (B, n, H, Q, W)

    to_end = ops.exp(total[..., -1:] - total)[..., None]  # (B, n, H, Q, 1)
    added = ops.transpose(inputs * to_end, (0, 1, 2, 4, 3)) @ write[:, :, None]  # (B, n, H, W, N)

    def carry(state: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        kept, new = now
        return state * kept[..., None, None] + new, state

    kept = ops.exp(total[..., -1])  # (B, n, H)
    steps = (_time_first(kept, ops), _time_first(added, ops))
    _, states = ops.scan(carry, ops.zeros((batch, heads, width, size)), steps)
    before = _time_first(states, ops)  # (B, n, H, W, N)
    across = read[:, :, None] @ ops.transpose(before, (0, 1, 2, 4, 3))  # (B, n, H, Q, W)
    y = ops.transpose(within + across * ops.exp(total)[..., None], (0, 1, 3, 2, 4))
    return y.reshape(batch, chunks * CHUNK, heads, width)[:, :patches]


def silu(x: Array, *, ops: ArrayOps) -> Array:
    """Multiply by the sigmoid."""
    return x * ops.sigmoid(x)


def softplus(x: Array, *, ops: ArrayOps) -> Array:
    """Take log(1 + e^x), without overflow."""
    return ops.maximum(x, 0.0) + ops.log(1.0 + ops.exp(-ops.abs(x)))


def _time_first(x: Array, ops: ArrayOps) -> Array:
    """Swap the first two axes, there or back."""
    return ops.transpose(x, (1, 0, *range(2, x.ndim)))
