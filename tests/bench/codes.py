"""How well codes stand in for vectors: recall of the ten nearest turns of LoCoMo, and the scan.

python -m bench codes
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.locomo import read, said
from bench.row import Row
from selfd_models.embedding import Embedder
from selfd_storage.codes.columns import NEAREST
from selfd_storage.codes.follow import BITS, SEED
from selfd_storage.codes.vectors import VectorCodec

TEN = 10
SIZES = (100_000, 1_000_000)


def rows(data: Path | None) -> list[Row]:
    """Compare with exact search in float32, and time the scan over made-up codes."""
    found = [] if data is None else _recall(data)
    rng = np.random.default_rng(SEED)
    codec = VectorCodec(256, seed=SEED, bits=BITS)
    query = np.eye(256, dtype=np.float32)[0]
    for size in SIZES:
        signs = rng.integers(0, 1 << 63, size=(4, size), dtype=np.uint64).T
        times = []
        for _ in range(9):
            begun = time.thread_time()
            codec.candidates(query, signs, keep=NEAREST)
            times.append((time.thread_time() - begun) * 1000)
        what = f"scan of {size:,} sign codes"
        found.append(Row(what, statistics.median(times), "ms", None, "lower", "processor time"))
    return found


def _recall(data: Path) -> list[Row]:
    embedder = Embedder.load()
    texts = {
        said(turn)
        for each in read(data / "memory" / "locomo_conversations.jsonl.zst")
        for session in each["sessions"]
        for turn in session["turns"]
    }
    asked = [each["question"] for each in read(data / "memory" / "locomo_qa.jsonl.zst")]
    vectors, queries = embedder.embed(sorted(texts)), embedder.embed(asked)
    exact = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :TEN]
    codec = VectorCodec(256, seed=SEED, bits=BITS)
    codes = codec.encode(vectors)
    signs = np.ascontiguousarray(codes[:, 0])
    near = [codec.candidates(query, signs, keep=NEAREST) for query in queries]
    best = [
        rows[np.argsort(-codec.cosines(query, codes[rows]), kind="stable")[:TEN]]
        for query, rows in zip(queries, near, strict=True)
    ]
    note = f"{len(vectors):,} turns, {len(queries):,} questions, {codec.code_bytes} bytes a code"
    return [
        Row("ten nearest among 100 candidates", _share(exact, near), "", 0.98, "higher", note),
        Row("... and among the ten best by code", _share(exact, best), "", None, "higher", note),
    ]


def _share(exact: NDArray[np.intp], found: Sequence[NDArray[np.intp]]) -> float:
    """Return the mean share of the exact ten that was found."""
    return float(
        np.mean([np.isin(ten, rows).mean() for ten, rows in zip(exact, found, strict=True)])
    )
