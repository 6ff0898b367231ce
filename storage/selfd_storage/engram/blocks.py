"""Sparse block codes: vectors of B blocks with one active slot of L in each.

Letters: B blocks, L slots in a block (a power of two), N codes.

A code is (B,) uint16, the active slot of each block. Binding adds slots modulo L, unbinding
subtracts them and is exact; a permutation rolls the blocks, so that order can be told (Laiho et al.
2015; Frady, Kleyko & Sommer 2020; compared with other architectures by Schlegel et al. 2021). A
bundle counts codes per block and slot, (B, L): the order of adding does not matter, and what was
added can be taken out again. The least count that a code meets in a bundle is never below how often
the code was added (the count-min sketch of Cormode & Muthukrishnan 2005).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Code: TypeAlias = NDArray[np.uint16]  # (B,)
Codes: TypeAlias = NDArray[np.uint16]  # (N, B)
Bundle: TypeAlias = NDArray[np.unsignedinteger[Any]]  # (B, L)
Held: TypeAlias = NDArray[np.uint8]  # (B, L / 8), a bit a slot

MOST_BLOCKS = 128
MOST_SLOTS = 1 << 16


def atom(key: bytes, blocks: int) -> Code:
    """Return the random code of a name, (B,), at the full 65,536 slots; the same everywhere.

    With fewer slots the low bits count, so one code serves bundles of every size.
    """
    if not 1 <= blocks <= MOST_BLOCKS:
        raise ValueError(f"blocks must be 1 to {MOST_BLOCKS}, got {blocks}")
    digest = hashlib.shake_128(key).digest(2 * blocks)
    return np.frombuffer(digest, dtype="<u2").astype(np.uint16)


def atoms(keys: Sequence[bytes], blocks: int) -> Codes:
    """Return the codes of N names, (N, B)."""
    joined = b"".join(hashlib.shake_128(key).digest(2 * blocks) for key in keys)
    return np.frombuffer(joined, dtype="<u2").astype(np.uint16).reshape(-1, blocks)


def bind(first: Codes, second: Codes) -> Codes:
    """Join two codes into one that is like neither: slot by slot, first + second modulo 65,536."""
    return first + second


def unbind(bound: Codes, second: Codes) -> Codes:
    """Take `second` out of a bound code: exact for a single pair."""
    return bound - second


def permute(code: Codes, steps: int = 1) -> Codes:
    """Roll the blocks of (..., B), so that a code in another place is another code."""
    return np.roll(code, steps, axis=-1)


def slots_of(codes: Codes, slots: int) -> NDArray[np.intp]:
    """Return (N, B) slot numbers below `slots`, a power of two."""
    if slots < 2 or slots & (slots - 1) or slots > MOST_SLOTS:
        raise ValueError(f"slots must be a power of two, 2 to {MOST_SLOTS}, got {slots}")
    return (codes & np.uint16(slots - 1)).astype(np.intp)


def bundle(codes: Codes, slots: int) -> Bundle:
    """Add N codes up, (B, L)."""
    blocks = codes.shape[1]
    flat = slots_of(codes, slots) + np.arange(blocks) * slots  # (N, B)
    counts = np.bincount(flat.ravel(), minlength=blocks * slots)
    return counts.astype(np.uint32).reshape(blocks, slots)


def held(counts: Bundle) -> Held:
    """Return which slots of a bundle hold anything, (B, L / 8)."""
    return np.packbits(counts != 0, axis=1, bitorder="little")


def thin(counts: Bundle) -> Code:
    """Return the code of the fullest slot of each block, (B,), ties to the lower slot."""
    code: Code = np.argmax(counts, axis=1).astype(np.uint16)
    return code


def support(counts: Bundle, codes: Codes) -> NDArray[np.intp]:
    """Return how strongly a bundle holds each of N codes: the sum of the counts they meet, (N,)."""
    total: NDArray[np.intp] = _met(counts, codes).sum(axis=1, dtype=np.intp)
    return total


def occurrences(counts: Bundle, codes: Codes) -> NDArray[np.intp]:
    """Return at most how often each of N codes was added: the least count that it meets, (N,)."""
    least: NDArray[np.intp] = _met(counts, codes).min(axis=1).astype(np.intp)
    return least


def _met(counts: Bundle, codes: Codes) -> Bundle:
    met: Bundle = counts[np.arange(counts.shape[0]), slots_of(codes, counts.shape[1])]  # (N, B)
    return met
