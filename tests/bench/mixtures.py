"""Models with different tokens, mixed byte by byte: the shipped one, and one trained here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.row import Row
from bench.token_model import Context, NgramModel, train
from selfd_models.builtin import BuiltinModel
from selfd_models.byte_view import BEAM, LEAST, ByteView, Vocabulary
from selfd_models.checkpoint import SHIPPED
from selfd_models.mixture import Blend, Mixture, Product
from selfd_models.training.evaluation.held_out import HeldOut

Floats = NDArray[np.float64]

EACH = 2  # pieces of 8 kB per kind of text
ALONE = ("shipped", "tokens")
NARROW = 2048  # bytes per kind that are read with other beams, too


def rows(data: Path | None) -> Sequence[Row]:
    """Measure bits per byte of both models and of what they are together."""
    if data is None or not SHIPPED.exists() or find_spec("tokenizers") is None:
        return []
    held_out = HeldOut.read(data / "text", "en_valid*", EACH)
    shipped, tokens = BuiltinModel.load(SHIPPED, "numpy"), train(data / "text")
    vocabulary = Vocabulary(tokens.vocabulary)
    bits: dict[str, dict[str, float]] = {}
    dropped, off, spent, size = 0.0, 0.0, 0.0, 0
    for kind, pieces in held_out.pieces.items():
        costs: dict[str, float] = {}
        for piece in pieces:
            view = ByteView(tokens, vocabulary)
            spent -= time.process_time()
            viewed = _read(view, piece.tobytes())
            spent += time.process_time()
            chances = np.stack([shipped.chances(piece), viewed])
            for name, (cost, wrong) in _mixed(chances, piece).items():
                costs[name] = costs.get(name, 0.0) + cost
                off = max(off, wrong)
            dropped += view.dropped
            size += len(piece)
        bits[kind] = {name: cost / sum(map(len, pieces)) for name, cost in costs.items()}
    return [
        *_verdicts(bits),
        Row("mixtures: farthest of any sum from 1", off, "", 1e-6, "lower"),
        Row("mixtures: share dropped per byte", dropped / size, "", None, "lower", f"beam {BEAM}"),
        Row("mixtures: tokens read as bytes", size / spent, "bytes/s", None, "higher"),
        *_beams(tokens, vocabulary, held_out),
    ]


def _read(view: ByteView[Context], text: bytes) -> Floats:
    found = np.empty((len(text), 256))
    for at, byte in enumerate(text):
        found[at] = view.next()
        view.read(bytes((byte,)))
    return found


def _beams(tokens: NgramModel, vocabulary: Vocabulary, held_out: HeldOut) -> list[Row]:
    """Compare beams with no bound on paths at all."""
    texts = [pieces[0][:NARROW] for pieces in held_out.pieces.values()]

    def cost(beam: int | None, least: float) -> float:
        read = (
            (_read(ByteView(tokens, vocabulary, beam=beam, least=least), text.tobytes()), text)
            for text in texts
        )
        return sum(_bits(chances, text) for chances, text in read) / sum(map(len, texts))

    exact = cost(None, 0.0)
    return [
        Row(
            f"mixtures: beam {beam} over no bound", cost(beam, LEAST) - exact, "bits", None, "lower"
        )
        for beam in (1, 4, BEAM)
    ]


def _mixed(chances: Floats, piece: NDArray[np.uint8]) -> Mapping[str, tuple[float, float]]:
    """Give bits, and the farthest that a sum was from 1.   Args: chances: (2, T, 256)."""
    told = dict(zip(ALONE, chances, strict=True))
    found: dict[str, tuple[float, float]] = {
        name: (_bits(each, piece), float(np.abs(each.sum(axis=1) - 1.0).max()))
        for name, each in told.items()
    }
    for name, mixer in (
        ("mixture", Mixture((1.0, 1.0))),
        ("product", Product((1.0, 1.0))),
        ("blend", Blend((1.0, 1.0))),
    ):
        mixed = np.empty_like(chances[0])
        for at, byte in enumerate(piece.tolist()):
            mixed[at] = mixer.next(chances[:, at])
            mixer.learn(chances[:, at], byte)
        found[name] = (_bits(mixed, piece), float(np.abs(mixed.sum(axis=1) - 1.0).max()))
    return found


def _bits(chances: Floats, piece: NDArray[np.uint8]) -> float:
    return float(-np.log2(chances[np.arange(len(piece)), piece]).sum())


def _verdicts(bits: Mapping[str, Mapping[str, float]]) -> list[Row]:
    names = list(bits[next(iter(bits))])
    means = {name: float(np.mean([of[name] for of in bits.values()])) for name in names}
    better = min(means["shipped"], means["tokens"])
    found = []
    for name in names:
        each = ", ".join(f"{kind} {of[name]:.3f}" for kind, of in bits.items())
        found.append(
            Row(f"mixtures: {name}, bits per byte", means[name], "bits", None, "lower", each)
        )
        if name in ALONE:
            continue
        worst, kind = max((of[name] - min(of[one] for one in ALONE), at) for at, of in bits.items())
        gained = means[name] - better
        found += [
            Row(f"mixtures: {name}, over the better", gained, "bits", -0.005, "lower"),
            Row(
                f"mixtures: {name}, worst kind",
                worst,
                "bits",
                0.01,
                "lower",
                f"{kind}, over its better",
            ),
        ]
    return found
