"""Bytes as integers, and the row that each is embedded by: below every engine's first layer.

Letters: D byte width.
"""

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from selfd_models import features
from selfd_models.config import RECALL_ROWS, RECALLS, START, TABLES, Config
from selfd_models.features import FeatureState
from selfd_models.network.layers import Parameters

Floats = NDArray[np.float32]

ReadState: TypeAlias = Any
"""A reader's own: a value, but for a table that the states of one line share. `fork()` gives one
with a table of its own, `undo(written)` puts back what a later byte has overwritten in it."""


class Read(NamedTuple):
    """state: after the byte. row: (D,). written: for `undo`. copied: the byte that followed the
    last six bytes twice or more in a row, if one did.
    """

    state: ReadState
    row: Floats
    written: Any
    copied: int | None


class Reader(Protocol):
    """Bytes to rows, one by one."""

    first: Floats
    """The row before the first byte, (D,)."""

    def start(self) -> ReadState:
        """Give the state before the first byte."""

    def read(self, state: ReadState, byte: int) -> Read:
        """Read a byte; the state given stays readable, but for its table."""


class PlainReader:
    """`Reader` by `features`, and the three kinds of table that a byte is embedded by."""

    def __init__(self, p: Parameters, config: Config) -> None:
        self._bits = config.table_bits
        self._bytes = p["embed.bytes"]
        self._tables = p["embed.tables"].reshape(-1, config.table_width)
        self._table_at = np.arange(TABLES) * config.table_rows
        self._recalls = p["embed.recalls"].reshape(-1, config.recall_width)
        self._recall_at = np.arange(RECALLS) * RECALL_ROWS
        self.first = self._row(START, [0] * TABLES, [RECALL_ROWS - 1] * RECALLS)

    def start(self) -> FeatureState:
        """Give the state before the first byte."""
        return FeatureState()

    def read(self, state: FeatureState, byte: int) -> Read:
        """Read a byte."""
        written, state = features.next_written(state), state.twin()
        tables, recalls = features.step(state, byte, self._bits)
        row = self._row(byte, tables, recalls)
        return Read(state, row, written, features.copied(recalls[-1]))

    def _row(self, byte: int, tables: list[int], recalls: list[int]) -> Floats:
        """Look a byte's rows up and add them.   Returns: (D,)."""
        found = self._tables.take(self._table_at + tables, axis=0).reshape(-1)
        x: Floats = self._bytes[byte] + found
        x += self._recalls.take(self._recall_at + recalls, axis=0).reshape(-1)
        return x
