"""Bytes as the model reads them: one row per byte, and where its patches lie.

Row 0 stands before the first byte; row t has read bytes 0 to t - 1 and predicts byte t. Letters:
B texts, T rows, P patches.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import PHASES, RECALL_ROWS, RECALLS, START, TABLES, Config
from selfd_models.features import recall_rows, table_rows
from selfd_models.patcher import Bytes, Patcher

Ints = NDArray[np.int32]


class Layout(NamedTuple):
    """A batch of texts, padded; every field int32.

    tokens: (B, T), the byte that a row has read, 256 in row 0. targets: (B, T), -1 in padding.
    tables: (B, T, TABLES), recalls: (B, T, RECALLS), rows of embeddings. segment: (B, T), the
    patch a row belongs to, P for none. context: (B, T), how many patches have ended at or before
    a row. phase: (B, T), rows since then, at most 15. last: (B, P), each patch's last row.
    length: (B, P), its bytes, 0 in padding.
    """

    tokens: Ints
    targets: Ints
    tables: Ints
    recalls: Ints
    segment: Ints
    context: Ints
    phase: Ints
    last: Ints
    length: Ints


def lay_out(
    texts: Sequence[Bytes],
    patcher: Patcher,
    config: Config,
    *,
    rows: int | None = None,
    patches: int | None = None,
) -> Layout:
    """Lay texts out for the model; each is cut where `rows` or `patches` are used up."""
    ends = [np.flatnonzero(patcher.ends(text[:-1])) for text in texts]
    rows = rows or max(len(text) for text in texts)
    patches = patches or max(1, *(len(end) for end in ends))
    layout = _empty(len(texts), rows, patches)
    for at, (text, end) in enumerate(zip(texts, ends, strict=True)):
        fit = min(len(text), rows)
        if len(end) > patches:
            fit = min(fit, int(end[patches]) + 1)  # stop before a patch that has no place
        _fill(layout, at, text[:fit], end[end < fit - 1][:patches], config)
    return layout


def _empty(texts: int, rows: int, patches: int) -> Layout:
    return Layout(
        tokens=np.zeros((texts, rows), np.int32),
        targets=np.full((texts, rows), -1, np.int32),
        tables=np.zeros((texts, rows, TABLES), np.int32),
        recalls=np.full((texts, rows, RECALLS), RECALL_ROWS - 1, np.int32),
        segment=np.full((texts, rows), patches, np.int32),
        context=np.zeros((texts, rows), np.int32),
        phase=np.zeros((texts, rows), np.int32),
        last=np.zeros((texts, patches), np.int32),
        length=np.zeros((texts, patches), np.int32),
    )


def _fill(layout: Layout, at: int, text: Bytes, end: NDArray[np.intp], config: Config) -> None:
    size, patches = len(text), layout.last.shape[1]
    read = text[:-1]
    layout.tokens[at, 0] = START
    layout.tokens[at, 1:size] = read
    layout.targets[at, :size] = text
    layout.tables[at, 1:size] = table_rows(read, config.table_bits)
    layout.recalls[at, 1:size] = recall_rows(read)
    ended = np.zeros(size, np.int32)
    ended[end + 1] = 1
    context = np.cumsum(ended)
    segment = context - ended  # a patch's last row still belongs to it
    segment[0] = patches
    layout.segment[at, :size] = np.where(segment < len(end), segment, patches)
    layout.context[at, :size] = context
    since = np.maximum.accumulate(np.where(ended > 0, np.arange(size), 0))
    layout.phase[at, :size] = np.minimum(np.arange(size) - since, PHASES - 1)
    layout.last[at, : len(end)] = end + 1
    layout.length[at, : len(end)] = np.diff(end, prepend=-1)
