"""The byte hybrid, whole texts at a time: bytes, patches, bytes, and two heads.

Nothing at row t depends on a byte that row t has not read: patches are pooled only once they have
ended, and a row sees the latent of the last patch that ended at or before it (the lag rule).
Letters: B texts, T rows, P patches, D byte width, E latent width, K draft slots.
"""

from typing import NamedTuple

from selfd_models.config import RECALL_ROWS, RECALLS, TABLES, Config
from selfd_models.layout import Layout
from selfd_models.network.latent import Trace, latent
from selfd_models.network.layers import Parameters, View, conv_block, feed_forward, linear, rms_norm
from selfd_models.ops import Array, ArrayOps


class Outputs(NamedTuple):
    """encoded: (B, T, D), what patches are pooled from. decoded: (B, T, D), normalised, what both
    heads read. context: (B, T, D), the latent as a row sees it. latent: (B, P, E). moved: a number,
    how far the core's second pass moved it. traces: one per run of a hybrid layer.
    """

    encoded: Array
    decoded: Array
    context: Array
    latent: Array
    moved: Array
    traces: list[Trace]


def forward(
    p: Parameters, layout: Layout, config: Config, *, ops: ArrayOps, passes: int = 2
) -> Outputs:
    """Run everything but the heads."""
    x = embed(p, layout, config, ops=ops)
    for number in range(config.encoder_layers):
        x = conv_block(x, View(p, f"encoder.{number}"), ops=ops)
    encoded = x
    patches = pool(x, layout, View(p, "patch"), config, ops=ops)
    z, moved, traces = latent(patches, layout.length, p, config, ops=ops, passes=passes)
    context = spread(z, layout, View(p, "context"), ops=ops)
    x = x + context + ops.take(p["context.phase"], layout.phase)
    for number in range(config.decoder_layers):
        x = conv_block(x, View(p, f"decoder.{number}"), ops=ops)
    decoded = rms_norm(x, p["head.gain"], ops=ops)
    return Outputs(encoded, decoded, context, z, moved, traces)


def logits(p: Parameters, decoded: Array) -> Array:
    """Give the autoregressive head's scores of the next byte.   Returns: (..., 256)."""
    return linear(decoded, p["head.weight"])


def embed(p: Parameters, layout: Layout, config: Config, *, ops: ArrayOps) -> Array:
    """Look up bytes, their hashed contexts and what followed those before.   Returns: (B, T, D)."""
    batch, size = layout.tokens.shape
    hashed = p["embed.tables"].reshape(-1, config.table_width)
    offset = ops.arange(TABLES) * config.table_rows
    tables = ops.take(hashed, layout.tables + offset).reshape(batch, size, config.byte_width)
    recalled = p["embed.recalls"].reshape(-1, config.recall_width)
    offset = ops.arange(RECALLS) * RECALL_ROWS
    recalls = ops.take(recalled, layout.recalls + offset).reshape(batch, size, config.byte_width)
    return ops.take(p["embed.bytes"], layout.tokens) + tables + recalls


def pool(x: Array, layout: Layout, p: Parameters, config: Config, *, ops: ArrayOps) -> Array:
    """Turn each patch's rows into one vector: its last row, and the maximum and mean of its rows.

    Args: x: (B, T, D).   Returns: (B, P, E).
    """
    batch, size, width = x.shape
    patches = layout.last.shape[1]
    half = config.pool_width
    normal = rms_norm(x, p["gain"], ops=ops)
    offset = ops.arange(batch)[:, None]
    last = ops.take(normal.reshape(-1, width), layout.last + offset * size)  # (B, P, D)
    segment = (layout.segment + offset * (patches + 1)).reshape(-1)  # one spare segment per text
    count = batch * (patches + 1)
    flat = normal.reshape(-1, width)
    largest = ops.segment_max(flat[:, :half], segment, count)
    total = ops.segment_sum(flat[:, half:], segment, count)
    largest = largest.reshape(batch, patches + 1, half)[:, :patches]
    total = total.reshape(batch, patches + 1, half)[:, :patches]
    mean = total / ops.floats(ops.maximum(layout.length, 1))[..., None]
    pooled = ops.concatenate([last, largest, mean], axis=-1)  # (B, P, 2D)
    return linear(pooled, p["weight"]) + ops.take(p["length"], layout.length)


def spread(z: Array, layout: Layout, p: Parameters, *, ops: ArrayOps) -> Array:
    """Give each row the latent of the last patch that has ended.   Returns: (B, T, D)."""
    told = linear(rms_norm(z, p["gain"], ops=ops), p["weight"])  # (B, P, D)
    batch, patches, width = told.shape
    start = p["start"].reshape(1, 1, width) + ops.zeros((batch, 1, width))
    told = ops.concatenate([start, told], axis=1).reshape(-1, width)
    return ops.take(told, layout.context + ops.arange(batch)[:, None] * (patches + 1))


def draft(p: Parameters, decoded: Array, context: Array, config: Config, *, ops: ArrayOps) -> Array:
    """Give the draft head's scores of the eight bytes after the next one, all at once.

    Args: decoded, context: (N, D).   Returns: (N, K, 256).
    """
    slots, width = config.draft_length, config.draft_width
    read = ops.concatenate([decoded, context], axis=-1) @ p["draft.in"]
    x = read.reshape(-1, slots, width) + p["draft.slot"]  # (N, K, W)
    for number in range(2):
        view = View(p, f"draft.{number}")
        x = x + view["mix"] @ rms_norm(x, view["mix_gain"], ops=ops)
        normal = rms_norm(x, view["gain"], ops=ops)
        x = x + feed_forward(normal, view["up"], view["down"], ops=ops)
    return logits(p, rms_norm(linear(x, p["draft.out"]), p["draft.out_gain"], ops=ops))
