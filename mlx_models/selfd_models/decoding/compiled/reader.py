"""`Reader` by reading.h: a byte's integers and its row in one call."""

import ctypes
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models import features
from selfd_models.config import BYTES, RECALL_BITS, RECALLS, Config
from selfd_models.decoding.compiled.library import kernels
from selfd_models.decoding.compiled.weights import Embedding, KernelWeights, address
from selfd_models.decoding.reader import PlainReader, Read
from selfd_models.network.layers import Parameters

# The structure `Read` of reading.h, in numbers of 64 bits.
_SIZE = 6 + 3 * RECALLS
_COPIED = 5 + RECALLS
_PLACES, _OVERWRITTEN = slice(_SIZE - 2 * RECALLS, _SIZE - RECALLS), slice(_SIZE - RECALLS, _SIZE)


class CompiledState(NamedTuple):
    """numbers: (15,), `Read` of reading.h. follows: the table, as of `features.FeatureState`."""

    numbers: NDArray[np.uint64]
    follows: NDArray[np.uint32]

    def fork(self) -> "CompiledState":
        """Give a state with a table of its own."""
        return CompiledState(self.numbers, self.follows.copy())

    def undo(self, written: NDArray[np.uint64]) -> None:
        """Put back what a later byte has overwritten."""
        self.follows[written[_PLACES].astype(np.intp)] = written[_OVERWRITTEN]


class CompiledReader:
    """`Reader`; to the bit what `PlainReader` gives."""

    def __init__(self, p: Parameters, config: Config) -> None:
        found = kernels()
        assert found is not None, "whoever asks has looked for the kernels"
        self._read, self._width = found.read, config.byte_width
        self.first = PlainReader(p, config).first
        self._weights = KernelWeights(p)
        vector, lanes = self._weights.vector, features.lanes(config.table_bits)
        self._laid = Embedding(
            width=config.byte_width,
            table_bits=config.table_bits,
            recall_bits=RECALL_BITS,
            masks=vector(lanes.masks),
            salts=vector(lanes.salts),
            letters=vector(np.where(features.LETTER, features.FOLDED + np.uint64(1), np.uint64(0))),
            bytes=vector(p["embed.bytes"]),
            tables=vector(p["embed.tables"]),
            recalls=vector(p["embed.recalls"]),
        )
        self._embedding = ctypes.addressof(self._laid)

    def start(self) -> CompiledState:
        """Give the state before the first byte."""
        follows = np.array(features.FRESH, np.uint32)
        return CompiledState(np.zeros(_SIZE, np.uint64), follows)

    def read(self, state: CompiledState, byte: int) -> Read:
        """Read a byte."""
        last, follows = state
        numbers, row = np.empty(_SIZE, np.uint64), np.empty(self._width, np.float32)
        given = (address(last), address(numbers), address(follows), address(row))
        self._read(self._embedding, byte, *given)
        copied = int(numbers[_COPIED])
        after = CompiledState(numbers, follows)
        return Read(after, row, numbers, copied if copied < BYTES else None)
