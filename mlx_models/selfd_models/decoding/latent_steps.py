"""The latent one patch at a time, in numpy: the plain recurrences, with gains folded into matrices.

Every layer is `step(x, ..., state) -> (x, state)`. A state's arrays are never changed, with one
exception: an attention layer appends to its keys and values in place, beyond what any older state
of the same line reads (`fork` separates two lines).
Letters: E latent width, H heads, W head width, V key heads, P the window.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import Config
from selfd_models.decoding.hybrid_step import HybridState, HybridStep, inverse_rms, relu_squared
from selfd_models.network.attention import ROTARY_BASE
from selfd_models.network.layers import Parameters, View

Floats = NDArray[np.float32]


class AttentionState(NamedTuple):
    """keys, values: (V, 2 P, W), of which the first `used` are filled. patches: read in all."""

    keys: Floats
    values: Floats
    used: int
    patches: int


LayerState = HybridState | AttentionState
LatentState = tuple[LayerState, ...]
"""The layers before the core, the core's first run, its second, and the layers after."""


def rotary_speeds(head_width: int) -> Floats:
    """Give how fast each pair of a head's numbers turns, in radians a patch: (W / 2,)."""
    half = head_width // 2
    speeds = ROTARY_BASE ** -(np.arange(half, dtype=np.float32) / np.float32(half))
    return speeds.astype(np.float32)


def with_room(state: AttentionState, window: int) -> AttentionState:
    """Give a state that one more patch can be appended to; a full one keeps what is still seen."""
    keys, values, used, patches = state
    if used < keys.shape[1]:
        return state
    kept = window - 1
    both = np.zeros((2, *keys.shape), np.float32)
    both[0, :, :kept], both[1, :, :kept] = keys[:, -kept:], values[:, -kept:]
    return AttentionState(both[0], both[1], kept, patches)


class AttentionStep:
    """An attention layer and its dense layer."""

    def __init__(self, p: Parameters, config: Config) -> None:
        gain = p["mixer.gain"][:, None]
        parts = [p[f"mixer.{name}"] for name in ("query", "key", "value")]
        self._in = np.ascontiguousarray(np.concatenate(parts, axis=1) * gain)
        self._heads, self._kv, self._width = config.heads, config.kv_heads, config.head_width
        query = p["mixer.query_gain"] * np.float32(config.head_width**-0.5)
        self._gains = np.stack([query] * config.heads + [p["mixer.key_gain"]] * config.kv_heads)
        self._out = p["mixer.out"]
        self._window = config.window
        self._speeds = rotary_speeds(config.head_width)
        self._up = np.ascontiguousarray(p["dense.up"] * p["dense.gain"][:, None])
        self._down = p["dense.down"]

    def start(self) -> AttentionState:
        """Give the state before the first patch."""
        empty = np.zeros((2, self._kv, 2 * self._window, self._width), np.float32)
        return AttentionState(empty[0], empty[1], 0, 0)

    def step(self, x: Floats, length: int, state: AttentionState) -> tuple[Floats, AttentionState]:
        """Take one patch in.   Args: x: (E,). length: not used; layers are called alike."""
        wide: Floats = (x * inverse_rms(x)).dot(self._in)
        turning = (self._heads + self._kv) * self._width
        turned = self._turn(wide[:turning].reshape(-1, self._width), state.patches)
        state = self._append(state, turned[self._heads :], wide[turning:].reshape(self._kv, -1))
        seen = slice(max(0, state.used - self._window), state.used)
        query = turned[: self._heads].reshape(self._kv, -1, self._width)
        scores = query @ state.keys[:, seen].transpose(0, 2, 1)  # (V, H / V, seen)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= np.add.reduce(scores, axis=-1, keepdims=True)
        x = x + (scores @ state.values[:, seen]).reshape(-1).dot(self._out)
        hidden = relu_squared((x * inverse_rms(x)).dot(self._up))
        x += hidden.dot(self._down)
        return x, state

    def _turn(self, heads: Floats, position: int) -> Floats:
        """Normalise each query and key and turn it by its position.   Args: heads: (H + V, W)."""
        square: Floats = np.add.reduce(heads * heads, axis=1, keepdims=True)
        mean: Floats = square / np.float32(self._width)
        heads = heads * (np.float32(1.0) / np.sqrt(mean + np.float32(1e-6)))
        heads *= self._gains
        angles = self._speeds * np.float32(position)
        cos, sin = np.cos(angles), np.sin(angles)
        half = self._width // 2
        left, right = heads[:, :half], heads[:, half:]
        return np.concatenate((left * cos - right * sin, left * sin + right * cos), axis=1)

    def _append(self, state: AttentionState, key: Floats, value: Floats) -> AttentionState:
        keys, values, used, patches = with_room(state, self._window)
        keys[:, used], values[:, used] = key, value
        return AttentionState(keys, values, used + 1, patches + 1)


class LatentSteps:
    """All latent layers, the core twice."""

    def __init__(self, p: Parameters, config: Config) -> None:
        self._layers = [
            (HybridStep if kind == "H" else AttentionStep)(View(p, f"latent.{number}"), config)
            for number, kind in enumerate(config.layer_kinds())
        ]
        self._core = config.core
        self._gamma = p["core.gamma"]

    def start(self) -> LatentState:
        """Give the state before the first patch."""
        first, after = self._core
        runs = [*self._layers[:after], *self._layers[first:after], *self._layers[after:]]
        return tuple(layer.start() for layer in runs)

    def step(self, x: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take one patch in.   Args: x: (E,). length: bytes.   Returns: (E,); the state."""
        first, after = self._core
        states = iter(state)
        new: list[LayerState] = []

        def run(x: Floats, start: int, end: int) -> Floats:
            for layer in self._layers[start:end]:
                x, left = layer.step(x, length, next(states))  # type: ignore[arg-type]  # in step
                new.append(left)
            return x

        x = run(x, 0, first)
        once = run(x, first, after)
        again = run(x + once, first, after)
        again -= once
        again *= self._gamma
        again += once
        return run(again, after, len(self._layers)), tuple(new)


def fork(state: LatentState) -> LatentState:
    """Give a state that may be stepped without touching the other's keys and values."""
    return tuple(
        layer._replace(keys=layer.keys.copy(), values=layer.values.copy())
        if isinstance(layer, AttentionState)
        else layer
        for layer in state
    )
