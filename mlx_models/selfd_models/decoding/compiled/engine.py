"""The fastest engine on processors: one call of the kernels for a byte, a tile, a patch.

They multiply by the 4-bit weights as they lie in the file, an eighth of the bytes that float32 has
to fetch. The library is built where selfd is installed and a C compiler is at hand (decision 0026);
without it `NumpyEngine` serves. Letters: R rows of a tile, D byte width.
"""

import ctypes

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import BYTES, CONV_TAPS, Config
from selfd_models.decoding.compiled.library import kernels
from selfd_models.decoding.compiled.weights import KernelWeights, address
from selfd_models.decoding.engine import Decoded, Encoded, LatentState, room
from selfd_models.decoding.latent_steps import AttentionState, with_room

Floats = NDArray[np.float32]

_MOST_EXPERTS = 64  # latent.h


def serves(config: Config) -> bool:
    """Say whether the kernels are there, and made for such a model."""
    fits = config.experts_used == 2 and config.experts <= _MOST_EXPERTS
    return fits and kernels() is not None


class CompiledEngine:
    """`Engine` by the kernels; `serves` says whether it can be had."""

    exact = True

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Lay the weights out.   Raises: RuntimeError: there are no kernels."""
        found, config = kernels(), checkpoint.config
        if found is None:
            raise RuntimeError("the kernels were not built: install selfd where a C compiler is")
        self._kernels = found
        self._weights = KernelWeights(checkpoint.parameters, checkpoint.packed)
        self._laid = self._weights.model(config)
        self._model = ctypes.addressof(self._laid)
        self._width, self._window = config.byte_width, config.window
        first, after = config.core
        kinds = config.layer_kinds()
        runs = [*kinds[:after], *kinds[first:after], *kinds[after:]]
        ring = (CONV_TAPS - 1) * (config.state_channels + 2 * config.state_size)
        memory = config.state_channels * config.state_size
        self._state = runs.count("H") * (ring + memory + 2 * config.spiking + config.liquid)
        self._caches = (
            max(runs.count("A"), 1) * config.kv_heads,
            2 * config.window,
            config.head_width,
        )
        self._filled = self._laid.context.filled

    def encode(self, x: Floats, rings: Floats) -> Encoded:
        """Run the encoder."""
        windows, pooled = room(rings, len(x)), np.empty_like(x)
        arrays = (x, windows, pooled)
        self._kernels.encode(self._model, len(x), rings.ndim == 4, *map(address, arrays))
        return Encoded(x, windows, pooled)

    def decode(self, x: Floats, rings: Floats) -> Decoded:
        """Run the decoder and the head."""
        windows, normal = room(rings, len(x)), np.empty_like(x)
        logits = np.empty((len(x), BYTES), np.float32)
        arrays = (x, windows, normal, logits)
        self._kernels.decode(self._model, len(x), rings.ndim == 4, *map(address, arrays))
        return Decoded(logits, normal, windows)

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""
        keys, values = np.zeros((2, *self._caches), np.float32)
        return np.zeros(self._state, np.float32), AttentionState(keys, values, 0, 0)

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in."""
        held, seen = state[0], with_room(state[1], self._window)
        new, context = np.empty_like(held), np.empty(self._filled, np.float32)
        arrays = (pooled, held, new, seen.keys, seen.values, context)
        self._kernels.step(self._model, length, seen.used, seen.patches, *map(address, arrays))
        after = AttentionState(seen.keys, seen.values, seen.used + 1, seen.patches + 1)
        return context[: self._width], (new, after)
