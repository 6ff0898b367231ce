"""Integer features of bytes: hashed contexts, and what followed them before in this text.

Everything here is exact integer arithmetic, so that any host gets the same numbers. Row t describes
the bytes up to and including byte t, never a later one. Letters: T bytes.
"""

from array import array
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import BYTES, NGRAM_ORDERS, RECALL_BITS, RECALL_ORDERS, TABLES

Bytes = NDArray[np.uint8]
Rows = NDArray[np.int32]

_MASK = (1 << 64) - 1
_MIX = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd: Fibonacci hashing (Knuth 6.4)
_WORD = 0xD1342543DE82EF95  # a full-period multiplier (Steele & Vigna 2021), odd, so invertible
_WORD_INVERSE = pow(_WORD, -1, 1 << 64)
_NOTHING = 4 * BYTES
_TAG = 0xFFFF
_TAG_BITS = 16  # tells contexts apart that share a slot; the last one to come owns it

# Letters, digits and every byte of a longer UTF-8 character belong to a word; case is folded.
LETTER = np.array(
    [bytes([b]).isalnum() or b >= 0x80 for b in range(BYTES)],
    dtype=bool,
)
FOLDED = np.array([b + 32 if 65 <= b <= 90 else b for b in range(BYTES)], dtype=np.uint64)
_IS_LETTER, _FOLDED_BYTE = LETTER.tolist(), FOLDED.tolist()  # plain lists are read faster
_WORD_LANES = slice(len(NGRAM_ORDERS), TABLES)
_MIX_LANE, _FOLD = np.uint64(_MIX), np.uint64(29)
FRESH = [_NOTHING] * (len(RECALL_ORDERS) << RECALL_BITS)


def _slots(keys: NDArray[np.uint64], salt: int, bits: int) -> NDArray[np.int32]:
    mixed = (keys ^ np.uint64((salt * _WORD) & _MASK)) * np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MIX)
    return (mixed >> np.uint64(64 - bits)).astype(np.int32)


def _packed(data: Bytes) -> NDArray[np.uint64]:
    """Give the last eight bytes at each position as one number.   Returns: (T,)."""
    wide = np.concatenate([np.zeros(7, np.uint64), data.astype(np.uint64)])
    packed = np.zeros(len(data), np.uint64)
    for back in range(8):
        packed |= wide[7 - back : 7 - back + len(data)] << np.uint64(8 * back)
    return packed


def _low_bytes(order: int) -> int:
    return (1 << (8 * order)) - 1


def _word_keys(data: Bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Give the keys of the word so far, and of that with the word before it.   Returns: (T,) each.

    A word's hash is h <- h*M + c over its bytes. With M odd this is M^t times a running sum of
    c*M^-t, modulo 2^64, which needs no loop.
    """
    size = len(data)
    letter = LETTER[data]
    powers = np.full(size, _WORD, np.uint64)
    powers[:1] = 1
    powers = np.cumprod(powers, dtype=np.uint64)
    inverse = np.full(size, _WORD_INVERSE, np.uint64)
    inverse[:1] = 1
    inverse = np.cumprod(inverse, dtype=np.uint64)
    codes = np.where(letter, FOLDED[data] + np.uint64(1), np.uint64(0))
    sums = np.cumsum(codes * inverse, dtype=np.uint64)
    at = np.arange(size)
    boundary = np.maximum.accumulate(np.where(letter, -1, at))  # the last non-letter at or before
    base = np.where(boundary >= 0, sums[boundary], np.uint64(0))
    word = np.where(letter, (sums - base) * powers, np.uint64(0))

    ends_here = ~letter & np.concatenate([[False], letter[:-1]])
    finished = np.concatenate([np.zeros(2, np.uint64), word[np.flatnonzero(ends_here) - 1]])
    count = np.cumsum(ends_here)
    before, second = finished[count + 1], finished[count]

    byte = data.astype(np.uint64)
    multiplier = np.uint64(_WORD)
    single = np.where(letter, word, before * multiplier + byte)
    outside = (before * multiplier + second) * multiplier + byte
    return single, np.where(letter, word * multiplier + before, outside)


def table_rows(data: Bytes, bits: int) -> Rows:
    """Give each byte's row in every hashed table.   Returns: (T, TABLES) int32."""
    packed = _packed(data)
    columns = [_slots(packed & np.uint64(_low_bytes(n)), n, bits) for n in NGRAM_ORDERS]
    columns += [_slots(key, 101 + i, bits) for i, key in enumerate(_word_keys(data))]
    return np.stack(columns, axis=1)


def recall_rows(data: Bytes) -> Rows:
    """Give what followed each context the last time, and how often running.

    Returns: (T, RECALLS) int32, `byte + 256 * min(run - 1, 3)`, or 1024 where the context is new.
    """
    packed = _packed(data)
    return np.stack([_recalled(packed, data, order) for order in RECALL_ORDERS], axis=1)


def _recalled(packed: NDArray[np.uint64], data: Bytes, order: int) -> Rows:
    size = len(data)
    tagged = _slots(packed & np.uint64(_low_bytes(order)), 50 + order, RECALL_BITS + _TAG_BITS)
    slots = tagged >> _TAG_BITS
    visits = np.argsort(slots, kind="stable")
    follow = np.zeros(size, np.int32)
    follow[:-1] = data[1:]
    seen = follow[visits]  # what followed each visit, grouped by slot, in order of time
    same = np.zeros(size, bool)  # the slot's last visitor was the same context
    same[1:] = tagged[visits][1:] == tagged[visits][:-1]
    repeats = same.copy()
    repeats[1:] &= seen[1:] == seen[:-1]
    at = np.arange(size)
    run = at - np.maximum.accumulate(np.where(repeats, 0, at))  # 0 for the first in a row
    value = seen + BYTES * np.minimum(run, 3)
    result = np.full(size, _NOTHING, np.int32)
    later = np.flatnonzero(same)
    result[visits[later]] = value[later - 1]
    return result


@dataclass(slots=True)
class FeatureState:
    """What the streaming form remembers: a few integers and one small table per recall order.

    packed: the last eight bytes. word, before, second: hashes of the word so far and the two
    before it. contexts: the last context's tagged slot per recall order. follows: RECALLS tables
    of 2^14 numbers, one after the other.
    """

    packed: int = 0
    word: int = 0
    before: int = 0
    second: int = 0
    contexts: tuple[int, ...] = ()
    follows: "array[int]" = field(default_factory=lambda: array("I", FRESH))

    def twin(self) -> "FeatureState":
        """Give a copy that shares `follows`."""
        return FeatureState(
            self.packed, self.word, self.before, self.second, self.contexts, self.follows
        )

    def fork(self) -> "FeatureState":
        """Give a copy with a table of its own."""
        return replace(self, follows=self.follows[:])

    def undo(self, written: list[tuple[int, int]]) -> None:
        """Put back what a later `step` has overwritten, as `next_written` told before it."""
        for place, value in written:
            self.follows[place] = value


def step(state: FeatureState, byte: int, bits: int) -> tuple[list[int], list[int]]:
    """Read one byte into `state`; give its table rows and its recall rows.

    The state is changed in place: its tables are too large to copy for each byte.
    """
    follows = state.follows
    for order, context in enumerate(state.contexts):
        place, tag = order << RECALL_BITS | context >> _TAG_BITS, context & _TAG
        known = follows[place] ^ tag << _TAG_BITS  # below 2^16 only if the context owns the place
        if known < _NOTHING and known & 0xFF == byte:
            byte_and_run = min(known + BYTES, 3 * BYTES + byte)
        else:
            byte_and_run = byte
        follows[place] = tag << _TAG_BITS | byte_and_run
    state.packed = (state.packed << 8 | byte) & _MASK
    masks, salts, shifts = lanes(bits)
    keys = np.uint64(state.packed) & masks
    keys[_WORD_LANES] = _step_words(state, byte)
    keys ^= salts
    keys *= _MIX_LANE
    keys ^= keys >> _FOLD
    keys *= _MIX_LANE
    keys >>= shifts
    slots: list[int] = keys.tolist()
    state.contexts = tuple(slots[TABLES:])
    recalls = []
    for order, context in enumerate(slots[TABLES:]):
        known = follows[order << RECALL_BITS | context >> _TAG_BITS] ^ (context & _TAG) << _TAG_BITS
        recalls.append(known if known < _NOTHING else _NOTHING)
    return slots[:TABLES], recalls


def copied(recall: int) -> int | None:
    """Give the byte that followed twice or more in a row, if a recall row tells of one."""
    return recall & 0xFF if BYTES <= recall < _NOTHING else None


def next_written(state: FeatureState) -> list[tuple[int, int]]:
    """List what the next `step` will overwrite, for a caller that takes it back.

    Returns: (place in `follows`, the value there now) per recall order.
    """
    places = [order << RECALL_BITS | at >> _TAG_BITS for order, at in enumerate(state.contexts)]
    return [(place, state.follows[place]) for place in places]


class Lanes(NamedTuple):
    """Of all slots of a byte, tables first, then recall orders: (TABLES + RECALLS,) each."""

    masks: NDArray[np.uint64]
    salts: NDArray[np.uint64]
    shifts: NDArray[np.uint64]


@cache
def lanes(bits: int) -> Lanes:
    """Give how keys become slots.   Args: bits: of a row number in a table."""
    words = range(TABLES - len(NGRAM_ORDERS))
    masks = [_low_bytes(n) for n in NGRAM_ORDERS] + [0 for _ in words]
    masks += [_low_bytes(n) for n in RECALL_ORDERS]
    salts = [*NGRAM_ORDERS, *(101 + i for i in words), *(50 + n for n in RECALL_ORDERS)]
    shifts = [64 - bits] * TABLES + [64 - RECALL_BITS - _TAG_BITS] * len(RECALL_ORDERS)
    return Lanes(
        np.array(masks, np.uint64),
        np.array([salt * _WORD & _MASK for salt in salts], np.uint64),
        np.array(shifts, np.uint64),
    )


def _step_words(state: FeatureState, byte: int) -> tuple[int, int]:
    if _IS_LETTER[byte]:
        state.word = (state.word * _WORD + _FOLDED_BYTE[byte] + 1) & _MASK
        return state.word, (state.word * _WORD + state.before) & _MASK
    if state.word:
        state.second, state.before, state.word = state.before, state.word, 0
    single = (state.before * _WORD + byte) & _MASK
    return single, ((state.before * _WORD + state.second) * _WORD + byte) & _MASK
