"""Exact speculation at length: 200 prompts continued with drafts and without, on each backend.

It takes minutes on numpy and the better part of an hour on MLX without a graphics core.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.row import Row
from selfd_models.checkpoint import SHIPPED, load
from selfd_models.decoding.compiled.engine import CompiledEngine, serves
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.door_engine import DoorEngine
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.engine import Engine
from selfd_models.decoding.numpy_engine import NumpyEngine
from selfd_models.decoding.speculation import Choice, Tally, Way, plain, speculative
from selfd_models.errors import BackendError
from selfd_models.ops import load_ops
from selfd_models.training.evaluation.held_out import HeldOut

PROMPTS, PROMPT_BYTES, MADE = 200, 64, 512
TEMPERATURES = (0.0, 0.8)


def rows(data: Path | None) -> Sequence[Row]:
    """Measure every backend that is installed."""
    if data is None:
        return []
    prompts = _prompts(HeldOut.read(data / "text", "en_valid*", PROMPTS))
    checkpoint, drafter = load(SHIPPED), Drafter.load()
    engines: dict[str, Engine] = {"numpy": NumpyEngine(checkpoint.parameters, checkpoint.config)}
    if serves(checkpoint.config):
        engines["compiled"] = CompiledEngine(checkpoint)
    try:
        ops = load_ops("mlx")
        engines["mlx"] = DoorEngine(checkpoint.parameters, checkpoint.config, ops)
    except BackendError as error:
        sys.stderr.write(f"{error}\n")
    found = []
    for name, engine in engines.items():
        decoder = Decoder(checkpoint, drafter, engine)
        for temperature in TEMPERATURES:
            found += _both(f"speculation: {name}, T={temperature}", decoder, prompts, temperature)
    return found


def _prompts(held_out: HeldOut) -> list[bytes]:
    """Give as many of each kind of text: the beginnings of pieces, then their middles."""
    each = PROMPTS // len(held_out.pieces)
    return [
        piece[at : at + PROMPT_BYTES].tobytes()
        for pieces in held_out.pieces.values()
        for at, piece in list(itertools.product((0, len(pieces[0]) // 2), pieces))[:each]
    ]


def _both(name: str, decoder: Decoder, prompts: list[bytes], temperature: float) -> list[Row]:
    wrong, tally = 0, Tally()
    for number, prompt in enumerate(prompts):
        choice = Choice(temperature, seed=number)
        alone = _made(decoder, plain, prompt, choice, Tally())
        wrong += alone != _made(decoder, speculative, prompt, choice, tally)
        if number % 20 == 19:
            sys.stderr.write(f"{name}: {number + 1} prompts, {wrong} differ\n")
    of = f"of {len(prompts)}"
    return [
        Row(f"{name}, texts that differ", float(wrong), of, 0.0, "lower", f"{MADE} bytes each"),
        Row(f"{name}, bytes per verify", tally.per_pass, "bytes", 2.5, "higher"),
    ]


def _made(decoder: Decoder, way: Way, prompt: bytes, choice: Choice, tally: Tally) -> bytes:
    tile = decoder.read(prompt)
    return bytes(itertools.islice(way(decoder, tile, len(prompt), choice, tally), MADE))
