"""A hybrid layer one patch at a time, in numpy: three paths, their gate, the experts.

Letters: E latent width, C state-space channels, N state size, H heads, S spiking neurons, L liquid
channels, X experts, R gate rank.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import CONV_TAPS, LONGEST_PATCH, TYPICAL_PATCH, Config
from selfd_models.network.layers import Parameters, View

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


def inverse_rms(x: Floats) -> float:
    """Give what scales a vector to unit mean square."""
    return 1.0 / math.sqrt(float(x.dot(x)) / len(x) + 1e-6)


def relu_squared(x: Floats) -> Floats:
    """Square what is above 0, in place."""
    np.maximum(x, 0.0, out=x)
    x *= x
    return x


class HybridStep:
    """A hybrid layer: three paths, their gate, the experts.

    One product gives all that the paths need of a patch, laid out so that what goes through the
    same function lies together: calls, not numbers, are what a small layer costs.
    """

    def __init__(self, p: Parameters, config: Config) -> None:
        channels, size, heads = config.state_channels, config.state_size, config.state_heads
        self._channels, self._size, self._heads = channels, size, heads
        gain = p["mixer.gain"][:, None]
        state_in = p["mixer.state.in"]
        parts = [
            state_in[:, channels:-heads],  # what is convolved, u, B, C
            state_in[:, :channels]
            * np.float32(0.5),  # the gate; halved: sigmoid(2 a) = (1 + tanh a) / 2
            p["mixer.liquid.target"],
            state_in[:, -heads:],  # the state space's step
            p["mixer.liquid.forget"],
            p["mixer.spike.in"],
            p["mixer.gate.down"],
        ]
        self._in = np.ascontiguousarray(np.concatenate(parts, axis=1) * gain)
        self._cuts = np.cumsum([part.shape[1] for part in parts]).tolist()
        self._conv = p["mixer.state.conv"][::-1] * np.float32(0.5)
        liquid = np.exp(p["mixer.liquid.rate"])
        nothing = np.zeros(heads, np.float32)
        self._soft_bias = np.concatenate((p["mixer.state.step"], np.zeros_like(liquid)))
        self._rate = np.concatenate((nothing, liquid))
        decay = -np.exp(p["mixer.state.decay"])
        # Per length of a patch: what turns a rate into the logarithm of what is kept.
        self._elapsed = [
            np.concatenate((decay, np.full_like(liquid, -length / TYPICAL_PATCH)))
            for length in range(LONGEST_PATCH + 1)
        ]
        self._skip = np.repeat(p["mixer.state.skip"], config.state_head)
        self._state_out = p["mixer.state.out"] * p["mixer.state.gain"][:, None]
        self._leak = 1.0 / (1.0 + np.exp(-p["mixer.spike.leak"]))
        self._threshold = p["mixer.spike.threshold"]
        self._spike_out = p["mixer.spike.out"]
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
            liquid=np.zeros(len(self._amplitude), np.float32),
        )

    def step(self, x: Floats, length: int, state: HybridState) -> tuple[Floats, HybridState]:
        """Take one patch in.   Args: x: (E,). length: bytes."""
        wide: Floats = (x * inverse_rms(x)).dot(self._in)
        convolved, gate, target, _, forget, spike, rank = self._cuts
        window = np.concatenate((state.ring, wide[None, :convolved]))
        np.add.reduce(window * self._conv, axis=0, out=wide[:convolved])
        bent = np.tanh(wide[:target])
        pull = bent[gate:]
        pull *= self._amplitude
        driven = bent[:gate]  # u, B, C and the gate, each times its sigmoid
        driven += 1.0
        driven *= wide[:gate]
        soft = wide[target:forget]
        soft += self._soft_bias
        soft = np.logaddexp(np.float32(0.0), soft)
        kept = soft + self._rate
        kept *= self._elapsed[length]
        np.exp(kept, out=kept)

        paths = np.empty((3, len(x)), np.float32)
        memory = self._remember(driven, soft, kept, state.memory, paths[0])
        potential, fired = self._spike(wide[forget:spike], state, paths[1])
        liquid = state.liquid - pull
        liquid *= kept[self._heads :]
        liquid += pull
        np.dot(liquid, self._liquid_out, out=paths[2])
        x = x + self._fuse(wide[spike:rank], paths)
        return self._experts.step(x), HybridState(window[1:], memory, potential, fired, liquid)

    def _remember(
        self, driven: Floats, step: Floats, kept: Floats, memory: Floats, out: Floats
    ) -> Floats:
        """Run the state-space path into `out`, (E,).   Returns: the memory."""
        channels, size, heads = self._channels, self._size, self._heads
        inputs, write = driven[:channels], driven[channels : channels + size]
        read, gate = driven[channels + size : channels + 2 * size], driven[channels + 2 * size :]
        memory = memory.reshape(heads, -1) * kept[:heads, None]
        stepped = inputs.reshape(heads, -1) * step[:heads, None]
        memory = memory.reshape(channels, size)
        memory += stepped.reshape(-1, 1) * write
        y = memory.dot(read)
        y += inputs * self._skip
        y *= gate
        y *= inverse_rms(y)
        np.dot(y, self._state_out, out=out)
        return memory

    def _spike(
        self, current: Floats, state: HybridState, out: Floats
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Run the spiking path into `out`, (E,).   Returns: the potential; who fired.

        Event-driven: only the rows of the neurons that fired are read.
        """
        potential = state.potential - current
        potential *= self._leak
        potential += current
        potential -= self._threshold * state.fired
        fired = potential > self._threshold
        np.add.reduce(self._spike_out.take(fired.nonzero()[0], axis=0), axis=0, out=out)
        return potential, fired

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
