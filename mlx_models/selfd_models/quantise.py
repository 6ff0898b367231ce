"""Numbers in 4 or 8 bits, in MLX's affine layout, and which parameters are stored how.

Each group of 32 numbers along the last axis has a scale and a bias: w = scale * q + bias. The q lie
side by side in little-endian words of 32 bits. A product of a float16 scale and a q is exact in
float32, so that every backend unpacks to the same bits.
Letters: I numbers along the last axis, G = I / 32 groups, W = I * bits / 32 words.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import Config
from selfd_models.parameters import Spec, specify

Floats = NDArray[np.float32]
Storage = Literal["4-bit", "8-bit", "float16", "float32"]

GROUP = 32
_SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75)  # of a group's range: a clipped end may cost less
_LOWEST_SCALE = 2.0**-14  # float16's smallest normal number; also kept from being 0


class Packed(NamedTuple):
    """words: (..., W) uint32. scales, biases: (..., G) float16."""

    words: NDArray[np.uint32]
    scales: NDArray[np.float16]
    biases: NDArray[np.float16]

    @property
    def bits(self) -> int:
        """Give the bits of one number."""
        return int(self.words.shape[-1]) * 32 // (int(self.scales.shape[-1]) * GROUP)


def pack(weight: Floats, bits: Literal[4, 8]) -> Packed:
    """Round each group to the grid, of six ranges tried, that loses least.

    Args: weight: (..., I), I a multiple of 32.
    """
    groups = weight.reshape(*weight.shape[:-1], -1, GROUP)  # (..., G, 32)
    low, high = groups.min(axis=-1), groups.max(axis=-1)
    top = (1 << bits) - 1
    least = np.full(low.shape, np.inf, np.float32)
    levels = np.zeros(groups.shape, np.uint8)
    scales, biases = np.zeros(low.shape, np.float16), np.zeros(low.shape, np.float16)
    for shrink in _SHRINKS if bits == 4 else _SHRINKS[:1]:
        scale = np.maximum((high - low) * shrink / top, _LOWEST_SCALE).astype(np.float16)
        bias = (low + (high - low) * ((1.0 - shrink) / 2.0)).astype(np.float16)
        wide, base = scale.astype(np.float32)[..., None], bias.astype(np.float32)[..., None]
        level = np.clip(np.rint((groups - base) / wide), 0, top)
        lost = np.square(level * wide + base - groups).sum(axis=-1)
        better = lost < least
        least = np.where(better, lost, least)
        levels[better] = level[better].astype(np.uint8)
        scales[better], biases[better] = scale[better], bias[better]
    octets = levels.reshape(weight.shape)
    if bits == 4:
        octets = octets[..., 0::2] | np.left_shift(octets[..., 1::2], 4, dtype=np.uint8)
    return Packed(np.ascontiguousarray(octets).view("<u4").astype(np.uint32), scales, biases)


def unpack(packed: Packed) -> Floats:
    """Give the float32 numbers back, to the bit as `mx.dequantize` does.   Returns: (..., I)."""
    octets = np.ascontiguousarray(packed.words).astype("<u4", copy=False).view(np.uint8)
    if packed.bits == 8:
        numbers = octets.astype(np.float32)
    else:
        numbers = np.empty((*octets.shape[:-1], octets.shape[-1] * 2), np.float32)
        numbers[..., 0::2] = octets & 15
        numbers[..., 1::2] = octets >> 4
    groups = numbers.reshape(*packed.scales.shape, GROUP)
    groups *= packed.scales.astype(np.float32)[..., None]
    groups += packed.biases.astype(np.float32)[..., None]
    return numbers


def storage(name: str, spec: Spec) -> Storage:
    """Say how a parameter is stored.

    Matrices take 4 bits along their inputs; hashed tables, of which one text reads few rows, 8;
    what is small, read at every byte (byte embedding, head) or steers (gates, router), more.
    """
    if spec.role == "matrix" and not name.endswith(("gate.down", "gate.up")):
        return "4-bit" if spec.shape[-2] % GROUP == 0 else "float16"
    if name in ("embed.tables", "embed.recalls") and spec.shape[-1] % GROUP == 0:
        return "8-bit"
    return "float16" if spec.role in ("matrix", "table") else "float32"


def storages(config: Config) -> dict[str, Storage]:
    """Say how each parameter of a model is stored."""
    return {name: storage(name, spec) for name, spec in specify(config).items()}
