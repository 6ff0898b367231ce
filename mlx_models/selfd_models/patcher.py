"""Where patches end: a hashed n-gram model of bytes whose entropies are small integers.

A patch ends at byte t when the entropy of what may follow is above a threshold, after a newline,
or at 16 bytes. The threshold follows the text: it rises at each end and sinks at every other byte,
so that scripts and domains of any predictability settle at the same mean length. All of it is
integer arithmetic on bytes up to t, so that any host cuts the same patches, streaming or at once.
Letters: T bytes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import BYTES, LONGEST_PATCH, TYPICAL_PATCH
from selfd_models.errors import PatcherError

Bytes = NDArray[np.uint8]

STEPS_PER_NAT = 40  # one unit of entropy is 1/40 nat (research/models.md section 1.4)
_BITS = 17  # slots of a hashed table
_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_NEWLINE = 10
_SEEN_OFTEN = 4  # a longer context is kept only if it was counted this often
# The threshold moves in 32nds of a step: +9 at an end, -2 elsewhere, at rest at 11 / 2 = 5.5 bytes.
_FINE = 32
_RISE, _SINK = 9, 2
_LOWEST, _HIGHEST = 32 * _FINE, 200 * _FINE


@dataclass(frozen=True)
class Patcher:
    """The counted tables and the threshold; a value that travels with the checkpoint.

    pairs: (65536,) uint8, exact. triples, quads: (2^17,) uint16, the owner's tag in the high byte,
    the entropy plus one in the low; 0 is an empty slot. threshold: in units of 1/40 nat.
    """

    pairs: NDArray[np.uint8]
    triples: NDArray[np.uint16]
    quads: NDArray[np.uint16]
    threshold: int

    def entropies(self, data: Bytes) -> NDArray[np.int32]:
        """Give the entropy of the byte that follows each byte.   Returns: (T,), 1/40 nat."""
        packed = _contexts(data)
        entropy: NDArray[np.int32] = self.pairs[packed & np.uint64(0xFFFF)].astype(np.int32)
        for table, mask in ((self.triples, 0xFFFFFF), (self.quads, 0xFFFFFFFF)):
            slot, tag = _place(packed & np.uint64(mask))
            found = table[slot]
            known = (found > 0) & (found >> 8 == tag)
            entropy = np.where(known, (found & 0xFF).astype(np.int32) - 1, entropy)
        return entropy

    def ends(self, data: Bytes) -> NDArray[np.bool_]:
        """Say after which bytes a patch ends.   Returns: (T,)."""
        return cut(self.entropies(data), data, self.threshold)

    def start(self) -> "PatcherState":
        """Give the state before the first byte."""
        return PatcherState(threshold=self.threshold * _FINE)

    def step(self, state: "PatcherState", byte: int) -> bool:
        """Read one byte into `state`; say whether a patch ends after it."""
        state.packed = (state.packed << 8 | byte) & 0xFFFFFFFF
        state.length += 1
        entropy = int(self.pairs[state.packed & 0xFFFF])
        for table, mask in ((self.triples, 0xFFFFFF), (self.quads, 0xFFFFFFFF)):
            mixed = (state.packed & mask) * _MIX & _MASK
            found = int(table[mixed >> (64 - _BITS)])
            if found and found >> 8 == mixed >> (56 - _BITS) & 0xFF:
                entropy = (found & 0xFF) - 1
        ended = (
            entropy * _FINE > state.threshold or byte == _NEWLINE or state.length == LONGEST_PATCH
        )
        if ended:
            state.length = 0
            state.threshold = min(state.threshold + _RISE, _HIGHEST)
        else:
            state.threshold = max(state.threshold - _SINK, _LOWEST)
        return ended


@dataclass
class PatcherState:
    """What the streaming form remembers.

    packed: the last four bytes. length: of the open patch. threshold: in 1/32 of a step.
    """

    threshold: int
    packed: int = 0
    length: int = 0


def cut(entropy: NDArray[np.int32], data: Bytes, threshold: int) -> NDArray[np.bool_]:
    """Say after which bytes a patch ends, from one starting threshold.   Returns: (T,)."""
    ends = np.zeros(len(data), bool)
    moving, length = threshold * _FINE, 0
    newline = data == _NEWLINE
    for at, (above, forced) in enumerate(
        zip((entropy * _FINE).tolist(), newline.tolist(), strict=True)
    ):
        length += 1
        if above > moving or forced or length == LONGEST_PATCH:
            ends[at] = True
            length = 0
            moving = min(moving + _RISE, _HIGHEST)
        else:
            moving = max(moving - _SINK, _LOWEST)
    return ends


def _contexts(data: Bytes) -> NDArray[np.uint64]:
    wide = np.concatenate([np.zeros(3, np.uint64), data.astype(np.uint64)])
    size = len(data)
    parts = [wide[3 - back : 3 - back + size] << np.uint64(8 * back) for back in range(4)]
    packed: NDArray[np.uint64] = parts[0] | parts[1] | parts[2] | parts[3]
    return packed


def _place(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    mixed = keys * np.uint64(_MIX)
    slot = (mixed >> np.uint64(64 - _BITS)).astype(np.int64)
    return slot, mixed >> np.uint64(56 - _BITS) & np.uint64(0xFF)


@dataclass(frozen=True)
class _Seen:
    """Which byte followed which context how often; contexts in ascending order, (N,) each."""

    contexts: NDArray[np.uint64]
    after: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, data: Bytes, mask: int) -> "_Seen":
        contexts = _contexts(data)[:-1] & np.uint64(mask)
        both = contexts << np.uint64(8) | data[1:].astype(np.uint64)
        pairs, counts = np.unique(both, return_counts=True)
        after = (pairs & np.uint64(0xFF)).astype(np.int64)
        return cls(pairs >> np.uint64(8), after, counts)

    def after_each(
        self, keys: NDArray[np.uint64], shorter: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Give the distributions after `keys` (ascending).   Returns: (len(keys), 256)."""
        rows = np.minimum(np.searchsorted(keys, self.contexts), len(keys) - 1)
        kept = keys[rows] == self.contexts
        counts = np.zeros(len(keys) * BYTES, np.float32)
        counts[rows[kept] * BYTES + self.after[kept]] = self.counts[kept]
        return _blend(counts.reshape(len(keys), BYTES), shorter)


def count(data: Bytes) -> Patcher:
    """Count a text's contexts of two to four bytes and keep their Witten-Bell entropies.

    Args: data: (T,), at least 64 kB.   Returns: a patcher whose threshold is still 0.
    """
    if len(data) < 65536:
        raise PatcherError(f"a patcher needs 65536 bytes of text to count, got {len(data)}")
    flat = np.bincount(data, minlength=BYTES).astype(np.float32) + np.float32(1.0)
    alone = np.broadcast_to(flat / flat.sum(), (BYTES, BYTES))
    order1 = _Seen.of(data, 0xFF).after_each(np.arange(BYTES, dtype=np.uint64), alone)
    pairs = np.arange(BYTES * BYTES, dtype=np.uint64)
    order2 = _Seen.of(data, 0xFFFF).after_each(pairs, order1[pairs & np.uint64(0xFF)])
    triples = _table(_Seen.of(data, 0xFFFFFF), order2)
    quads = _table(_Seen.of(data, 0xFFFFFFFF), order2)
    return Patcher(_entropy(order2).astype(np.uint8), triples, quads, 0)


def _table(seen: _Seen, order2: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Store the entropies after the most frequent contexts; rarer ones leave their slot to them."""
    keys, first = np.unique(seen.contexts, return_index=True)
    counts = np.add.reduceat(seen.counts, first)
    often = counts >= _SEEN_OFTEN
    keys, counts = keys[often], counts[often]
    slot, tag = _place(keys)
    owner = np.full(1 << _BITS, -1, np.int64)
    rarest_first = np.argsort(counts, kind="stable")
    owner[slot[rarest_first]] = rarest_first
    chosen = np.sort(owner[owner >= 0])
    table = np.zeros(1 << _BITS, np.uint16)
    for start in range(0, len(chosen), 8192):  # 8192 distributions take 8 MB
        part = chosen[start : start + 8192]
        shorter = order2[keys[part] & np.uint64(0xFFFF)]
        entropy = _entropy(seen.after_each(keys[part], shorter)) + 1
        table[slot[part]] = tag[part].astype(np.int64) << 8 | entropy
    return table


def _blend(counts: NDArray[np.float32], shorter: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mix counts with the shorter context's distribution (Witten & Bell 1991, method C)."""
    kinds = (counts > 0).sum(axis=1, keepdims=True, dtype=np.float32)
    total = counts.sum(axis=1, keepdims=True)
    mixed = (counts + kinds * shorter) / np.maximum(total + kinds, 1.0)
    return np.where(total > 0, mixed, shorter).astype(np.float32)


def _entropy(distributions: NDArray[np.float32]) -> NDArray[np.int64]:
    nats = -(distributions * np.log(np.maximum(distributions, 1e-12))).sum(axis=1)
    steps: NDArray[np.int64] = np.minimum(np.rint(nats * STEPS_PER_NAT), 254).astype(np.int64)
    return steps


def calibrate(patcher: Patcher, samples: list[Bytes], target: float = TYPICAL_PATCH) -> Patcher:
    """Set the starting threshold so that the samples' patches start at `target` bytes on average.

    Bisection over the whole steps with a threshold that stands still, so that the moving one
    starts where it would come to rest in an average text.
    """
    data = np.concatenate(samples)
    entropy = patcher.entropies(data)
    newline = data == _NEWLINE
    low, high = 0, 254
    while low < high:
        middle = (low + high) // 2
        mean = len(data) / max(1, int(((entropy > middle) | newline).sum()))
        low, high = (middle + 1, high) if mean < target else (low, middle)
    return replace(patcher, threshold=low)
