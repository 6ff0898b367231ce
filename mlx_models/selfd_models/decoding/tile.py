"""What decoding remembers between two bytes, and what a call for several bytes gives.

Several bytes may be read in one call, as a tile of rows; the state after any of them can be had.
Letters: R rows of a tile, D byte width.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import CONV_TAPS
from selfd_models.decoding import latent_steps
from selfd_models.decoding.engine import LatentState
from selfd_models.decoding.reader import Reader, ReadState
from selfd_models.patcher import Patcher, PatcherState

Floats = NDArray[np.float32]


class Clock(NamedTuple):
    """What the patches left behind, at one row.

    largest, total: (D / 2,), over the rows of the open patch; length: its bytes. context: (D,), the
    last latent as rows see it; seen: (PHASES, D), with what tells how many rows ago that was.
    since: those rows.
    """

    largest: Floats
    total: Floats
    length: int
    context: Floats
    seen: Floats
    since: int
    latent: LatentState

    def after(self, rows: Floats) -> "Clock":
        """Take in rows of the open patch, one after the other.   Args: rows: (R, D), normalised."""
        largest, total, length, context, seen, since, latent = self
        half, size = len(total), len(rows)
        for row in rows:
            largest, total = np.maximum(largest, row[:half]), total + row[half:]
        return Clock(largest, total, length + size, context, seen, since + size, latent)


class State(NamedTuple):
    """Everything that the next byte is predicted from; a value, but for tables shared in one line.

    rings: (layers, 3, D), what the convolutions of the encoder read last, and those of the decoder.
    Advancing from a state leaves it readable; to advance twice from one state, advance from a
    `fork` of it.
    """

    features: ReadState
    patcher: PatcherState
    rings: tuple[Floats, Floats]
    clock: Clock

    def fork(self) -> "State":
        """Give a state that shares nothing that is changed in place."""
        latent = latent_steps.fork(self.clock.latent)
        clock = self.clock._replace(latent=latent)
        return State(self.features.fork(), self.patcher, self.rings, clock)


class Line:
    """Bytes read as integers and embedded, one by one, before a tile is made of them."""

    def __init__(self, state: State, reader: Reader, patcher: Patcher) -> None:
        self.state = state
        self.rows: list[Floats] = []  # (D,) each
        self.features: list[ReadState] = []
        self.patchers: list[PatcherState] = []
        self.overwritten: list[Any] = []
        self.copied: int | None = None  # what followed the last six bytes each time
        self._reader, self._patcher = reader, patcher

    def read(self, byte: int, *, within: bool = False) -> bool:
        """Read a byte; with `within`, give false and read nothing if a patch ends after it."""
        cutter = self.patchers[-1] if self.patchers else self.state.patcher
        cutter = PatcherState(cutter.threshold, cutter.packed, cutter.length)
        if self._patcher.step(cutter, byte) and within:
            return False
        last = self.features[-1] if self.features else self.state.features
        state, row, written, self.copied = self._reader.read(last, byte)
        self.rows.append(row)
        self.features.append(state)
        self.patchers.append(cutter)
        self.overwritten.append(written)
        return True


@dataclass(slots=True, eq=False)
class Tile:
    """What a call gave. logits: (R, 256). normal: (R, D), for drafts.

    _windows: (layers, R + 3, D) or more, of the encoder and of the decoder. _pooled: (R, D), rows
    as patches take them in. _clocks: (row, the clock after it), for the row before the tile, -1,
    and each patch's last.
    """

    logits: Floats
    normal: Floats
    _features: list[ReadState]
    _patchers: list[PatcherState]
    _overwritten: list[Any]
    _windows: tuple[Floats, Floats]
    _pooled: Floats
    _clocks: list[tuple[int, Clock]]

    def context(self, row: int) -> Floats:
        """Give the last latent as a row sees it: (D,)."""
        return self._last_clock(row)[1].context

    def state(self, row: int = -1) -> State:
        """Give the state after a row; the rows after it are then as if never read."""
        last = row % len(self.logits)
        for written in reversed(self._overwritten[last + 1 :]):
            self._features[last].undo(written)
        del self._overwritten[last + 1 :]
        encoder, decoder = self._windows
        kept = slice(last + 1, last + CONV_TAPS)
        at, clock = self._last_clock(last)
        clock = clock.after(self._pooled[at + 1 : last + 1])
        rings = (encoder[:, kept], decoder[:, kept])
        return State(self._features[last], self._patchers[last], rings, clock)

    def _last_clock(self, row: int) -> tuple[int, Clock]:
        """Give the newest mark at a row or before it."""
        row %= len(self.logits)
        return next(mark for mark in reversed(self._clocks) if mark[0] <= row)
