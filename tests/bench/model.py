"""The shipped model: held-out bits per byte, decoding, speculation, loading."""

from __future__ import annotations

import itertools
import lzma
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.row import Row
from selfd_models.builtin import PIECE, BuiltinModel
from selfd_models.checkpoint import SHIPPED
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.speculation import Choice, Tally, Way, plain, speculative
from selfd_models.decoding.tile import State, Tile
from selfd_models.training.evaluation.held_out import HeldOut

EACH = 8  # pieces of 8 kB per kind of text
PROMPTS, PROMPT_BYTES, MADE = 16, 256, 512
FLAT, PAIRS, STRETCH = (1024, 65536), 25, 400
_LOADING = """
import sys, time, psutil, numpy
from pathlib import Path
process = psutil.Process()
before, start = process.memory_info().rss, time.process_time()
from selfd_models.builtin import BuiltinModel
model = BuiltinModel.load(Path(sys.argv[1]), "numpy")
seconds = time.process_time() - start
model.score("A text of some words. " * 400)
b"".join(model.complete("A text", max_bytes=20))
print(seconds, (process.memory_info().rss - before) / 1e6)
"""


def rows(data: Path | None, path: Path = SHIPPED) -> Sequence[Row]:
    """Measure the file at `path`; nothing where there is none."""
    if not path.exists():
        return []
    found = _loading(path)
    if data is not None:
        held_out = HeldOut.read(data / "text", "en_valid*", EACH)
        model = BuiltinModel.load(path, "numpy")
        found += [*_prediction(path, held_out), *_decoding(model, held_out)]
    return found


def _loading(path: Path) -> list[Row]:
    """Load in a process of its own, with numpy there already."""
    told = subprocess.run(
        [sys.executable, "-c", _LOADING, str(path)], capture_output=True, text=True, check=True
    )
    seconds, memory = map(float, told.stdout.split())
    return [
        Row("model: load, processor time", seconds, "s", 0.4, "lower"),
        Row("model: memory after load, score, complete", memory, "MB", 120.0, "lower"),
        Row("model: file", path.stat().st_size / 1e6, "MB", 16.0, "lower"),
    ]


def _prediction(path: Path, held_out: HeldOut) -> list[Row]:
    model = BuiltinModel.load(path, "numpy")
    found, packed = [], []
    spent = -time.process_time()
    for kind, pieces in held_out.pieces.items():
        bits = sum(float(model.surprise(piece).sum(dtype=np.float64)) for piece in pieces)
        found.append((kind, bits / sum(map(len, pieces))))
        joined = b"".join(piece.tobytes() for piece in pieces)
        packed.append(
            8.0 * len(lzma.compress(joined, preset=9 | lzma.PRESET_EXTREME)) / len(joined)
        )
    spent += time.process_time()
    mean, xz = float(np.mean([bits for _, bits in found])), float(np.mean(packed))
    size = sum(len(piece) for pieces in held_out.pieces.values() for piece in pieces)
    kinds = ", ".join(f"{kind} {bits:.3f}" for kind, bits in found)
    return [
        Row("model: held-out bits per byte", mean, "bits", 1.70, "lower", kinds),
        Row("model: over xz -9e", mean - xz, "bits", -0.5, "lower", f"xz {xz:.3f}, same pieces"),
        Row("model: score", size / spent, "bytes/s", None, "higher", f"pieces of {PIECE} bytes"),
    ]


def _decoding(model: BuiltinModel, held_out: HeldOut) -> list[Row]:
    every = list(itertools.chain.from_iterable(held_out.pieces.values()))
    text = every[0].tobytes()
    prompts = [piece[:PROMPT_BYTES].tobytes() for piece in every[:: len(every) // PROMPTS]]
    note = f"{FLAT[1]} bytes of context over {FLAT[0]}, median of {PAIRS} pairs"
    found = [
        Row(
            "model: decode, far context over near",
            _far_over_near(model.decoder, text) - 1.0,
            "share",
            0.02,
            "lower",
            note,
        )
    ]
    for temperature in (0.0, 0.8):
        found += _continuing(model, prompts[:PROMPTS], temperature)
    return found


def _continuing(model: BuiltinModel, prompts: Sequence[bytes], temperature: float) -> list[Row]:
    """Continue prompts with drafts and without, turn by turn; what is used by default counts."""
    decoder, usual = model.decoder, speculative if model.drafts_pay(temperature) else plain
    wrong, drafted, alone = 0, Tally(), Tally()
    spent = {plain: 0.0, speculative: 0.0}
    for number, prompt in enumerate(prompts):
        choice = Choice(temperature, seed=number)
        texts = []
        for way, tally in ((plain, alone), (speculative, drafted)):
            tile = decoder.read(prompt)
            spent[way] -= time.process_time()
            texts.append(_made(decoder, way, tile, choice, tally))
            spent[way] += time.process_time()
        wrong += texts[0] != texts[1]
    size = MADE * len(prompts)
    name, of = f"model: T={temperature}", f"of {len(prompts)}"
    note = f"with drafts {size / spent[speculative]:.0f}, without {size / spent[plain]:.0f}"
    return [
        Row(
            f"{name}, decode, processor time",
            size / spent[usual],
            "bytes/s",
            7000.0,
            "higher",
            note,
        ),
        Row(
            f"{name}, texts that drafts change",
            float(wrong),
            of,
            0.0,
            "lower",
            f"{MADE} bytes each",
        ),
        Row(f"{name}, bytes per pass", drafted.per_pass, "bytes", 2.5, "higher"),
    ]


def _made(decoder: Decoder, way: Way, tile: Tile, choice: Choice, tally: Tally) -> bytes:
    return bytes(itertools.islice(way(decoder, tile, PROMPT_BYTES, choice, tally), MADE))


def _far_over_near(decoder: Decoder, text: bytes) -> float:
    """Give the median ratio of processor times, one after the other, so that both meet the same
    machine. The context is one kilobyte over and over, and what is read then is new to both: what
    the model recalls, and with it what fires, is the same.
    """
    starts = [decoder.read(text[:1024] * (size // 1024)).state() for size in FLAT]
    new = text[1024 : 1024 + STRETCH]
    ratios = []
    for _ in range(PAIRS):
        near, far = (_seconds(decoder, start.fork(), new) for start in starts)
        ratios.append(far / near)
    return float(np.median(ratios))


def _seconds(decoder: Decoder, state: State, text: bytes) -> float:
    """Give the processor time of reading byte by byte."""
    before = time.process_time()
    for byte in text:
        state = decoder.advance(state, [byte]).state()
    return time.process_time() - before
