"""The fastest engine on processors: kernels.c, one call per tile and per patch.

It multiplies by the 4-bit weights as they lie in the file, an eighth of the bytes that float32 has
to fetch. The library is built when selfd is installed and a C compiler is there (hatch_build.py);
without it `NumpyEngine` serves. Letters: R rows of a tile, D byte width.
"""

import ctypes
import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import BYTES, CONV_TAPS, Config
from selfd_models.decoding.engine import Decoded, Encoded, LatentState
from selfd_models.decoding.kernel_weights import KernelWeights
from selfd_models.decoding.latent_steps import AttentionState, with_room

Floats = NDArray[np.float32]

SOURCE = Path(__file__).with_name("kernels.c")
LIBRARY = SOURCE.with_suffix(".so")

_MOST_EXPERTS = 64
_INT, _POINTER = ctypes.c_int, ctypes.c_void_p
_ARGUMENTS = {
    "selfd_encode": [_POINTER, _INT, _INT, *[_POINTER] * 3],
    "selfd_decode": [_POINTER, _INT, _INT, *[_POINTER] * 4],
    "selfd_step": [_POINTER, _INT, _INT, _INT, *[_POINTER] * 6],
    "selfd_multiply": [_POINTER] * 3,
}


@cache
def kernels() -> ctypes.PyDLL | None:
    """Load the library; None if it was not built, or from another source than the one beside it.

    A call takes less than the interpreter's own turn of 5 ms, so that its lock is kept.
    """
    try:
        found = ctypes.PyDLL(str(LIBRARY))
        told = ctypes.c_char_p.in_dll(found, "selfd_source").value
    except (OSError, ValueError):
        return None
    if told != hashlib.sha256(SOURCE.read_bytes()).hexdigest().encode():
        return None
    for name, arguments in _ARGUMENTS.items():
        getattr(found, name).argtypes, getattr(found, name).restype = arguments, None
    return found


def serves(config: Config) -> bool:
    """Say whether the kernels are there, and made for such a model."""
    fits = config.experts_used == 2 and config.experts <= _MOST_EXPERTS
    return fits and kernels() is not None


class CompiledEngine:
    """`Engine` by the kernels; `serves` says whether it can be had."""

    exact = True

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Lay the weights out.   Raises: RuntimeError: there are no kernels."""
        library, config = kernels(), checkpoint.config
        if library is None:
            raise RuntimeError("the kernels were not built: install selfd where a C compiler is")
        self._encode, self._decode = library.selfd_encode, library.selfd_decode
        self._step = library.selfd_step
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
        self._caches = (runs.count("A") * config.kv_heads, 2 * config.window, config.head_width)
        self._filled = self._laid.context.filled

    def encode(self, x: Floats, rings: tuple[Floats, ...]) -> Encoded:
        """Run the encoder."""
        x, windows, apart = x.copy(), _windows(x, rings), rings[0].ndim == 3
        pooled = np.empty_like(x)
        self._encode(self._model, len(x), apart, _at(x), _at(windows), _at(pooled))
        return Encoded(x, list(windows), pooled)

    def decode(self, x: Floats, rings: tuple[Floats, ...]) -> Decoded:
        """Run the decoder and the head."""
        x, windows, apart = x.copy(), _windows(x, rings), rings[0].ndim == 3
        normal, logits = np.empty_like(x), np.empty((len(x), BYTES), np.float32)
        given = (_at(x), _at(windows), _at(normal), _at(logits))
        self._decode(self._model, len(x), apart, *given)
        return Decoded(logits, normal, list(windows))

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""
        keys, values = np.zeros((2, *self._caches), np.float32)
        return np.zeros(self._state, np.float32), AttentionState(keys, values, 0, 0)

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in."""
        held, seen = state[0], with_room(state[1], self._window)
        new, context = np.empty_like(held), np.empty(self._filled, np.float32)
        given = (_at(pooled), _at(held), _at(new), _at(seen.keys), _at(seen.values), _at(context))
        self._step(self._model, length, seen.used, seen.patches, *given)
        after = AttentionState(seen.keys, seen.values, seen.used + 1, seen.patches + 1)
        return context[: self._width], (new, after)


def _windows(x: Floats, rings: tuple[Floats, ...]) -> Floats:
    """Make room for what is convolved, after what came before.

    Returns: (layers, R + 3, D); or (layers, R, 4, D) of rows that belong to different texts.
    """
    size, width = x.shape
    before = CONV_TAPS - 1
    if rings[0].ndim == 3:
        windows = np.empty((len(rings), size, CONV_TAPS, width), np.float32)
        for window, ring in zip(windows, rings, strict=True):
            window[:, :before] = ring
    else:
        windows = np.empty((len(rings), size + before, width), np.float32)
        for window, ring in zip(windows, rings, strict=True):
            window[:before] = ring
    return windows


def _at(array: Floats) -> int:
    """Give an array's address."""
    address: int = array.__array_interface__["data"][0]
    return address
