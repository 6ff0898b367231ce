"""The byte hybrid one byte at a time, in numpy, with a state of fixed size.

Several bytes may be read in one call, as a tile of rows: everything per byte is then worked out for
all rows together, row by row the same to the bit as one at a time.
Letters: R rows of a tile, D byte width, K bytes drafted at once.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import CONV_TAPS
from selfd_models.decoding.compiled.engine import CompiledEngine, serves
from selfd_models.decoding.compiled.reader import CompiledReader
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.engine import Encoded, Engine, LatentState
from selfd_models.decoding.numpy_engine import NumpyEngine
from selfd_models.decoding.reader import PlainReader, Reader
from selfd_models.decoding.tile import Clock, Line, State, Tile
from selfd_models.network.model import draft
from selfd_models.ops import load_ops
from selfd_models.patcher import PatcherState

Floats = NDArray[np.float32]
TILE = 32  # rows of a prompt read together


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
        ring = (CONV_TAPS - 1, self._config.byte_width)
        layers = self._config.encoder_layers, self._config.decoder_layers
        rings = (np.zeros((layers[0], *ring), np.float32), np.zeros((layers[1], *ring), np.float32))
        clock = self._open(self._p["context.start"], self.engine.start())
        state = State(self.reader.start(), self._patcher.start(), rings, clock)
        line = self.line(state)
        line.rows.append(self.reader.first)
        line.features.append(state.features)
        line.patchers.append(state.patcher)
        line.overwritten.append(None)
        encoded = self.engine.encode(np.array(line.rows), rings[0])
        return self._decode(encoded, rings[1], [line], [[(0, clock)]])[0]

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
        before, beyond = line.state.rings
        encoded = self.engine.encode(np.array(line.rows), before)
        clocks = self._tick(encoded.pooled, line.patchers, line.state.clock)
        return self._decode(encoded, beyond, [line], [clocks])[0]

    def advance_each(self, states: Sequence[State], data: Sequence[int]) -> list[Tile]:
        """Read one byte of each of several texts.

        Returns: a tile for each, to the bit what `advance` gives; what is worked out per byte is
            worked out together, and the weights are fetched from memory once.
        """
        lines = [self.line(state) for state in states]
        for line, byte in zip(lines, data, strict=True):
            line.read(byte)
        each = zip(*(state.rings for state in states), strict=True)
        before, beyond = (np.stack(rings, axis=1) for rings in each)  # (layers, R, 3, D)
        rows = np.array([line.rows[0] for line in lines])
        encoded = self.engine.encode(rows, before)
        clocks = [
            self._tick(encoded.pooled[at : at + 1], line.patchers, line.state.clock)
            for at, line in enumerate(lines)
        ]
        return self._decode(encoded, beyond, lines, clocks)

    def read(self, data: bytes) -> Tile:
        """Read a whole text from the start.   Returns: the last tile."""
        tile = self.start()
        for at in range(0, len(data), TILE):
            tile = self.advance(tile.state(), data[at : at + TILE])
        return tile

    def draft(self, tile: Tile, row: int = -1) -> Floats:
        """Guess at the bytes after the one that a row predicts.   Returns: (K, 256) scores."""
        decoded = tile.normal[[row]] * self._p["head.gain"]
        scores = draft(self._p, decoded, tile.context(row)[None], self._config, ops=self._ops)
        guesses: Floats = scores[0]
        return guesses

    def _decode(
        self,
        encoded: Encoded,
        rings: Floats,
        lines: list[Line],
        clocks: list[list[tuple[int, Clock]]],
    ) -> list[Tile]:
        """Add what each row sees of the latent, and run the decoder."""
        logits, normal, beyond = self.engine.decode(_seeing(encoded.x, lines, clocks), rings)
        tiles, at = [], 0
        for line, marks in zip(lines, clocks, strict=True):
            end = at + len(line.rows)
            windows = encoded.windows, beyond
            if len(lines) > 1:
                windows = encoded.windows[:, at], beyond[:, at]
            integers = (line.features, line.patchers, line.overwritten)
            rows = (logits[at:end], normal[at:end])
            tiles.append(Tile(*rows, *integers, windows, encoded.pooled[at:end], marks))
            at = end
        return tiles

    def _tick(
        self, pooled: Floats, cutters: list[PatcherState], clock: Clock
    ) -> list[tuple[int, Clock]]:
        """Pool rows into patches, and run the latent where one ends.

        Args: pooled: (R, D).   Returns: as `Tile._clocks`.
        """
        clocks = [(-1, clock)]
        begun = 0
        for at, cutter in enumerate(cutters):
            if not cutter.length:  # the patch ends here
                clock = clock.after(pooled[begun : at + 1])
                mean = clock.total / np.float32(clock.length)
                patch = np.concatenate((pooled[at], clock.largest, mean))
                clock = self._open(*self.engine.step(patch, clock.length, clock.latent))
                clocks.append((at, clock))
                begun = at + 1
        return clocks

    def _open(self, context: Floats, latent: LatentState) -> Clock:
        """Open a patch."""
        half = self._config.pool_width
        lowest = np.full(half, -np.inf, np.float32)
        seen = context + self._p["context.phase"]
        return Clock(lowest, np.zeros(half, np.float32), 0, context, seen, 0, latent)


def _fastest_engine(checkpoint: Checkpoint) -> Engine:
    """Give the kernels where they were built, or numpy."""
    if serves(checkpoint.config):
        return CompiledEngine(checkpoint)
    return NumpyEngine(checkpoint.parameters, checkpoint.config)


def _fastest_reader(checkpoint: Checkpoint) -> Reader:
    kind = CompiledReader if serves(checkpoint.config) else PlainReader
    return kind(checkpoint.parameters, checkpoint.config)


def _seeing(x: Floats, lines: list[Line], clocks: list[list[tuple[int, Clock]]]) -> Floats:
    """Add to each row what it sees of the latent.   Args: x: (R, D).   Returns: (R, D)."""
    told = np.empty_like(x)
    start = 0
    for line, marks in zip(lines, clocks, strict=True):
        ends = [at for at, _ in marks[1:]] + [len(line.rows)]
        for (at, clock), end in zip(marks, ends, strict=True):
            first = max(at, 0)
            phase = clock.since + first - at
            seen = clock.seen[phase : phase + end - first]
            if len(seen) < end - first:  # the last phase stands for all beyond it
                seen = clock.seen.take(range(phase, phase + end - first), axis=0, mode="clip")
            np.add(x[start + first : start + end], seen, out=told[start + first : start + end])
        start += len(line.rows)
    return told
