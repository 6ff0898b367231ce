"""The baseline to beat: an order-5 Witten-Bell model of bytes, counted on as much text.

p(b | context) = (count(context b) + kinds(context) p(b | shorter context)) / (total + kinds)
(Witten & Bell 1991, method C), from no context at all up to five bytes of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.row import Row
from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import SHIPPED, load
from selfd_models.training.data.corpus import Corpus, prepare
from selfd_models.training.data.recipes import NANO
from selfd_models.training.evaluation.held_out import HeldOut

ORDER = 5
EACH = 3  # pieces of 8 kB per kind of text
WINDOW, SEED = 2048, 7353  # as in training

Bytes = NDArray[np.uint8]


class WittenBell:
    """Counts of every context of up to five bytes."""

    def __init__(self, text: Bytes) -> None:
        self._orders = [_Counts(text, order) for order in range(ORDER + 1)]

    def bits(self, text: Bytes) -> float:
        """Give the bits that a text costs, read from its start."""
        likely = np.full(len(text), 1.0 / 256.0)
        for counts in self._orders:
            likely = counts.blend(text, likely)
        return float(-np.log2(likely).sum())


class _Counts:
    """What followed each context of one length, as sorted keys."""

    def __init__(self, text: Bytes, order: int) -> None:
        self._order = order
        pairs, self._count = np.unique(self._keys(text), return_counts=True)
        self._pairs = pairs
        self._contexts, first = np.unique(pairs >> np.uint64(8), return_index=True)
        self._total = np.add.reduceat(self._count, first)
        self._kinds = np.diff(first, append=len(pairs))

    def blend(self, text: Bytes, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mix this order's counts with what the shorter context said of each byte."""
        keys = self._keys(text)
        count = _found(self._pairs, self._count, keys)
        total = _found(self._contexts, self._total, keys >> np.uint64(8))
        kinds = _found(self._contexts, self._kinds, keys >> np.uint64(8))
        mixed = (count + kinds * shorter) / np.maximum(total + kinds, 1)
        return np.where(total > 0, mixed, shorter)

    def _keys(self, text: Bytes) -> NDArray[np.uint64]:
        """Give each byte with its context before it; what lies before the start is zero."""
        wide = np.concatenate([np.zeros(self._order, np.uint64), text.astype(np.uint64)])
        keys = np.zeros(len(text), np.uint64)
        for back in range(self._order + 1):
            start = self._order - back
            keys |= wide[start : start + len(text)] << np.uint64(8 * back)
        return keys


def _found(
    keys: NDArray[np.uint64], values: NDArray[np.int64], wanted: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Look up sorted keys; 0 for what is not there."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def rows(data: Path | None, path: Path = SHIPPED) -> Sequence[Row]:
    """Measure the file at `path` beside the baseline; nothing where there is no text."""
    if data is None or not path.exists():
        return []
    model = BuiltinModel.load(path, "numpy")
    size = int(load(path).provenance["bytes"])
    baseline = WittenBell(_drawn(data / "text", size))
    ours, theirs = [], []
    for pieces in HeldOut.read(data / "text", NANO.held_out, EACH).pieces.values():
        length = sum(map(len, pieces))
        spent = sum(float(model.surprise(piece).sum(dtype=np.float64)) for piece in pieces)
        ours.append(spent / length)
        theirs.append(sum(map(baseline.bits, pieces)) / length)
    mean, other = float(np.mean(ours)), float(np.mean(theirs))
    note = f"{mean:.3f} against {other:.3f}; {size / 1e6:.1f} MB of the same text"
    return [Row("model: over order-5 Witten-Bell", mean - other, "bits", -0.35, "lower", note)]


def _drawn(folder: Path, size: int) -> Bytes:
    """Draw windows as the trainer does, until there are `size` bytes of them."""
    with tempfile.TemporaryDirectory() as cache:
        prepare(folder, Path(cache), NANO)
        corpus = Corpus(Path(cache), NANO, SEED, {})
        parts: list[Bytes] = []
        length = 0
        step = 0
        while length < size:
            step += 1
            for kind in corpus.choose(step, 8):
                window = corpus.window(kind, WINDOW)
                corpus.advance(kind, len(window))
                parts.append(window)
                length += len(window)
        return np.concatenate(parts)[:size]
