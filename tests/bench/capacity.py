"""How many pairs one bundle of sparse block codes holds, against how often the right one comes out.

    python -m bench capacity
    python tests/bench/capacity.py --plot FILE.png

N keys are bound to values out of a vocabulary of 1,024, all are bundled, and each key asks which
value it was bound to: the candidate whose binding with the key the bundle holds best. `sum` and
`least` score a candidate by the sum or the least of the counts that it meets; `thin` keeps only the
fullest slot of each block, one code of B numbers, and counts blocks that agree.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.row import Row
from selfd_storage.engram.blocks import (
    Bundle,
    Codes,
    atoms,
    bind,
    bundle,
    occurrences,
    slots_of,
    support,
    thin,
)

SHAPES = ((8, 256), (8, 1024), (16, 256), (16, 1024), (32, 256), (32, 1024), (64, 1024))
PAIRS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
VOCABULARY = 1024
ASKED = 512  # keys at most that are asked of one bundle
GOOD = 0.99
SEED = 7


@dataclass(frozen=True, slots=True)
class Point:
    """Shares of the keys of a bundle of N pairs whose value came out, by way of scoring."""

    blocks: int
    slots: int
    pairs: int
    by_sum: float
    by_least: float
    by_thin: float


def rows(data: Path | None) -> list[Row]:
    """Return how many pairs each shape holds with 99 of 100 values right."""
    found = []
    points = measure()
    for blocks, slots in SHAPES:
        here = [each for each in points if (each.blocks, each.slots) == (blocks, slots)]
        good = [each.pairs for each in here if max(each.by_sum, each.by_least) >= GOOD]
        note = f"of {VOCABULARY:,} values; {blocks * slots:,} counts, accuracy {GOOD}"
        name = f"pairs held by {blocks} blocks of {slots} slots"
        found.append(Row(name, max(good, default=0), "", None, "higher", note))
    return found


def measure(shapes: Sequence[tuple[int, int]] = SHAPES) -> list[Point]:
    """Measure every shape with every number of pairs."""
    return [_point(blocks, slots, pairs) for blocks, slots in shapes for pairs in PAIRS]


def _point(blocks: int, slots: int, pairs: int) -> Point:
    rng = np.random.default_rng([SEED, blocks, slots, pairs])
    keys = atoms([b"key %d" % number for number in range(pairs)], blocks)  # (N, B)
    values = atoms([b"value %d" % number for number in range(VOCABULARY)], blocks)  # (V, B)
    chosen = rng.integers(0, VOCABULARY, pairs)
    held = bundle(bind(keys, values[chosen]), slots)  # (B, L)
    code = thin(held)[None, :]  # (1, B)
    asked = rng.permutation(pairs)[:ASKED]
    right = np.zeros(3)
    for key in asked:
        candidates = bind(keys[key][None, :], values)  # (V, B)
        for place, scores in enumerate(_scores(held, code, candidates, slots)):
            right[place] += _is_best(scores, int(chosen[key]), rng)
    by_sum, by_least, by_thin = right / len(asked)
    return Point(blocks, slots, pairs, by_sum, by_least, by_thin)


def _scores(
    held: Bundle, code: Codes, candidates: Codes, slots: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    agree = (slots_of(candidates, slots) == code.astype(np.intp)).sum(axis=1)
    # Among equals by the least count, the sum decides.
    least = occurrences(held, candidates) * (1 << 32) + support(held, candidates)
    return support(held, candidates), least, agree


def _is_best(scores: NDArray[np.intp], value: int, rng: np.random.Generator) -> bool:
    best = np.flatnonzero(scores == scores.max())
    return int(rng.choice(best)) == value  # ties are guessed


def plot(points: Sequence[Point], path: Path) -> None:
    """Draw a curve for each shape."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharey=True)
    for blocks, slots in SHAPES:
        here = [each for each in points if (each.blocks, each.slots) == (blocks, slots)]
        pairs = [each.pairs for each in here]
        label = f"{blocks} blocks of {slots}"
        axes[0].plot(pairs, [each.by_least for each in here], marker=".", label=label)
        axes[1].plot(pairs, [each.by_sum for each in here], marker=".", label=label)
    for axis, title in zip(axes, ("by the least count", "by the sum"), strict=True):
        axis.set_xscale("log", base=2)
        axis.set_xlabel("pairs held")
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(f"right value of {VOCABULARY:,}")
    axes[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main(arguments: Sequence[str]) -> None:
    """Print the points as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args(arguments)
    points = measure()
    print("blocks  slots  pairs    sum  least   thin")
    for each in points:
        print(
            f"{each.blocks:6}  {each.slots:5}  {each.pairs:5}  {each.by_sum:.3f}  "
            f"{each.by_least:.3f}  {each.by_thin:.3f}"
        )
    if chosen.plot:
        plot(points, chosen.plot)


if __name__ == "__main__":
    main(sys.argv[1:])
