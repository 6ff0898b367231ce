"""Several texts continued together, each to the bit as if it were alone.

Rows may join and leave between any two bytes; each reads its prompt by itself, tile by tile, and is
then advanced with the others, so that the weights are fetched from memory once for all of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfd_models.decoding.decoder import TILE, Decoder
from selfd_models.decoding.speculation import Choice
from selfd_models.decoding.tile import Tile


class Row:
    """One text: what is left to be read of its prompt, and what was made."""

    def __init__(self, prompt: bytes, most: int, choice: Choice) -> None:
        """Begin before the prompt; `most` bytes are made."""
        self.left = prompt
        self.most = most
        self._choice = choice
        self._position = len(prompt)
        self._made = 0
        self._tile: Tile | None = None
        self._last: int | None = None  # made, and not read yet

    @property
    def ended(self) -> bool:
        """Whether all was made."""
        return self._made >= self.most

    def read(self, decoder: Decoder) -> bool:
        """Read a tile of the prompt; false once nothing of it is left."""
        if self._tile is None:
            self._tile = decoder.start()
        if not self.left:
            return False
        self._tile = decoder.advance(self._tile.state(), self.left[:TILE])
        self.left = self.left[TILE:]
        return bool(self.left)

    def _pick(self) -> int:
        assert self._tile is not None, "a prompt is read first"
        byte = self._choice.pick(self._tile.logits[-1], self._position)
        self._position += 1
        self._made += 1
        self._last = byte
        return byte


def advance(decoder: Decoder, rows: Sequence[Row]) -> bytes:
    """Make one more byte of each row.

    Args: rows: none ended, the prompt of each read.   Returns: a byte for each.
    """
    waiting = [row for row in rows if row._last is not None]
    states = [row._tile.state() for row in waiting if row._tile is not None]
    data = [row._last for row in waiting if row._last is not None]
    if len(waiting) == 1:
        waiting[0]._tile = decoder.advance(states[0], data)
    elif waiting:
        for row, tile in zip(waiting, decoder.advance_each(states, data), strict=True):
            row._tile = tile
    return bytes(row._pick() for row in rows)


class Reader:
    """A text that is read on and on, and what may come next."""

    def __init__(self, decoder: Decoder) -> None:
        """Begin the empty text."""
        self.text = b""
        self._decoder = decoder
        self._tile = decoder.start()

    def read(self, data: bytes) -> None:
        """Read on."""
        for at in range(0, len(data), TILE):
            self._tile = self._decoder.advance(self._tile.state(), data[at : at + TILE])
        self.text += data

    def next(self) -> NDArray[np.float64]:
        """Give the probability of each byte: (256,), its sum 1."""
        scores: NDArray[np.float64] = self._tile.logits[-1].astype(np.float64)
        scores -= scores.max()
        np.exp(scores, out=scores)
        scores /= scores.sum()
        return scores
