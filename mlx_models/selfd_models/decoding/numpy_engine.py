"""The fast engine on processors: few calls, gains folded in, rows that share products."""

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import CONV_TAPS, Config
from selfd_models.decoding.engine import Decoded, Encoded, room
from selfd_models.decoding.hybrid_step import inverse_rms, relu_squared
from selfd_models.decoding.latent_steps import LatentState, LatentSteps
from selfd_models.decoding.row_products import normalise, paired, share, times
from selfd_models.network.layers import Parameters, View

Floats = NDArray[np.float32]


class _Block:
    """One convolution block of the encoder or the decoder."""

    def __init__(self, p: Parameters) -> None:
        self._conv = np.ascontiguousarray(p["conv"][::-1] * p["gain"])
        self.up, self.down = p["up"], p["down"]

    def run(self, x: Floats, window: Floats, shared: bool) -> Floats:
        """Add the block to each row.

        Args: x: (R, D). window: what is convolved, (R + 3, D), whose first three rows are filled;
            or (R, 4, D), each one's first three, where the rows belong to different texts. The
            rest is filled here.
        """
        before = CONV_TAPS - 1
        near = window
        if window.ndim == 3:
            window[:, before] = normalise(x)
        else:
            window[before:] = normalise(x)
            step, item = window.strides
            shape, strides = (len(x), CONV_TAPS, x.shape[1]), (step, step, item)
            near = np.ndarray(shape, np.float32, window, 0, strides)
        mixed = np.add.reduce(near * self._conv, axis=1)
        hidden = relu_squared(times(mixed, self.up, shared))
        return x + times(hidden, self.down, shared)


class NumpyEngine:
    """`Engine` with the weights laid out for single bytes."""

    exact = True

    def __init__(self, p: Parameters, config: Config) -> None:
        encoder = [View(p, f"encoder.{number}") for number in range(config.encoder_layers)]
        decoder = [View(p, f"decoder.{number}") for number in range(config.decoder_layers)]
        self._encoder, self._decoder = list(map(_Block, encoder)), list(map(_Block, decoder))
        self._latent = LatentSteps(p, config)
        self._pooled_gain = p["patch.gain"]
        self._patch, self._length = p["patch.weight"], p["patch.length"]
        self._context = p["context.weight"] * p["context.gain"][:, None]
        self._head = p["head.weight"] * p["head.gain"][:, None]
        blocks = [*self._encoder, *self._decoder]
        weights = [self._head, *(weight for block in blocks for weight in (block.up, block.down))]
        self._shared = share(frozenset((len(weight), weight.shape[1]) for weight in weights))

    def encode(self, x: Floats, rings: Floats) -> Encoded:
        """Run the encoder."""
        size = len(x)
        x, windows = self._run(self._encoder, x, rings)
        return Encoded(x[:size], windows, normalise(x) * self._pooled_gain)

    def decode(self, x: Floats, rings: Floats) -> Decoded:
        """Run the decoder and the head."""
        size = len(x)
        x, windows = self._run(self._decoder, x, rings)
        normal = normalise(x)
        return Decoded(times(normal, self._head, self._shared)[:size], normal, windows)

    def _run(self, blocks: list[_Block], x: Floats, rings: Floats) -> tuple[Floats, Floats]:
        """Run blocks on rows; where rows share products, on an even number of them."""
        size, apart = len(x), rings.ndim == 4
        if self._shared and size % 2:
            x = paired(x)
        windows = room(rings, len(x))
        if apart and len(x) > size:
            windows[:, size:, : CONV_TAPS - 1] = rings[:, -1:]
        for block, window in zip(blocks, windows, strict=True):
            x = block.run(x, window, self._shared)
        return x, windows

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""
        return self._latent.start()

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in."""
        patch = pooled.dot(self._patch) + self._length[length]
        z, state = self._latent.step(patch, length, state)
        return (z * inverse_rms(z)).dot(self._context), state
