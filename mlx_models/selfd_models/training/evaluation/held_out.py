"""Held-out bits per byte, kind by kind: whole texts in pieces of 8 kB, each from a fresh start."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from selfd_models.config import Config
from selfd_models.layout import Layout, lay_out
from selfd_models.network.layers import Parameters
from selfd_models.network.model import forward, logits
from selfd_models.ops import Array, ArrayOps, backend, load_ops
from selfd_models.patcher import Bytes, Patcher
from selfd_models.training.data.corpus import BETWEEN, read_records
from selfd_models.training.optimisation.objective import nats_of

PIECE = 8192
TOGETHER = 2  # pieces in one run
ROOM = PIECE // 4  # patches; 5.5 bytes each is usual


@dataclass(frozen=True)
class HeldOut:
    """Pieces of text by kind that no training window ever shows."""

    pieces: dict[str, list[Bytes]]

    @classmethod
    def read(cls, folder: Path, names: str, each: int | None) -> "HeldOut":
        """Read the files whose names match; `each` pieces of each kind, evenly spread.

        A kind's documents are joined by blank lines and cut every 8 kB; a shorter rest is left out
        unless the kind has nothing else.
        """
        texts: dict[str, list[bytes]] = {}
        for path in sorted(folder.rglob(names)):
            for kind, text in read_records(path):
                texts.setdefault(kind, []).append(text.encode())
        pieces: dict[str, list[Bytes]] = {}
        for kind, documents in texts.items():
            data = np.frombuffer(BETWEEN.join(documents), np.uint8)
            whole = [data[at : at + PIECE] for at in range(0, len(data) - PIECE + 1, PIECE)]
            whole = whole or [data]
            spread = np.linspace(0, len(whole) - 1, min(each or len(whole), len(whole)))
            pieces[kind] = [whole[round(at)] for at in spread]
        return cls(pieces)


@cache
def scorer(config: Config, passes: int, name: backend) -> Callable[[Parameters, Layout], Array]:
    """Compile (parameters, layout) -> nats of each row, (B, T)."""
    ops = load_ops(name)

    def score(p: Parameters, layout: Layout) -> Array:
        decoded = forward(p, layout, config, ops=ops, passes=passes).decoded
        nats, _, _ = nats_of(logits(p, decoded), layout.targets, ops=ops)
        return nats

    compiled: Callable[[Parameters, Layout], Array] = ops.compile(score)
    return compiled


def bits_per_byte(
    parameters: Parameters,
    held_out: HeldOut,
    patcher: Patcher,
    config: Config,
    passes: int,
    ops: ArrayOps,
) -> dict[str, float]:
    """Score every kind; `mean` is the mean over kinds, each weighing the same."""
    score = scorer(config, passes, ops.name)
    bits: dict[str, float] = {}
    for kind, pieces in held_out.pieces.items():
        nats, size = 0.0, 0
        for at in range(0, len(pieces), TOGETHER):
            some = pieces[at : at + TOGETHER]
            layout = lay_out(
                some + some[:1] * (TOGETHER - len(some)), patcher, config, rows=PIECE, patches=ROOM
            )
            told = ops.numpy(score(parameters, Layout(*map(ops.array, layout))))[: len(some)]
            nats += float(told.sum(dtype=np.float64))
            size += int((layout.targets[: len(some)] >= 0).sum())
        bits[kind] = nats / size / math.log(2.0)
    bits["mean"] = sum(bits.values()) / len(bits)
    return bits
