"""An arithmetic coder (Witten, Neal & Cleary 1987): what scores are worth, in real bytes."""

import numpy as np
from numpy.typing import NDArray

_TOP = 1 << 48
_HALF, _QUARTER = _TOP >> 1, _TOP >> 2
_TOTAL = 1 << 28


def shares(scores: NDArray[np.float32]) -> list[int]:
    """Turn scores into cumulative counts, 257 of them; no byte's share is 0."""
    wide = scores.astype(np.float64)
    odds = np.exp(wide - wide.max())
    counts = np.floor(odds / odds.sum() * (_TOTAL - 256)).astype(np.int64) + 1
    return [0, *np.cumsum(counts).tolist()]


class Encoder:
    """Takes bytes with the shares they had, and gives the code."""

    def __init__(self) -> None:
        self._low, self._high, self._waiting = 0, _TOP - 1, 0
        self._bits: list[int] = []

    def put(self, byte: int, cumulative: list[int]) -> None:
        """Write one byte down."""
        self._low, self._high = _narrow(self._low, self._high, byte, cumulative)
        while (shift := _shift(self._low, self._high)) is not None:
            if shift == _QUARTER:
                self._waiting += 1
            else:
                self._give(int(shift == _HALF))
            self._low, self._high = (self._low - shift) * 2, (self._high - shift) * 2 + 1

    def finish(self) -> bytes:
        """Give the whole code."""
        self._waiting += 1
        self._give(int(self._low >= _QUARTER))
        return np.packbits(np.array(self._bits, np.uint8)).tobytes()

    def _give(self, bit: int) -> None:
        self._bits += [bit] + [1 - bit] * self._waiting
        self._waiting = 0


class Decoder:
    """Gives the bytes back, from the code and the same shares."""

    def __init__(self, code: bytes) -> None:
        self._bits = iter(np.unpackbits(np.frombuffer(code, np.uint8)).tolist())
        self._low, self._high, self._value = 0, _TOP - 1, 0
        for _ in range(48):
            self._value = self._value * 2 + next(self._bits, 0)

    def get(self, cumulative: list[int]) -> int:
        """Read one byte."""
        width = self._high - self._low + 1
        target = ((self._value - self._low + 1) * cumulative[-1] - 1) // width
        byte = int(np.searchsorted(cumulative, target, side="right")) - 1
        self._low, self._high = _narrow(self._low, self._high, byte, cumulative)
        while (shift := _shift(self._low, self._high)) is not None:
            self._low, self._high = (self._low - shift) * 2, (self._high - shift) * 2 + 1
            self._value = (self._value - shift) * 2 + next(self._bits, 0)
        return byte


def _narrow(low: int, high: int, byte: int, cumulative: list[int]) -> tuple[int, int]:
    width, total = high - low + 1, cumulative[-1]
    return low + width * cumulative[byte] // total, low + width * cumulative[byte + 1] // total - 1


def _shift(low: int, high: int) -> int | None:
    """Say what to take off before doubling, or None when the range is still wide."""
    if high < _HALF:
        return 0
    if low >= _HALF:
        return _HALF
    return _QUARTER if low >= _QUARTER and high < _HALF + _QUARTER else None
