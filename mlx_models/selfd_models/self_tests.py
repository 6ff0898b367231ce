"""Tests of a model by itself: does it know its own text, and would it notice a change of itself.

Those that take a path are called in a process of their own, bytes in and JSON out: they go to the
lowest priority, and the weights are read once and stay for later calls.
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
from selfd_models.layout import Layout, lay_out
from selfd_models.network.model import draft, forward, logits
from selfd_models.ops import load_ops

Bits = NDArray[np.float32]

ROUNDING = 2.0**-23  # how far another machine's arithmetic may be off, in shares of a number


def read_weights(_: bytes, path: str) -> dict[str, Any]:
    """Read the weights that serve, and give the fingerprint that follows from their arrays."""
    checkpoint, _model = _loaded(path)
    return {"fingerprint": checkpoint.fingerprint}


def own_and_other(
    body: bytes, path: str, seed: int, given: int, temperature: float
) -> dict[str, float]:
    """Continue the first bytes of a text, and give the bits per byte of both continuations."""
    own, other = continued(_loaded(path)[1], body, seed, given=given, temperature=temperature)
    return {"own": own, "other": other}


def continued(
    model: BuiltinModel, body: bytes, seed: int, *, given: int, temperature: float
) -> tuple[float, float]:
    """Give the bits per byte of a model's continuation of a text, and of the text's own."""
    beginning = body[:given].decode(errors="ignore")
    prompt, other = beginning.encode(), body[given:]
    made = model.complete(beginning, max_bytes=len(other), temperature=temperature, seed=seed)
    own = b"".join(made)
    return _bits(model, prompt, own), _bits(model, prompt, other)


def bits_per_byte(body: bytes, path: str) -> dict[str, float]:
    """Give the bits per byte of a text."""
    _, model = _loaded(path)
    return {"bits": _bits(model, b"", body)}


def change(body: bytes, path: str, seed: int, sham: bool) -> dict[str, Any]:
    """Change a copy of the weights, or not, and give how far that moves what they expect."""
    return changed(_loaded(path)[0], body, seed, sham=sham)


def changed(checkpoint: Checkpoint, body: bytes, seed: int, *, sham: bool) -> dict[str, Any]:
    """Give how far what both heads expect of a text moves in a copy that was changed, or not.

    A change adds noise to one array, of a share of its spread between a thousandth and a half. A
    sham only rounds every array anew, as another machine's arithmetic would.
    """
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
    before = _expected(checkpoint, body)
    after = _expected(replace(checkpoint, parameters=parameters), body)
    moved = sum(float(np.abs(new - old).mean()) for new, old in zip(after, before, strict=True))
    return {"moved": moved, "array": name, "share": share}


@cache
def _loaded(path: str) -> tuple[Checkpoint, BuiltinModel]:
    os.nice(19)
    checkpoint = load(Path(path))
    return checkpoint, BuiltinModel(checkpoint, "numpy")


def _expected(checkpoint: Checkpoint, body: bytes) -> tuple[Bits, Bits]:
    """Give the bits of a text's bytes by the head that writes, and of all bytes by the draft head.

    Returns: (T,) and (T, K, 256).
    """
    ops, config = load_ops("numpy"), checkpoint.config
    p = {name: ops.array(value) for name, value in checkpoint.parameters.items()}
    data = np.frombuffer(body, np.uint8)
    layout = Layout(*map(ops.array, lay_out([data], checkpoint.patcher, config)))
    out = forward(p, layout, config, ops=ops)
    own = _bits_of(ops.numpy(logits(p, out.decoded))[0])
    drafted = _bits_of(ops.numpy(draft(p, out.decoded[0], out.context[0], config, ops=ops)))
    return own[np.arange(len(data)), data], drafted


def _bits_of(scores: Bits) -> Bits:
    """Turn scores into the bits of each byte.   Args: scores: (..., 256)."""
    scores = scores - scores.max(axis=-1, keepdims=True)
    total: Bits = np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return (total - scores) / np.float32(np.log(2.0))


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Bits:
    return rng.standard_normal(shape, dtype=np.float32)


def _bits(model: BuiltinModel, prompt: bytes, continued: bytes) -> float:
    return float(_surprise(model, prompt + continued)[len(prompt) :].mean())


def _surprise(model: BuiltinModel, body: bytes) -> Bits:
    return model.surprise(np.frombuffer(body, np.uint8))
