"""What decodes: the arithmetic below the integers, three times.

`DoorEngine` (door_engine.py) is the plain form, on any backend; `CompiledEngine` (compiled/) the
fast one on processors, and `NumpyEngine` what serves where that was not built. All take and give
numpy; what stays with an engine is the latent's state.
Letters: R rows of a tile, D byte width.
"""

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LatentState: TypeAlias = Any
"""An engine's own; another engine cannot read it."""


class Encoded(NamedTuple):
    """x: (R, D). windows: what each convolution read, (R + 3, D), or (R, 4, D) of several texts.
    pooled: (R, D), rows as patches take them in. All but `x` may hold more rows than were asked.
    """

    x: Floats
    windows: list[Floats]
    pooled: Floats


class Decoded(NamedTuple):
    """logits: (R, 256). normal: (R, D). windows: as of `Encoded`; may hold more rows as well."""

    logits: Floats
    normal: Floats
    windows: list[Floats]


class Engine(Protocol):
    """Rows through the byte layers, patches through the latent.

    rings: per convolution of the encoder or the decoder (3, D), what came before the first row; or
    (R, 3, D), what came before each, where the rows belong to different texts.
    """

    exact: bool
    """Whether a row is the same to the bit alone and in a tile."""

    def encode(self, x: Floats, rings: tuple[Floats, ...]) -> Encoded:
        """Run the encoder.   Args: x: (R, D)."""

    def decode(self, x: Floats, rings: tuple[Floats, ...]) -> Decoded:
        """Run the decoder and the head.   Args: x: (R, D)."""

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in.

        Args: pooled: (2 D,). length: bytes.   Returns: what rows then see of it, (D,); the state.
        """
