"""Choosing bytes, and exact speculation: drafts decide how fast text comes, never which text.

Byte y at position n is the argmax of  round(score / T) + noise(seed, n)  in whole steps of 2^-12,
ties to the lowest byte: a function of the scores and the position alone. Adding Gumbel noise and
taking the largest samples from the softmax (Gumbel 1954). Drafts are chosen with the same noise, so
that they agree with the model's choice as often as its distribution allows. A draft is kept only
where the model chose the same; it reads drafts in a tile whose rows are to the bit what single
bytes give.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import BYTES
from selfd_models.decoding.decoder import TILE, Decoder, Floats
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.tile import Line, Tile
from selfd_models.errors import ConfigError

LONGEST_DRAFT = 47  # with the byte before it an even number of rows
_STEPS = 1 << 12  # of a nat: below the differences between backends (models.md section 8.1)
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_UNIFORM = (np.arange(1 << 16) + 0.5) / (1 << 16)
_GUMBEL = np.rint(-np.log(-np.log(_UNIFORM)) * _STEPS).astype(np.int32)
_DRAWN = 16  # positions whose noise is drawn together
_LANES = np.arange(1, BYTES + 1, dtype=np.uint64) * np.uint64(_GOLDEN)


@dataclass(frozen=True)
class Choice:
    """How bytes are chosen: temperature 0 takes the likeliest; `seed` fixes all chance."""

    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature <= 10.0:
            raise ConfigError(f"temperature must be 0 to 10, got {self.temperature}")

    def pick(self, scores: Floats, position: int) -> int:
        """Choose the byte at a position.   Args: scores: (256,)."""
        if not self.temperature:
            return int(np.rint(scores * np.float32(_STEPS)).astype(np.int64).argmax())
        steps = np.rint(scores * np.float32(_STEPS / self.temperature)).astype(np.int64)
        steps += noise(self.seed, position)
        return int(steps.argmax())


def noise(seed: int, position: int) -> NDArray[np.int32]:
    """Draw each byte's Gumbel noise from counters alone (splitmix64).   Returns: (256,), steps."""
    drawn: NDArray[np.int32] = _noises(seed, position // _DRAWN)[position % _DRAWN]
    return drawn


@lru_cache(maxsize=16)
def _noises(seed: int, block: int) -> NDArray[np.int32]:
    """Draw for some positions at once: a draft and the model's choice use the same.

    Returns: (16, 256).
    """
    key = _mixed(seed & _MASK)
    starts = [
        _mixed((key + position * _GOLDEN) & _MASK)
        for position in range(block * _DRAWN, (block + 1) * _DRAWN)
    ]
    mixed = np.array(starts, np.uint64)[:, None] + _LANES
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    drawn: NDArray[np.int32] = _GUMBEL.take((mixed >> np.uint64(48)).astype(np.intp))
    drawn.flags.writeable = False
    return drawn


def _mixed(number: int) -> int:
    number = (number + _GOLDEN) & _MASK
    number = ((number ^ number >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ number >> 27) * 0x94D049BB133111EB) & _MASK
    return number ^ number >> 31


@dataclass
class Tally:
    """What a generation did: bytes given, and passes of the model that gave them."""

    bytes: int = 0
    passes: int = 0

    @property
    def per_pass(self) -> float:
        """Give the mean of bytes per pass."""
        return self.bytes / self.passes if self.passes else 0.0

    @property
    def accepted(self) -> float:
        """Give the share of the bytes that were accepted from drafts."""
        return 1.0 - self.passes / self.bytes if self.bytes else 0.0


Way = Callable[[Decoder, Tile, int, Choice, Tally], Iterator[int]]
"""`plain` or `speculative`."""


def prefill(
    decoder: Decoder, prompt: bytes, stopped: Callable[[], bool] = lambda: False
) -> Tile | None:
    """Read a prompt; give None if `stopped`, asked every 32 bytes, says so."""
    tile = decoder.start()
    for at in range(0, len(prompt), TILE):
        if stopped():
            return None
        tile = decoder.advance(tile.state(), prompt[at : at + TILE])
    return tile


def plain(
    decoder: Decoder, tile: Tile, position: int, choice: Choice, tally: Tally
) -> Iterator[int]:
    """Continue for ever, one byte at a time.   Args: position: of the first byte given."""
    while True:
        byte = choice.pick(tile.logits[-1], position)
        tally.bytes += 1
        tally.passes += 1
        yield byte
        position += 1
        tile = decoder.advance(tile.state(), [byte])


def speculative(
    decoder: Decoder, tile: Tile, position: int, choice: Choice, tally: Tally
) -> Iterator[int]:
    """Continue for ever with the bytes that `plain` gives, several to a pass."""
    row = len(tile.logits) - 1
    byte = choice.pick(tile.logits[row], position)
    tally.bytes += 1
    tally.passes += 1
    while True:
        yield byte
        position += 1
        line = decoder.line(tile.state(row))
        line.read(byte)
        if decoder.drafter:
            drafts = _drafted(decoder.drafter, line, tile, row, position, choice)
        else:
            drafts = _drafted_at_once(decoder, line, tile, row, position, choice)
        tile = decoder.tile(line)
        tally.passes += 1
        for row, draft in enumerate([*drafts, None]):  # the row reached is used above
            byte = choice.pick(tile.logits[row], position)
            tally.bytes += 1
            if byte != draft:
                break
            yield byte
            position += 1


def _drafted(
    drafter: Drafter, line: Line, tile: Tile, row: int, position: int, choice: Choice
) -> list[int]:
    """Draft what followed last time, where the text repeats itself, and what the drafter guesses.

    A guess goes on to the end of the patch, whose last byte is left to the model: that byte is the
    least predictable, and would have the latent run for nothing if it were wrong. A copy is right
    more often, and goes on beyond.
    """
    begun = None
    drafts: list[int] = []
    while len(drafts) < LONGEST_DRAFT:
        draft = line.copied
        if draft is not None:
            line.read(draft)
        else:
            if begun is None:
                begun = drafter.begin(tile.normal[row], tile.context(row))
            draft = choice.pick(drafter.guess(begun, line.rows[-1]), position + len(drafts))
            if not line.read(draft, within=True):
                break
        drafts.append(draft)
    return drafts


def _drafted_at_once(
    decoder: Decoder, line: Line, tile: Tile, row: int, position: int, choice: Choice
) -> list[int]:
    """Draft with the model's own head, all bytes from one row."""
    guesses = decoder.draft(tile, row)[:-1]
    drafts = [choice.pick(guess, position + at) for at, guess in enumerate(guesses)]
    for draft in drafts:
        line.read(draft)
    return drafts
