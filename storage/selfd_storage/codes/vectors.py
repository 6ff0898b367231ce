"""Vector codes: a unit embedding becomes bit planes, of which the first holds rotated signs.

Letters: N vectors, D dimensions (a power of two), B bits a dimension, W = D / 64 words a plane.

A seeded random rotation spreads each vector evenly over its dimensions, so that signs carry angle
(Charikar 2002) and one scalar quantiser fits every dimension (RaBitQ, arXiv 2405.12497, section 3).
Search has three steps, each over fewer vectors: Hamming distance over sign planes, the float query
against sign planes, the float query against all planes. Only the last reads more than signs, and
only of the candidates, so the other planes may stay on disk. Rotation and codes are the same to the
bit everywhere: the rotation is built in integers, the quantiser compares against fixed edges.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]

HAMMING_SHARE = 12  # vectors kept by Hamming distance, per candidate asked for
BLOCK = 1 << 14  # vectors whose Hamming distances are in the processor's cache at once
LLOYD_ROUNDS = 300  # 8 levels have settled to 1e-3, and 128 lose nothing measurable


class VectorCodec:
    """Encodes unit vectors and finds the codes nearest to a query.

    A code is (B, W) uint64: plane 0 has the signs, the others the rest of each dimension's level,
    highest bit first; it takes D * B / 8 bytes.

    Args: dimensions: D, a power of two, at least 64. seed: of the rotation, stored with the codes.
    bits: B, 2 to 8.
    """

    def __init__(self, dimensions: int, *, seed: int, bits: int = 6) -> None:
        if dimensions < 64 or dimensions & (dimensions - 1):
            raise ValueError(f"dimensions must be a power of two, at least 64, got {dimensions}")
        if not 2 <= bits <= 8:
            raise ValueError(f"bits must be 2 to 8, got {bits}")
        self.dimensions = dimensions
        self.seed = seed
        self.bits = bits
        self._rotation = rotation(dimensions, seed)  # (D, D)
        positive = gaussian_levels(1 << (bits - 1)) / np.sqrt(dimensions)  # (2**B / 2,)
        self._levels: Floats = np.concatenate([-positive[::-1], positive]).astype(np.float32)
        self._edges = ((self._levels[1:] + self._levels[:-1]) / 2).astype(np.float32)

    @property
    def code_bytes(self) -> int:
        """Bytes that one code takes."""
        return self.dimensions * self.bits // 8

    def rotate(self, vectors: Floats) -> Floats:
        """Rotate (N, D) into the space of the codes, (N, D)."""
        return np.asarray(vectors, dtype=np.float32) @ self._rotation

    def encode(self, vectors: Floats) -> Words:
        """Encode (N, D) unit vectors as (N, B, W)."""
        levels = np.searchsorted(self._edges, self.rotate(vectors)).astype(np.uint8)  # (N, D)
        shifts = np.arange(self.bits - 1, -1, -1, dtype=np.uint8)
        planes = (levels[:, None, :] >> shifts[:, None]) & 1  # (N, B, D)
        return np.packbits(planes, axis=2, bitorder="little").view(np.uint64)  # (N, B, W)

    def decode(self, codes: Words) -> Floats:
        """Return what (N, B, W) codes stand for: unit rows (N, D), rotated."""
        values, norms = self._values(codes)
        return np.asarray(values / norms[:, None], np.float32)

    def restore(self, codes: Words) -> Floats:
        """Return what (N, B, W) codes stand for as the embedder gave it: unit rows (N, D)."""
        return self.decode(codes) @ self._rotation.T

    def candidates(
        self, query: Floats, signs: Words, *, keep: int = 100, hidden: Flags | None = None
    ) -> Rows:
        """Return the rows of the `keep` sign planes (N, W) nearest to a (D,) query, best first.

        Twice as fast where each of the W columns lies in one piece.

        Args:
            hidden: rows (N,) that are not looked at.
        """
        rotated = self.rotate(query[None, :])[0]  # (D,)
        rows = _nearest_by_hamming(rotated, signs, keep * HAMMING_SHARE, hidden)
        bits = np.unpackbits(signs[rows].view(np.uint8), axis=1, bitorder="little")
        scores = bits.astype(np.float32) @ rotated  # in the order of sum of query * sign
        nearest: Rows = rows[_best(scores, keep)]
        return nearest

    def cosines(self, query: Floats, codes: Words) -> Floats:
        """Return the cosines between a (D,) unit query and (N, B, W) codes, (N,)."""
        values, norms = self._values(codes)
        scores: Floats = values @ self.rotate(query[None, :])[0]
        scores /= norms
        return scores

    def _values(self, codes: Words) -> tuple[Floats, Floats]:
        """Return the level of each dimension (N, D), and the lengths of these rows (N,)."""
        planes = np.unpackbits(codes.view(np.uint8), axis=2, bitorder="little")  # (N, B, D)
        levels = planes[:, 0].copy()
        for plane in range(1, self.bits):
            levels <<= 1
            levels |= planes[:, plane]  # (N, D)
        values = self._levels.take(levels)  # (N, D)
        return values, np.sqrt(np.einsum("nd,nd->n", values, values))


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


def gaussian_levels(count: int) -> NDArray[np.float64]:
    """Return the positive half of the 2 * `count` Lloyd-Max levels of a standard normal, rising.

    Source: Lloyd 1982, each level is the mean of the cell around it; the start is Panter & Dite
    1951, eq. 18: quantiles of a normal with sqrt(3) times the spread.
    """
    normal = NormalDist()
    wide = NormalDist(sigma=math.sqrt(3))
    levels = [wide.inv_cdf(0.5 + (i + 0.5) / (2 * count)) for i in range(count)]
    for _ in range(LLOYD_ROUNDS):
        edges = [0.0, *((a + b) / 2 for a, b in pairwise(levels)), math.inf]
        levels = [
            (normal.pdf(a) - normal.pdf(b)) / (normal.cdf(b) - normal.cdf(a))
            for a, b in pairwise(edges)
        ]
    return np.array(levels)


def _nearest_by_hamming(
    rotated: Floats, signs: Words, keep: int, hidden: Flags | None = None
) -> Rows:
    """Return the rows of the `keep` sign planes nearest to the query's own, in rising order."""
    if keep >= len(signs):
        return np.arange(len(signs)) if hidden is None else np.flatnonzero(~hidden)
    own = np.packbits(rotated > 0, bitorder="little").view(np.uint64)  # (W,)
    distances = _distances(own, signs)
    farthest = int(np.iinfo(distances.dtype).max)
    if hidden is not None:
        distances[hidden] = farthest
    limit = bisect_left(range(farthest), keep, key=lambda d: int(np.count_nonzero(distances <= d)))
    nearer = np.flatnonzero(distances < limit)
    if limit == farthest:  # fewer are seen than are wanted
        return nearer
    equal = np.flatnonzero(distances == limit)[: keep - len(nearer)]
    rows: Rows = np.sort(np.concatenate([nearer, equal]))
    return rows


def _distances(own: Words, signs: Words) -> NDArray[np.unsignedinteger[Any]]:
    """Return how many signs differ, 63 at most of a word: so four words stay below a hidden row."""
    kind: type[np.unsignedinteger[Any]] = np.uint8 if len(own) <= 4 else np.uint16
    total = np.zeros(len(signs), kind)
    for start in range(0, len(signs), BLOCK):
        part, here = signs[start : start + BLOCK], total[start : start + BLOCK]
        for word, sign in enumerate(own):  # one by one: sums over four are slow
            differing = np.bitwise_count(part[:, word] ^ sign)
            here += np.minimum(differing, 63, out=differing)
    return total


def _best(scores: Floats, keep: int) -> Rows:
    """Return the positions of the `keep` highest scores, best first, ties to the lower position."""
    order: Rows = np.argsort(-scores, kind="stable")[:keep]
    return order
