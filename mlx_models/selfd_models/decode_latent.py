"""The latent one patch at a time, in numpy: the plain recurrences, with gains folded into matrices.

Every layer is `step(x, ..., state) -> (x, state)`. A state's arrays are never changed, with one
exception: an attention layer appends to its keys and values in place, beyond what any older state
of the same line reads (`fork` separates two lines).
Letters: E latent width, C state-space channels, N state size, H heads, S spiking neurons, L liquid
channels, X experts, W head width, V key heads, P the window.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.attention import ROTARY_BASE
from selfd_models.config import CONV_TAPS, TYPICAL_PATCH, Config
from selfd_models.layers import Parameters, View

Floats = NDArray[np.float32]


class HybridState(NamedTuple):
    """ring: (3, C + 2N), inputs of the convolution. memory: (C, N). potential, fired: (S,).
    liquid: (L,).
    """

    ring: Floats
    memory: Floats
    potential: Floats
    fired: NDArray[np.bool_]
    liquid: Floats


class AttentionState(NamedTuple):
    """keys, values: (V, 2 P, W), of which the first `used` are filled. patches: read in all."""

    keys: Floats
    values: Floats
    used: int
    patches: int


LayerState = HybridState | AttentionState
LatentState = tuple[LayerState, ...]
"""The layers before the core, the core's first run, its second, and the layers after."""


def inverse_rms(x: Floats) -> float:
    """Give what scales a vector to unit mean square."""
    return 1.0 / math.sqrt(float(x.dot(x)) / len(x) + 1e-6)


def relu_squared(x: Floats) -> Floats:
    """Square what is above 0, in place."""
    np.maximum(x, 0.0, out=x)
    x *= x
    return x


def _silu(x: Floats) -> Floats:
    """Multiply by the sigmoid; written with tanh, which never overflows."""
    gate: Floats = np.tanh(x * 0.5)
    gate += 1.0
    gate *= x
    gate *= 0.5
    return gate


class HybridStep:
    """A hybrid layer: three paths, their gate, the experts."""

    def __init__(self, p: Parameters, config: Config) -> None:
        gain = p["mixer.gain"][:, None]
        joined = ("state.in", "spike.in", "liquid.forget", "liquid.target", "gate.down")
        parts = [p[f"mixer.{name}"] for name in joined]
        self._in = np.ascontiguousarray(np.concatenate(parts, axis=1) * gain)
        self._cuts = np.cumsum([0] + [part.shape[1] for part in parts]).tolist()
        self._channels, self._size = config.state_channels, config.state_size
        self._heads = config.state_heads
        self._conv = np.ascontiguousarray(p["mixer.state.conv"][::-1])
        self._step_bias = p["mixer.state.step"]
        self._decay = -np.exp(p["mixer.state.decay"])
        self._skip = np.repeat(p["mixer.state.skip"], config.state_head)
        self._state_out = p["mixer.state.out"] * p["mixer.state.gain"][:, None]
        self._leak = 1.0 / (1.0 + np.exp(-p["mixer.spike.leak"]))
        self._threshold = p["mixer.spike.threshold"]
        self._spike_out = p["mixer.spike.out"]
        self._rate = np.exp(p["mixer.liquid.rate"])
        self._amplitude = p["mixer.liquid.amplitude"]
        self._liquid_out = p["mixer.liquid.out"]
        self._gate_up = p["mixer.gate.up"]
        self._gate_scale = p["mixer.gate.scale"]
        self._experts = ExpertsStep(View(p, "experts"))

    def start(self) -> HybridState:
        """Give the state before the first patch."""
        return HybridState(
            ring=np.zeros((CONV_TAPS - 1, self._channels + 2 * self._size), np.float32),
            memory=np.zeros((self._channels, self._size), np.float32),
            potential=np.zeros(len(self._leak), np.float32),
            fired=np.zeros(len(self._leak), bool),
            liquid=np.zeros(len(self._rate), np.float32),
        )

    def step(self, x: Floats, length: int, state: HybridState) -> tuple[Floats, HybridState]:
        """Take one patch in.   Args: x: (E,). length: bytes."""
        wide: Floats = (x * inverse_rms(x)).dot(self._in)
        end, spike, forget, target, down = self._cuts[1:]
        paths = np.empty((3, len(x)), np.float32)
        ring, memory, paths[0] = self._state_space(wide[:end], state)
        potential = self._leak * (state.potential - wide[end:spike])
        potential += wide[end:spike]
        potential -= self._threshold * state.fired
        fired = potential > self._threshold
        # Event-driven: only the rows of the neurons that fired are read.
        np.add.reduce(self._spike_out.take(fired.nonzero()[0], axis=0), axis=0, out=paths[1])
        rate = self._rate + np.logaddexp(np.float32(0.0), wide[spike:forget])
        pull = np.tanh(wide[forget:target])
        pull *= self._amplitude
        rate *= -length / TYPICAL_PATCH
        liquid = np.exp(rate) * (state.liquid - pull)
        liquid += pull
        np.dot(liquid, self._liquid_out, out=paths[2])
        x = x + self._fuse(wide[target:down], paths)
        return self._experts.step(x), HybridState(ring, memory, potential, fired, liquid)

    def _state_space(self, wide: Floats, state: HybridState) -> tuple[Floats, Floats, Floats]:
        """Run the state-space path.   Returns: the ring, the memory, the path (E,)."""
        channels, size, heads = self._channels, self._size, self._heads
        window = np.concatenate((state.ring, wide[None, channels:-heads]))
        both = np.empty(2 * channels + 2 * size, np.float32)  # the gate, then what was convolved
        both[:channels] = wide[:channels]
        np.add.reduce(window * self._conv, axis=0, out=both[channels:])
        both = _silu(both)
        driven = both[channels : 2 * channels]
        write, read = both[2 * channels : 2 * channels + size], both[2 * channels + size :]
        step = np.logaddexp(np.float32(0.0), wide[-heads:] + self._step_bias)
        kept = np.exp(step * self._decay)[:, None]  # (H, 1)
        memory = (state.memory.reshape(heads, -1) * kept).reshape(channels, size)
        stepped = (driven.reshape(heads, -1) * step[:, None]).reshape(-1, 1)
        memory += stepped * write
        y = memory.dot(read)
        y += driven * self._skip
        y *= both[:channels]
        y *= inverse_rms(y)
        return window[1:], memory, y.dot(self._state_out)

    def _fuse(self, rank: Floats, paths: Floats) -> Floats:
        """Weigh the paths.   Args: rank: (R,), the gate's inner values. paths: (3, E)."""
        scores = rank.dot(self._gate_up).reshape(paths.shape)
        scores -= np.maximum.reduce(scores, axis=0)
        np.exp(scores, out=scores)
        total = np.add.reduce(scores, axis=0)
        for path in paths:
            path *= inverse_rms(path)
        paths *= self._gate_scale
        paths *= scores
        mixed: Floats = np.add.reduce(paths, axis=0)
        mixed /= total
        return mixed


class ExpertsStep:
    """A layer's experts: the shared one, and the best two of the others."""

    def __init__(self, p: Parameters) -> None:
        gain = p["gain"][:, None]
        self._experts = p["router"].shape[1]
        both = np.concatenate([p["router"], p["shared_up"]], axis=1)
        self._first = np.ascontiguousarray(both * gain)
        self._shared_down = p["shared_down"]
        self._bias = p["bias"]
        self._up = [np.ascontiguousarray(up * gain) for up in p["up"]]
        self._down = list(p["down"])

    def step(self, x: Floats) -> Floats:
        """Add the experts' answer.   Args: x: (E,)."""
        normal = x * inverse_rms(x)
        wide: Floats = normal.dot(self._first)
        scores = np.tanh(wide[: self._experts] * 0.5)
        scores += 1.0  # twice the sigmoid: the weights are shares, the bias counts double
        biased = (scores + self._bias * 2.0).tolist()
        best = biased.index(max(biased))
        biased[best] = -math.inf
        second = biased.index(max(biased))
        mine, other = float(scores[best]), float(scores[second])
        x = x + relu_squared(wide[self._experts :]).dot(self._shared_down)
        for expert, weight in ((best, mine), (second, other)):
            hidden = relu_squared(normal.dot(self._up[expert]))
            hidden *= weight / (mine + other)
            x += hidden.dot(self._down[expert])
        return x


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
        half = config.head_width // 2
        speeds = ROTARY_BASE ** -(np.arange(half, dtype=np.float32) / np.float32(half))
        self._speeds = speeds.astype(np.float32)
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
        keys, values, used, patches = state
        if used == keys.shape[1]:
            kept = self._window - 1
            both = np.zeros((2, *keys.shape), np.float32)
            both[0, :, :kept], both[1, :, :kept] = keys[:, -kept:], values[:, -kept:]
            keys, values, used = both[0], both[1], kept
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
