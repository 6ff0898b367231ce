"""Vector codes: a unit embedding becomes bit planes, of which the first holds rotated signs.

Letters: N vectors, D dimensions (a power of two), B bits a dimension, W = D / 64 words a plane.

A seeded random rotation spreads each vector evenly over its dimensions, so that signs carry angle
(Charikar 2002) and one scalar quantiser fits every dimension (RaBitQ, arXiv 2405.12497, section 3).
The first planes of a code are a code by themselves (levels.py). Search has four steps, each over
fewer vectors: Hamming distance over sign planes, two bits of the query against two bits of a
vector, the float query against these, and whatever further planes can be had. Only the last needs
more than COARSE planes, so the others may stay on disk. Rotation and codes are the same to the bit
everywhere: the rotation is built in integers, the quantiser compares against fixed edges.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_storage.codes.levels import distortion, edges, levels

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]

COARSE = 2  # planes that candidates are chosen by
FINEST = 8  # planes at most
POOL, POOL_SHARE = 1200, 32  # vectors kept by Hamming distance, at least so many, or one in so many
ROUGH_SHARE = 2  # vectors kept by two bits of the query, per candidate asked for
SAMPLED = 16  # every so many distances tell about all of them
BLOCK = 1 << 14  # vectors whose Hamming distances are in the processor's cache at once


class VectorCodec:
    """Encodes unit vectors and finds the codes nearest to a query.

    A code is (B, W) uint64: plane 0 has the signs, the others the rest of each dimension's level,
    highest bit first; it takes D * B / 8 bytes, and its first planes are a code, too.

    Args: dimensions: D, a power of two, at least 64. seed: of the rotation, stored with the codes.
    """

    def __init__(self, dimensions: int, *, seed: int) -> None:
        if dimensions < 64 or dimensions & (dimensions - 1):
            raise ValueError(f"dimensions must be a power of two, at least 64, got {dimensions}")
        self.dimensions = dimensions
        self.seed = seed
        self._rotation = rotation(dimensions, seed)  # (D, D)
        self._levels: dict[int, Floats] = {}  # by bits, as they are asked for

    def error(self, bits: int) -> float:
        """Return the standard deviation of a cosine by codes of so many bits from the true one.

        That of vectors at right angles, at most: between vectors that are alike it is less.
        """
        return math.sqrt(distortion(bits) / self.dimensions)

    def rotate(self, vectors: Floats) -> Floats:
        """Rotate (N, D) into the space of the codes, (N, D)."""
        return np.asarray(vectors, dtype=np.float32) @ self._rotation

    def encode(self, vectors: Floats, bits: int) -> Words:
        """Encode (N, D) unit vectors as (N, B, W), B being 1 to 8 bits."""
        if not 1 <= bits <= FINEST:
            raise ValueError(f"bits must be 1 to {FINEST}, got {bits}")
        return self._encode_rotated(self.rotate(vectors), bits)

    def decode(self, codes: Words) -> Floats:
        """Return what (N, B, W) codes stand for: unit rows (N, D), rotated."""
        values = self._values(codes)
        return np.asarray(values / _norms(values)[:, None], np.float32)

    def restore(self, codes: Words) -> Floats:
        """Return what (N, B, W) codes stand for as the embedder gave it: unit rows (N, D)."""
        return self.decode(codes) @ self._rotation.T

    def cosines(self, query: Floats, codes: Words) -> Floats:
        """Return the cosines between a (D,) unit query and the vectors of (N, B, W) codes, (N,).

        What a code stands for falls short of its vector, more so with fewer bits: this is made up.
        """
        values = self._values(codes)
        # Not @, whose last bit depends on what row a code is in: equal codes are equally near.
        scores: Floats = np.einsum("nd,d->n", values, self.rotate(query[None, :])[0])
        scores /= _norms(values) * math.sqrt(1 - distortion(codes.shape[1]))
        return scores

    def candidates(
        self,
        query: Floats,
        signs: Words,
        rest: Words,
        *,
        keep: int = 100,
        hidden: Flags | None = None,
    ) -> Rows:
        """Return the rows of the `keep` codes nearest to a (D,) query, best first.

        Args:
            signs: first planes (N, W); twice as fast where each of the W columns is in one piece.
            rest: second planes (N, W).
            hidden: rows (N,) that are not looked at.
        """
        own = self._encode_rotated(self.rotate(query[None, :]), COARSE)[0]  # (2, W)
        pool = max(POOL, len(signs) // POOL_SHARE)
        rows = _nearest_by_hamming(own[0], signs, pool, hidden)
        words, others = signs.T.take(rows, axis=1), rest.take(rows, axis=0)  # (W, n), (n, W)
        best = np.sort(_best(self._rough_scores(own, words, others), keep * ROUGH_SHARE))
        codes = np.stack([words[:, best].T, others[best]], axis=1)  # (n, 2, W)
        nearest: Rows = rows[best[_best(self.cosines(query, codes), keep)]]
        return nearest

    def _encode_rotated(self, rotated: Floats, bits: int) -> Words:
        scaled = rotated * np.float32(math.sqrt(self.dimensions))
        cells = np.searchsorted(edges(bits).astype(np.float32), scaled).astype(np.uint8)  # (N, D)
        shifts = np.arange(bits - 1, -1, -1, dtype=np.uint8)
        planes = (cells[:, None, :] >> shifts[:, None]) & 1  # (N, B, D)
        return np.packbits(planes, axis=2, bitorder="little").view(np.uint64)  # (N, B, W)

    def _values(self, codes: Words) -> Floats:
        """Return the level of each dimension (N, D), a unit normal's."""
        bits = codes.shape[1]
        planes = np.unpackbits(codes.view(np.uint8), axis=2, bitorder="little")  # (N, B, D)
        cells = planes[:, 0].copy()
        for plane in range(1, bits):
            cells <<= 1
            cells |= planes[:, plane]  # (N, D)
        values: Floats = self._levels_of(bits).take(cells)  # (N, D)
        return values

    def _levels_of(self, bits: int) -> Floats:
        if bits not in self._levels:
            self._levels[bits] = levels(bits).astype(np.float32)
        return self._levels[bits]

    def _rough_scores(self, own: Words, signs: Words, rest: Words) -> Floats:
        """Return how codes of two planes, (W, N) and (N, W), rank beside one (2, W), bit by bit.

        A value of two bits is its sign times `low`, and `more` where both bits are the same. So a
        product of two is four sums of signs: over all dimensions, over those where the one value
        is large, or the other, or both.
        """
        unlike, large, both, unlike_large, unlike_own, unlike_both = np.zeros(
            (6, len(rest)), np.int16
        )
        own_large = ~(own[0] ^ own[1])  # (W,)
        for word, mine in enumerate(own_large):  # one by one: sums over four are slow
            differing = signs[word] ^ own[0, word]
            size = ~(signs[word] ^ rest[:, word])
            unlike += np.bitwise_count(differing)
            large += np.bitwise_count(size)
            unlike_large += np.bitwise_count(differing & size)
            size &= mine
            both += np.bitwise_count(size)
            unlike_both += np.bitwise_count(differing & size)
            differing &= mine
            unlike_own += np.bitwise_count(differing)
        low, high = self._levels_of(COARSE)[-2:]
        more = high - low
        mine_large = np.int16(np.bitwise_count(own_large).sum())
        sums = low * low * (self.dimensions - 2 * unlike)
        sums += low * more * (large + mine_large - 2 * (unlike_large + unlike_own))
        sums += more * more * (both - 2 * unlike_both)
        scores: Floats = sums / np.sqrt(
            low * low * self.dimensions + (high * high - low * low) * large
        )
        return scores


def rotation(dimensions: int, seed: int) -> Floats:
    """Return a seeded random rotation (D, D): sign flips and a Hadamard transform, three times.

    Source: Ailon & Chazelle 2009, section 2. In integers, scaled once at the end.
    """
    flips = np.random.Generator(np.random.PCG64(seed)).integers(0, 2, size=(3, dimensions)) * 2 - 1
    hadamard = np.ones((1, 1), dtype=np.int64)
    while len(hadamard) < dimensions:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])  # Sylvester
    product = np.eye(dimensions, dtype=np.int64)
    for flip in flips:
        product = (product * flip) @ hadamard
    turned: Floats = (product / float(dimensions) ** 1.5).astype(np.float32)
    return turned


def _nearest_by_hamming(own: Words, signs: Words, keep: int, hidden: Flags | None = None) -> Rows:
    """Return the rows of the `keep` sign planes (N, W) nearest to one (W,), in rising order."""
    if keep >= len(signs):
        return np.arange(len(signs)) if hidden is None else np.flatnonzero(~hidden)
    distances = _distances(own, signs)
    farthest = int(np.iinfo(distances.dtype).max)
    if hidden is not None:
        distances[hidden] = farthest
    likely = _up_to(distances, keep, farthest)
    near = distances[likely]
    limit = _limit(near, keep, farthest)
    kept = near < limit
    if limit < farthest:  # else fewer are seen than are wanted
        kept[np.flatnonzero(near == limit)[: keep - np.count_nonzero(kept)]] = True
    rows: Rows = likely[kept]
    return rows


def _up_to(distances: NDArray[np.unsignedinteger[Any]], keep: int, farthest: int) -> Rows:
    """Return rows among which are the `keep` nearest, few more if a sample of all tells enough."""
    wanted = 2 * keep // SAMPLED + SAMPLED  # twice what is expected
    rows = np.flatnonzero(distances <= _limit(distances[::SAMPLED], wanted, farthest))
    return rows if len(rows) >= keep else np.arange(len(distances))


def _limit(distances: NDArray[np.unsignedinteger[Any]], keep: int, farthest: int) -> int:
    """Return the distance up to which there are `keep`, or the farthest."""
    return bisect_left(range(farthest), keep, key=lambda d: int(np.count_nonzero(distances <= d)))


def _distances(own: Words, signs: Words) -> NDArray[np.unsignedinteger[Any]]:
    """Return how many signs differ, 63 at most of the last two words: so four stay below 255."""
    kind: type[np.unsignedinteger[Any]] = np.uint8 if len(own) <= 4 else np.uint16
    total = np.zeros(len(signs), kind)
    unlike, count = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint8)
    for start in range(0, len(signs), BLOCK):
        here = total[start : start + BLOCK]
        differing, counted = unlike[: len(here)], count[: len(here)]
        for word, sign in enumerate(own):  # one by one: sums over four are slow
            np.bitwise_xor(signs[start : start + BLOCK, word], sign, out=differing)
            np.bitwise_count(differing, out=counted)
            if word >= len(own) - 2:
                np.minimum(counted, 63, out=counted)
            here += counted
    return total


def _norms(values: Floats) -> Floats:
    norms: Floats = np.sqrt(np.einsum("nd,nd->n", values, values))
    return norms


def _best(scores: Floats, keep: int) -> Rows:
    """Return the positions of the `keep` highest scores, best first, ties to the lower position."""
    if keep >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, len(scores) - keep)[len(scores) - keep]
    higher, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
    rows = np.sort(np.concatenate([higher, equal[: keep - len(higher)]]))
    best: Rows = rows[np.argsort(-scores[rows], kind="stable")]
    return best
