"""The byte hybrid one byte at a time, in numpy, with a state of fixed size.

Several bytes may be read in one call, as a tile of rows: everything per byte is then worked out for
all rows together, row by row the same to the bit as one at a time, and the state after any of the
rows can be had. Letters: R rows of a tile, D byte width, E latent width.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import CONV_TAPS, PHASES
from selfd_models.decoding import latent_steps
from selfd_models.decoding.compiled.engine import CompiledEngine, serves
from selfd_models.decoding.compiled.reader import CompiledReader
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.engine import Encoded, Engine, LatentState
from selfd_models.decoding.numpy_engine import NumpyEngine
from selfd_models.decoding.reader import PlainReader, Reader, ReadState
from selfd_models.network.model import draft
from selfd_models.ops import load_ops
from selfd_models.patcher import Patcher, PatcherState

Floats = NDArray[np.float32]
TILE = 32  # rows of a prompt read together


class Clock(NamedTuple):
    """What the patches left behind, at one row.

    largest, total: (D / 2,), over the rows of the open patch; length: its bytes. context: (D,), the
    last latent as rows see it. since: rows since then.
    """

    largest: Floats
    total: Floats
    length: int
    context: Floats
    since: int
    latent: LatentState

    def after(self, row: Floats) -> "Clock":
        """Take in one row of the open patch.   Args: row: (D,), normalised."""
        half = len(self.total)
        largest, total = np.maximum(self.largest, row[:half]), self.total + row[half:]
        return Clock(largest, total, self.length + 1, self.context, self.since + 1, self.latent)


class State(NamedTuple):
    """Everything that the next byte is predicted from; a value, but for tables shared in one line.

    rings: (3, D) per convolution, encoder then decoder. Advancing from a state leaves it readable;
    to advance twice from one state, advance from a `fork` of it.
    """

    features: ReadState
    patcher: PatcherState
    rings: tuple[Floats, ...]
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


@dataclass(frozen=True)
class Tile:
    """What a call gave. logits: (R, 256). normal, context: (R, D), for drafts.

    _windows: (R + 3, D) or more per convolution. _pooled: (R, D), rows as patches take them in.
    _clocks: (row, the clock after it), for the row before the tile, -1, and each patch's last.
    """

    logits: Floats
    normal: Floats
    context: Floats
    _features: list[ReadState]
    _patchers: list[PatcherState]
    _overwritten: list[Any]
    _windows: list[Floats]
    _pooled: Floats
    _clocks: list[tuple[int, Clock]]

    def state(self, row: int = -1) -> State:
        """Give the state after a row; the rows after it are then as if never read."""
        last = row % len(self.logits)
        for written in reversed(self._overwritten[last + 1 :]):
            self._features[last].undo(written)
        del self._overwritten[last + 1 :]
        rings = tuple(window[last + 1 : last + CONV_TAPS] for window in self._windows)
        at, clock = max((mark for mark in self._clocks if mark[0] <= last), key=_row_of)
        for between in range(at + 1, last + 1):
            clock = clock.after(self._pooled[between])
        return State(self._features[last], self._patchers[last], rings, clock)


def _row_of(mark: tuple[int, Clock]) -> int:
    return mark[0]


class Decoder:
    """A model's weights, laid out for reading single bytes."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        drafter: Drafter | None = None,
        engine: Engine | None = None,
        reader: Reader | None = None,
    ) -> None:
        """Lay the weights out.   Args: engine, reader: the processor's fastest if not given."""
        p, config = checkpoint.parameters, checkpoint.config
        self.drafter = drafter
        self.engine: Engine = engine or _fastest_engine(checkpoint)
        self.reader: Reader = reader or _fastest_reader(checkpoint)
        self._p = p
        self._config = config
        self._patcher = checkpoint.patcher
        self._ops = load_ops("numpy")

    def start(self) -> Tile:
        """Read the row before the first byte."""
        ring = np.zeros((CONV_TAPS - 1, self._config.byte_width), np.float32)
        rings = (ring,) * (self._config.encoder_layers + self._config.decoder_layers)
        clock = self._open(self._p["context.start"], self.engine.start())
        state = State(self.reader.start(), self._patcher.start(), rings, clock)
        line = self.line(state)
        line.rows.append(self.reader.first)
        line.features.append(state.features)
        line.patchers.append(state.patcher)
        line.overwritten.append(None)
        encoded = self.engine.encode(np.array(line.rows), rings[: self._config.encoder_layers])
        return self._decode(encoded, rings, [line], [[(0, clock)]])[0]

    def line(self, state: State) -> Line:
        """Begin to read bytes after a state."""
        return Line(state, self.reader, self._patcher)

    def advance(self, state: State, data: Iterable[int]) -> Tile:
        """Read bytes, one row each.   Args: data: at least one byte."""
        line = self.line(state)
        for byte in data:
            line.read(byte)
        return self.tile(line)

    def tile(self, line: Line) -> Tile:
        """Work out what follows each byte of a line; at least one was read."""
        rings = line.state.rings
        encoded = self.engine.encode(np.array(line.rows), rings[: self._config.encoder_layers])
        clocks = self._tick(encoded.pooled, line.patchers, line.state.clock)
        return self._decode(encoded, rings, [line], [clocks])[0]

    def advance_each(self, states: Sequence[State], data: Sequence[int]) -> list[Tile]:
        """Read one byte of each of several texts.

        Returns: a tile for each, to the bit what `advance` gives; what is worked out per byte is
            worked out together, and the weights are fetched from memory once.
        """
        lines = [self.line(state) for state in states]
        for line, byte in zip(lines, data, strict=True):
            line.read(byte)
        each = zip(*(state.rings for state in states), strict=True)
        rings = tuple(np.stack(ring) for ring in each)
        rows = np.array([line.rows[0] for line in lines])
        encoded = self.engine.encode(rows, rings[: self._config.encoder_layers])
        clocks = [
            self._tick(encoded.pooled[at : at + 1], line.patchers, line.state.clock)
            for at, line in enumerate(lines)
        ]
        return self._decode(encoded, rings, lines, clocks)

    def read(self, data: bytes) -> Tile:
        """Read a whole text from the start.   Returns: the last tile."""
        tile = self.start()
        for at in range(0, len(data), TILE):
            tile = self.advance(tile.state(), data[at : at + TILE])
        return tile

    def draft(self, tile: Tile, row: int = -1) -> Floats:
        """Guess at the bytes after the one that a row predicts.   Returns: (K, 256) scores."""
        decoded = tile.normal[[row]] * self._p["head.gain"]
        scores = draft(self._p, decoded, tile.context[[row]], self._config, ops=self._ops)
        guesses: Floats = scores[0]
        return guesses

    def _decode(
        self,
        encoded: Encoded,
        rings: tuple[Floats, ...],
        lines: list[Line],
        clocks: list[list[tuple[int, Clock]]],
    ) -> list[Tile]:
        """Add what each row sees of the latent, and run the decoder."""
        context, phases = _seen(encoded.x, lines, clocks)
        x = encoded.x + context
        x += self._p["context.phase"].take(phases, axis=0)
        logits, normal, windows = self.engine.decode(x, rings[self._config.encoder_layers :])
        windows = [*encoded.windows, *windows]
        tiles, at = [], 0
        for line, marks in zip(lines, clocks, strict=True):
            end = at + len(line.rows)
            own = windows if len(lines) == 1 else [window[at] for window in windows]
            integers = (line.features, line.patchers, line.overwritten)
            rows = (logits[at:end], normal[at:end], context[at:end])
            tiles.append(Tile(*rows, *integers, own, encoded.pooled[at:end], marks))
            at = end
        return tiles

    def _tick(
        self, pooled: Floats, cutters: list[PatcherState], clock: Clock
    ) -> list[tuple[int, Clock]]:
        """Pool rows into patches, and run the latent where one ends.

        Args: pooled: (R, D).   Returns: as `Tile._clocks`.
        """
        clocks = [(-1, clock)]
        for at, cutter in enumerate(cutters):
            clock = clock.after(pooled[at])
            if not cutter.length:  # the patch ends here
                mean = clock.total / np.float32(clock.length)
                patch = np.concatenate((pooled[at], clock.largest, mean))
                clock = self._open(*self.engine.step(patch, clock.length, clock.latent))
                clocks.append((at, clock))
        return clocks

    def _open(self, context: Floats, latent: LatentState) -> Clock:
        """Open a patch."""
        half = self._config.pool_width
        lowest = np.full(half, -np.inf, np.float32)
        return Clock(lowest, np.zeros(half, np.float32), 0, context, 0, latent)


def _fastest_engine(checkpoint: Checkpoint) -> Engine:
    """Give the kernels where they were built, or numpy."""
    if serves(checkpoint.config):
        return CompiledEngine(checkpoint)
    return NumpyEngine(checkpoint.parameters, checkpoint.config)


def _fastest_reader(checkpoint: Checkpoint) -> Reader:
    kind = CompiledReader if serves(checkpoint.config) else PlainReader
    return kind(checkpoint.parameters, checkpoint.config)


def _seen(
    x: Floats, lines: list[Line], clocks: list[list[tuple[int, Clock]]]
) -> tuple[Floats, list[int]]:
    """Give what each row sees of the latent.   Returns: (R, D); R phases."""
    context, phases = np.empty_like(x), [0] * len(x)
    start = 0
    for line, marks in zip(lines, clocks, strict=True):
        ends = [at for at, _ in marks[1:]] + [len(line.rows)]
        for (at, clock), end in zip(marks, ends, strict=True):
            first = max(at, 0)
            context[start + first : start + end] = clock.context
            for row in range(first, end):
                phases[start + row] = min(clock.since + row - at, PHASES - 1)
        start += len(line.rows)
    return context, phases
