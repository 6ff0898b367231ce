"""The byte hybrid one byte at a time, in numpy, with a state of fixed size.

Several bytes may be read in one call, as a tile of rows: everything per byte is then worked out for
all rows together, row by row the same to the bit as one at a time, and the state after any of the
rows can be had. Letters: R rows of a tile, D byte width, E latent width.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models import decode_latent, features
from selfd_models.checkpoint import Checkpoint
from selfd_models.config import CONV_TAPS, PHASES, RECALL_ROWS, RECALLS, START, TABLES
from selfd_models.decode_latent import LatentState, LatentSteps, inverse_rms, relu_squared
from selfd_models.features import FeatureState
from selfd_models.layers import Parameters, View
from selfd_models.model import draft
from selfd_models.ops import load_ops
from selfd_models.patcher import PatcherState

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


class State(NamedTuple):
    """Everything that the next byte is predicted from; a value, but for tables shared in one line.

    rings: (3, D) per convolution, encoder then decoder. Advancing from a state leaves it readable;
    to advance twice from one state, advance from a `fork` of it.
    """

    features: FeatureState
    patcher: PatcherState
    rings: tuple[Floats, ...]
    clock: Clock

    def fork(self) -> "State":
        """Give a state that shares nothing that is changed in place."""
        own = replace(self.features, follows=self.features.follows.copy())
        latent = decode_latent.fork(self.clock.latent)
        return State(own, self.patcher, self.rings, self.clock._replace(latent=latent))


class _Rows(NamedTuple):
    """The integers after each row, and what each row overwrote: (order, slot, value)."""

    features: list[FeatureState]
    patchers: list[PatcherState]
    overwritten: list[list[tuple[int, int, int]]]

    def only(self, at: int) -> "_Rows":
        """Give one row's."""
        return _Rows([self.features[at]], [self.patchers[at]], [self.overwritten[at]])


@dataclass(frozen=True)
class Tile:
    """What a call gave. logits: (R, 256). normal, context: (R, D), for the draft head."""

    logits: Floats
    normal: Floats
    context: Floats
    _rows: _Rows
    _windows: list[Floats]
    _clocks: list[Clock]

    def state(self, row: int = -1) -> State:
        """Give the state after a row; the rows after it are then as if never read."""
        last = row % len(self._clocks)
        rows = self._rows
        follows = rows.features[last].follows
        for entries in reversed(rows.overwritten[last + 1 :]):
            for order, slot, value in entries:
                follows[order, slot] = value
        del rows.overwritten[last + 1 :]
        rings = tuple(window[last + 1 : last + CONV_TAPS] for window in self._windows)
        return State(rows.features[last], rows.patchers[last], rings, self._clocks[last])

    def apart(self) -> "list[Tile]":
        """Give each row its own tile, where the rows belong to different texts."""
        return [
            Tile(
                self.logits[at : at + 1],
                self.normal[at : at + 1],
                self.context[at : at + 1],
                self._rows.only(at),
                [window[at] for window in self._windows],
                self._clocks[at : at + 1],
            )
            for at in range(len(self.logits))
        ]


class _Block:
    """One convolution block of the encoder or the decoder."""

    def __init__(self, p: Parameters) -> None:
        self._conv = np.ascontiguousarray(p["conv"][::-1] * p["gain"])
        self._up, self._down = p["up"], p["down"]

    def run(self, x: Floats, ring: Floats) -> tuple[Floats, Floats]:
        """Add the block to each row.

        Args: x: (R, D). ring: (3, D), what came before the first row; or (R, 3, D), what came
            before each, where the rows belong to different texts.
        Returns: (R, D); what was convolved, (R + 3, D) or (R, 4, D).
        """
        if ring.ndim == 3:
            near = window = np.concatenate((ring, normalise(x)[:, None]), axis=1)
        else:
            window = np.concatenate((ring, normalise(x)))
            step, item = window.strides
            shape, strides = (len(x), CONV_TAPS, x.shape[1]), (step, step, item)
            near = np.ndarray(shape, np.float32, window, 0, strides)
        mixed = np.add.reduce(near * self._conv, axis=1)
        return x + times(relu_squared(times(mixed, self._up)), self._down), window


class Decoder:
    """A model's weights, laid out for reading single bytes."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        p, config = checkpoint.parameters, checkpoint.config
        self._p = p
        self._config = config
        self._patcher = checkpoint.patcher
        self._bits = config.table_bits
        self._bytes = p["embed.bytes"]
        self._tables = p["embed.tables"].reshape(-1, config.table_width)
        self._table_at = np.arange(TABLES) * config.table_rows
        self._recalls = p["embed.recalls"].reshape(-1, config.recall_width)
        self._recall_at = np.arange(RECALLS) * RECALL_ROWS
        encoder = [View(p, f"encoder.{number}") for number in range(config.encoder_layers)]
        decoder = [View(p, f"decoder.{number}") for number in range(config.decoder_layers)]
        self._encoder, self._decoder = list(map(_Block, encoder)), list(map(_Block, decoder))
        self._latent = LatentSteps(p, config)
        self._context = p["context.weight"] * p["context.gain"][:, None]
        self._ops = load_ops("numpy")
        self._head = p["head.weight"] * p["head.gain"][:, None]

    def start(self) -> Tile:
        """Read the row before the first byte."""
        ring = np.zeros((CONV_TAPS - 1, self._config.byte_width), np.float32)
        rings = (ring,) * (len(self._encoder) + len(self._decoder))
        tables, recalls = [0] * TABLES, [RECALL_ROWS - 1] * RECALLS
        x, windows = self._encode(self._embed([START], [tables], [recalls]), rings)
        clock = self._open(self._p["context.start"], self._latent.start())
        rows = _Rows([FeatureState()], [self._patcher.start()], [[]])
        return self._decode(x, rings, windows, rows, [clock])

    def advance(self, state: State, data: Sequence[int]) -> Tile:
        """Read bytes, one row each.   Args: data: at least one byte."""
        rows, x = self._look_up([(state, data)])
        x, windows = self._encode(x, state.rings)
        clocks = self._tick(x, rows.patchers, state.clock)
        return self._decode(x, state.rings, windows, rows, clocks)

    def advance_each(self, states: Sequence[State], data: Sequence[int]) -> list[Tile]:
        """Read one byte of each of several texts.

        Returns: a tile for each, to the bit what `advance` gives; what is worked out per byte is
            worked out together, and the weights are fetched from memory once.
        """
        rows, x = self._look_up([(state, [byte]) for state, byte in zip(states, data, strict=True)])
        rings = tuple(map(np.stack, zip(*(state.rings for state in states), strict=True)))
        x, windows = self._encode(x, rings)
        clocks: list[Clock] = []
        for at, state in enumerate(states):
            clocks += self._tick(x[at : at + 1], rows.patchers[at : at + 1], state.clock)
        return self._decode(x, rings, windows, rows, clocks).apart()

    def read(self, data: bytes) -> Tile:
        """Read a whole text from the start.   Returns: the last tile."""
        tile = self.start()
        for at in range(0, len(data), TILE):
            tile = self.advance(tile.state(), data[at : at + TILE])
        return tile

    def draft(self, tile: Tile, row: int = -1) -> Floats:
        """Guess at the bytes after the one that a row predicts.   Returns: (K, 256) scores."""
        decoded = tile.normal[[row]] * self._p["head.gain"]
        scores: Floats = draft(self._p, decoded, tile.context[[row]], self._config, ops=self._ops)[
            0
        ]
        return scores

    def _look_up(self, texts: list[tuple[State, Sequence[int]]]) -> tuple[_Rows, Floats]:
        """Read bytes as integers, and embed them.   Returns: the rows; (R, D)."""
        rows = _Rows([], [], [])
        tables: list[list[int]] = []
        recalls: list[list[int]] = []
        for state, data in texts:
            last, cutter = state.features, state.patcher
            for at, byte in enumerate(data):
                # Nobody goes back to before the tile, so that its first byte needs no record.
                rows.overwritten.append(features.next_written(last) if at else [])
                last = FeatureState(
                    last.packed, last.word, last.before, last.second, last.contexts, last.follows
                )
                hashed, recalled = features.step(last, byte, self._bits)
                cutter = PatcherState(cutter.threshold, cutter.packed, cutter.length)
                self._patcher.step(cutter, byte)
                tables.append(hashed)
                recalls.append(recalled)
                rows.features.append(last)
                rows.patchers.append(cutter)
        return rows, self._embed([byte for _, data in texts for byte in data], tables, recalls)

    def _embed(
        self, data: Sequence[int], tables: list[list[int]], recalls: list[list[int]]
    ) -> Floats:
        """Look the rows up.   Returns: (R, D)."""
        shape = (len(data), -1)
        x = self._bytes.take(list(data), axis=0)
        x += self._tables.take(tables + self._table_at, axis=0).reshape(shape)
        x += self._recalls.take(recalls + self._recall_at, axis=0).reshape(shape)
        return x

    def _encode(self, x: Floats, rings: tuple[Floats, ...]) -> tuple[Floats, list[Floats]]:
        """Run the encoder.   Args: x: (R, D).   Returns: (R, D); its convolutions' windows."""
        windows = []
        for block, ring in zip(self._encoder, rings, strict=False):
            x, window = block.run(x, ring)
            windows.append(window)
        return x, windows

    def _decode(
        self,
        x: Floats,
        rings: tuple[Floats, ...],
        windows: list[Floats],
        rows: _Rows,
        clocks: list[Clock],
    ) -> Tile:
        """Add what each row sees of the latent, and run the decoder.   Args: x: (R, D)."""
        context = np.stack([clock.context for clock in clocks])
        phases = [min(clock.since, PHASES - 1) for clock in clocks]
        x = x + context + self._p["context.phase"].take(phases, axis=0)
        for block, ring in zip(self._decoder, rings[len(windows) :], strict=True):
            x, window = block.run(x, ring)
            windows.append(window)
        normal = normalise(x)
        return Tile(times(normal, self._head), normal, context, rows, windows, clocks)

    def _tick(self, x: Floats, cutters: list[PatcherState], clock: Clock) -> list[Clock]:
        """Pool rows into patches, and run the latent where one ends.   Args: x: (R, D)."""
        clocks = []
        half = self._config.pool_width
        normal = normalise(x)
        normal *= self._p["patch.gain"]
        for row, cutter in zip(normal, cutters, strict=True):
            largest = np.maximum(clock.largest, row[:half])
            total = clock.total + row[half:]
            length = clock.length + 1
            if cutter.length:  # the patch goes on
                clock = Clock(largest, total, length, clock.context, clock.since + 1, clock.latent)
            else:
                pooled = np.concatenate((row, largest, total / np.float32(length)))
                patch = pooled.dot(self._p["patch.weight"]) + self._p["patch.length"][length]
                z, latent = self._latent.step(patch, length, clock.latent)
                told = (z * inverse_rms(z)).dot(self._context)
                clock = self._open(told, latent)
            clocks.append(clock)
        return clocks

    def _open(self, context: Floats, latent: LatentState) -> Clock:
        """Open a patch."""
        half = self._config.pool_width
        lowest = np.full(half, -np.inf, np.float32)
        return Clock(lowest, np.zeros(half, np.float32), 0, context, 0, latent)


def times(x: Floats, weight: Floats) -> Floats:
    """Multiply row by row, each as if it were alone: a joint product rounds differently.

    Args: x: (R, I). weight: (I, O).   Returns: (R, O).
    """
    if len(x) == 1:
        return x @ weight
    product: Floats = np.matmul(x[:, None], weight)[:, 0]
    return product


def normalise(x: Floats) -> Floats:
    """Scale each row to unit mean square.   Args: x: (R, D)."""
    if len(x) == 1:
        return x * inverse_rms(x[0])
    return x * np.array([inverse_rms(row) for row in x], np.float32)[:, None]
