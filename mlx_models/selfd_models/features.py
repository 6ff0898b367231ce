"""Integer features of bytes: hashed contexts, and what followed them before in this text.

Everything here is exact integer arithmetic, so that any host gets the same numbers. Row t describes
the bytes up to and including byte t, never a later one. Letters: T bytes.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import BYTES, NGRAM_ORDERS, RECALL_BITS, RECALL_ORDERS

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
_LETTER = np.array(
    [bytes([b]).isalnum() or b >= 0x80 for b in range(BYTES)],
    dtype=bool,
)
_FOLDED = np.array([b + 32 if 65 <= b <= 90 else b for b in range(BYTES)], dtype=np.uint64)


def _slots(keys: NDArray[np.uint64], salt: int, bits: int) -> NDArray[np.int32]:
    mixed = (keys ^ np.uint64((salt * _WORD) & _MASK)) * np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MIX)
    return (mixed >> np.uint64(64 - bits)).astype(np.int32)


def _slot(key: int, salt: int, bits: int) -> int:
    mixed = ((key ^ (salt * _WORD & _MASK)) * _MIX) & _MASK
    mixed ^= mixed >> 29
    return (mixed * _MIX & _MASK) >> (64 - bits)


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
    letter = _LETTER[data]
    powers = np.full(size, _WORD, np.uint64)
    powers[:1] = 1
    powers = np.cumprod(powers, dtype=np.uint64)
    inverse = np.full(size, _WORD_INVERSE, np.uint64)
    inverse[:1] = 1
    inverse = np.cumprod(inverse, dtype=np.uint64)
    codes = np.where(letter, _FOLDED[data] + np.uint64(1), np.uint64(0))
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


@dataclass
class FeatureState:
    """What the streaming form remembers: a few integers and one small table per recall order.

    packed: the last eight bytes. word, before, second: hashes of the word so far and the two
    before it. slots: the last context's slot per recall order. follows: (RECALLS, 2^14) uint16.
    """

    packed: int = 0
    word: int = 0
    before: int = 0
    second: int = 0
    contexts: list[int] = field(default_factory=list)
    follows: NDArray[np.uint32] = field(
        default_factory=lambda: np.full((len(RECALL_ORDERS), 1 << RECALL_BITS), _NOTHING, np.uint32)
    )


def step(state: FeatureState, byte: int, bits: int) -> tuple[list[int], list[int]]:
    """Read one byte into `state`; give its table rows and its recall rows.

    The state is changed in place: its tables are too large to copy for each byte.
    """
    for order, context in enumerate(state.contexts):
        known = _recall(state, order, context)
        value = (
            byte
            if known == _NOTHING or known % BYTES != byte
            else min(known + BYTES, 3 * BYTES + byte)
        )
        state.follows[order, context >> _TAG_BITS] = (context & _TAG) << _TAG_BITS | value
    state.packed = (state.packed << 8 | byte) & _MASK
    tables = [_slot(state.packed & _low_bytes(n), n, bits) for n in NGRAM_ORDERS]
    tables += [_slot(key, 101 + i, bits) for i, key in enumerate(_step_words(state, byte))]
    width = RECALL_BITS + _TAG_BITS
    state.contexts = [_slot(state.packed & _low_bytes(n), 50 + n, width) for n in RECALL_ORDERS]
    return tables, [_recall(state, order, slot) for order, slot in enumerate(state.contexts)]


def next_written(state: FeatureState) -> list[tuple[int, int, int]]:
    """List what the next `step` will overwrite, for a caller that takes it back.

    Returns: (row and column in `follows`, the value there now) per recall order.
    """
    slots = [context >> _TAG_BITS for context in state.contexts]
    return [(order, slot, int(state.follows[order, slot])) for order, slot in enumerate(slots)]


def _recall(state: FeatureState, order: int, context: int) -> int:
    owner, value = divmod(int(state.follows[order, context >> _TAG_BITS]), 1 << _TAG_BITS)
    return value if owner == context & _TAG else _NOTHING


def _step_words(state: FeatureState, byte: int) -> tuple[int, int]:
    if _LETTER[byte]:
        state.word = (state.word * _WORD + int(_FOLDED[byte]) + 1) & _MASK
        return state.word, (state.word * _WORD + state.before) & _MASK
    if state.word:
        state.second, state.before, state.word = state.before, state.word, 0
    single = (state.before * _WORD + byte) & _MASK
    return single, ((state.before * _WORD + state.second) * _WORD + byte) & _MASK
