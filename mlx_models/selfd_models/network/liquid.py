"""The liquid path: leaky channels whose speed depends on the input and on elapsed time.

rate_p = 1/tau + softplus(W_f x_p) ;  keep_p = exp(-dt_p rate_p)
h_p = keep_p h_{p-1} + (1 - keep_p) A tanh(W_g x_p)

This is the exact solution of a liquid time-constant cell (Hasani et al. 2021) whose input stands
still over one patch; dt_p is the patch's length in units of 5.5 bytes. Letters: B batch, P
patches, E latent width, L channels, Q patches in a chunk.
"""

from selfd_models.config import TYPICAL_PATCH
from selfd_models.network.layers import Parameters, linear
from selfd_models.network.state_space import softplus
from selfd_models.ops import Array, ArrayOps

CHUNK = 16


def liquid(x: Array, length: Array, p: Parameters, *, ops: ArrayOps) -> Array:
    """Run the path over whole texts.

    Args: x: (B, P, E), normalised. length: (B, P), bytes.   Returns: (B, P, E).
    """
    run = looped if ops.cheap_loops else chunked
    return linear(run(*drive(x, length, p, ops=ops), ops=ops), p["out"])


def drive(x: Array, length: Array, p: Parameters, *, ops: ArrayOps) -> tuple[Array, Array]:
    """Give what a patch keeps of the past, and what it adds.   Returns: (B, P, L) each."""
    rate = ops.exp(p["rate"]) + softplus(linear(x, p["forget"]), ops=ops)
    elapsed = ops.floats(length)[..., None] * (1.0 / TYPICAL_PATCH)  # (B, P, 1)
    keep = ops.exp(-elapsed * rate)
    return keep, (1.0 - keep) * (ops.tanh(linear(x, p["target"])) * p["amplitude"])


def looped(keep: Array, added: Array, *, ops: ArrayOps) -> Array:
    """Run the recurrence patch by patch: the reference for `chunked`.   Returns: (B, P, L)."""
    steps = tuple(ops.transpose(part, (1, 0, 2)) for part in (keep, added))

    def carry(state: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        state = now[0] * state + now[1]
        return state, state

    _, h = ops.scan(carry, ops.zeros(steps[0].shape[1:]), steps)
    return ops.transpose(h, (1, 0, 2))


def chunked(keep: Array, added: Array, *, ops: ArrayOps) -> Array:
    """Run all chunks of 16 side by side, then carry their ends along.   Returns: (B, P, L)."""
    batch, patches, width = keep.shape
    chunks = -(-patches // CHUNK)
    spare = chunks * CHUNK - patches
    keep = ops.pad(keep, 1, 0, spare).reshape(batch, chunks, CHUNK, width)
    added = ops.pad(added, 1, 0, spare).reshape(batch, chunks, CHUNK, width)

    alone, kept = [added[:, :, 0]], [keep[:, :, 0]]
    for at in range(1, CHUNK):
        alone.append(keep[:, :, at] * alone[-1] + added[:, :, at])
        kept.append(keep[:, :, at] * kept[-1])

    def carry(state: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        return now[0] * state + now[1], state

    ends = (ops.transpose(kept[-1], (1, 0, 2)), ops.transpose(alone[-1], (1, 0, 2)))
    _, before = ops.scan(carry, ops.zeros((batch, width)), ends)  # (n, B, L)
    before = ops.transpose(before, (1, 0, 2))[:, :, None]  # (B, n, 1, L)
    h = ops.stack(alone, axis=2) + ops.stack(kept, axis=2) * before
    return h.reshape(batch, chunks * CHUNK, width)[:, :patches]
