"""Windowed causal attention over patches: rotary positions, grouped heads, normalised q and k.

Each patch looks at itself and the `window - 1` before it. Texts are cut into blocks of one
window; a block looks at itself and the block before. Letters: B batch, P patches, E latent width,
H heads, G heads that share keys, V key heads (H = G V), W head width, N blocks, Q window.
"""

import numpy as np

from selfd_models.config import Config
from selfd_models.network.layers import Parameters, linear, rms_norm
from selfd_models.ops import Array, ArrayOps

ROTARY_BASE = 10000.0  # Su et al. 2021


def attention(x: Array, p: Parameters, config: Config, *, ops: ArrayOps) -> Array:
    """Let each patch read the window before it.   Args: x: (B, P, E), normalised."""
    batch, patches, _ = x.shape
    query, key, value = project(x, ops.arange(patches), p, config, ops=ops)
    window = min(config.window, patches)
    blocks = -(-patches // window)
    spare = blocks * window - patches
    shared = config.heads // config.kv_heads

    def cut(part: Array) -> Array:
        heads = part.shape[2]
        part = ops.pad(part, 1, 0, spare).reshape(batch, blocks, window, heads, config.head_width)
        return ops.transpose(part, (0, 1, 3, 2, 4))  # (B, N, heads, Q, W)

    def with_previous(part: Array) -> Array:
        return ops.concatenate([ops.pad(part, 1, 1, 0)[:, :blocks], part], axis=3)

    key, value = with_previous(cut(key)), with_previous(cut(value))  # (B, N, V, 2Q, W)
    query = cut(query).reshape(batch, blocks, config.kv_heads, shared * window, config.head_width)
    scores = query @ ops.transpose(key, (0, 1, 2, 4, 3))  # (B, N, V, G Q, 2Q)
    scores = scores.reshape(batch, blocks, config.kv_heads, shared, window, 2 * window)
    weights = masked_softmax(scores, _visible(blocks, window, ops), ops=ops)
    weights = weights.reshape(batch, blocks, config.kv_heads, shared * window, 2 * window)
    read = (weights @ value).reshape(batch, blocks, config.heads, window, config.head_width)
    read = ops.transpose(read, (0, 1, 3, 2, 4)).reshape(batch, blocks * window, -1)
    return linear(read[:, :patches], p["out"])


def project(
    x: Array, positions: Array, p: Parameters, config: Config, *, ops: ArrayOps
) -> tuple[Array, Array, Array]:
    """Give queries (scaled and turned), keys (turned) and values.

    Args: x: (B, P, E). positions: (P,).   Returns: (B, P, H, W), (B, P, V, W), (B, P, V, W).
    """
    shape = (*x.shape[:2], -1, config.head_width)
    query = rms_norm(linear(x, p["query"]).reshape(shape), p["query_gain"], ops=ops)
    key = rms_norm(linear(x, p["key"]).reshape(shape), p["key_gain"], ops=ops)
    value = linear(x, p["value"]).reshape(shape)
    scale = config.head_width**-0.5
    return rotate(query, positions, ops=ops) * scale, rotate(key, positions, ops=ops), value


def rotate(x: Array, positions: Array, *, ops: ArrayOps) -> Array:
    """Turn pairs of channels by an angle that grows with the position.   Args: x: (B, P, H, W)."""
    half = x.shape[-1] // 2
    speeds = ROTARY_BASE ** -(np.arange(half, dtype=np.float32) / np.float32(half))
    angles = (
        ops.floats(positions)[:, None] * ops.array(speeds.astype(np.float32))[None, :]
    )  # (P, W / 2)
    cos, sin = ops.cos(angles)[None, :, None], ops.sin(angles)[None, :, None]
    left, right = x[..., :half], x[..., half:]
    return ops.concatenate([left * cos - right * sin, left * sin + right * cos], axis=-1)


def masked_softmax(scores: Array, visible: Array, *, ops: ArrayOps) -> Array:
    """Normalise over the visible keys; at least one must be visible."""
    scores = ops.where(visible, scores, -1e9)
    scores = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True)))
    return scores / ops.sum(scores, axis=-1, keepdims=True)


def _visible(blocks: int, window: int, ops: ArrayOps) -> Array:
    """Say which keys a query may see.   Returns: (N, 1, 1, Q, 2Q)."""
    query = np.arange(window)[:, None] + window
    key = np.arange(2 * window)[None, :]
    near = (key <= query) & (key > query - window)
    exists = (np.arange(blocks)[:, None, None] > 0) | (key >= window)[None]
    return ops.array((near[None] & exists)[:, None, None])
