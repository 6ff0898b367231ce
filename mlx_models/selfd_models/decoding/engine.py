"""What decodes: the arithmetic below the integers, three times.

`DoorEngine` (door_engine.py) is the plain form, on any backend; `CompiledEngine` (compiled/) the
fast one on processors, and `NumpyEngine` what serves where that was not built. All take and give
numpy; what stays with an engine is the latent's state.
Letters: R rows of a tile, D byte width.
"""

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import CONV_TAPS

Floats = NDArray[np.float32]

LatentState: TypeAlias = Any
"""An engine's own; another engine cannot read it."""


class Encoded(NamedTuple):
    """x: (R, D). windows: what each convolution read, (layers, R + 3, D), or (layers, R, 4, D) of
    several texts. pooled: (R, D), rows as patches take them in. All but `x` may hold more rows
    than were asked.
    """

    x: Floats
    windows: Floats
    pooled: Floats


class Decoded(NamedTuple):
    """logits: (R, 256). normal: (R, D). windows: as of `Encoded`; may hold more rows as well."""

    logits: Floats
    normal: Floats
    windows: Floats


class Engine(Protocol):
    """Rows through the byte layers, patches through the latent.

    x may be changed. rings: of the convolutions of the encoder or the decoder, (layers, 3, D), what
    came before the first row; or (layers, R, 3, D), what came before each, where the rows belong to
    different texts.
    """

    exact: bool
    """Whether a row is the same to the bit alone and in a tile."""

    def encode(self, x: Floats, rings: Floats) -> Encoded:
        """Run the encoder.   Args: x: (R, D)."""

    def decode(self, x: Floats, rings: Floats) -> Decoded:
        """Run the decoder and the head.   Args: x: (R, D)."""

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in.

        Args: pooled: (2 D,). length: bytes.   Returns: what rows then see of it, (D,); the state.
        """


def room(rings: Floats, rows: int) -> Floats:
    """Make room for what is convolved, after what came before.

    Args: rings: as of `Engine`. rows: as many as they are of, or more.
    Returns: (layers, R + 3, D), or (layers, R, 4, D) of rows that belong to different texts.
    """
    before = CONV_TAPS - 1
    if rings.ndim == 4:
        layers, size, _, width = rings.shape
        windows = np.empty((layers, rows, CONV_TAPS, width), np.float32)
        windows[:, :size, :before] = rings
    else:
        layers, _, width = rings.shape
        windows = np.empty((layers, rows + before, width), np.float32)
        windows[:, :before] = rings
    return windows
