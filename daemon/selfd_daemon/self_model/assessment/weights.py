"""What the examiner does in a process of its own, at the lowest priority: all that takes the model.

Functions for `child.Child`: bytes in, JSON out. The weights are read once and stay for later calls.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import Checkpoint, load

ROUNDING = 2.0**-23  # how far another machine's arithmetic may be off, in shares of a number


def read_weights(_: bytes, path: str) -> dict[str, Any]:
    """Read the weights that serve, and give the fingerprint that follows from their arrays."""
    checkpoint, _model = _loaded(path)
    return {"fingerprint": checkpoint.fingerprint}


def own_and_other(
    body: bytes, path: str, seed: int, given: int, temperature: float
) -> dict[str, float]:
    """Continue the first bytes of a text, and give the bits per byte of both continuations."""
    _, model = _loaded(path)
    beginning = body[:given].decode(errors="ignore")
    prompt, other = beginning.encode(), body[given:]
    made = model.complete(beginning, max_bytes=len(other), temperature=temperature, seed=seed)
    own = b"".join(made)
    return {"own": _bits(model, prompt, own), "other": _bits(model, prompt, other)}


def bits_per_byte(body: bytes, path: str) -> dict[str, float]:
    """Give the bits per byte of a text."""
    _, model = _loaded(path)
    return {"bits": _bits(model, b"", body)}


def change(body: bytes, path: str, seed: int, sham: bool) -> dict[str, Any]:
    """Give how far the surprise at a text moves in a copy whose weights were changed, or not.

    A change adds noise to one array, of a share of its spread between a thousandth and a half. A
    sham only rounds every array anew, as another machine's arithmetic would.
    """
    checkpoint, model = _loaded(path)
    rng = np.random.default_rng(seed)
    parameters = dict(checkpoint.parameters)
    share, name = 0.0, ""
    if sham:
        for each, value in parameters.items():
            parameters[each] = value * (1 + ROUNDING * _noise(rng, value.shape))
    else:
        names = sorted(each for each, value in parameters.items() if value.ndim >= 2)
        name = names[int(rng.integers(len(names)))]
        share = float(10 ** rng.uniform(-3.0, np.log10(0.5)))
        value = parameters[name]
        parameters[name] = value + share * float(value.std()) * _noise(rng, value.shape)
    copy = BuiltinModel(replace(checkpoint, parameters=parameters), "numpy")
    before, after = _surprise(model, body), _surprise(copy, body)
    return {"moved": float(np.abs(after - before).mean()), "array": name, "share": share}


@cache
def _loaded(path: str) -> tuple[Checkpoint, BuiltinModel]:
    os.nice(19)
    checkpoint = load(Path(path))
    return checkpoint, BuiltinModel(checkpoint, "numpy")


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return rng.standard_normal(shape, dtype=np.float32)


def _bits(model: BuiltinModel, prompt: bytes, continued: bytes) -> float:
    return float(_surprise(model, prompt + continued)[len(prompt) :].mean())


def _surprise(model: BuiltinModel, body: bytes) -> NDArray[np.float32]:
    return model.surprise(np.frombuffer(body, np.uint8))
