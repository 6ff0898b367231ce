"""Is a candidate better than its parent: bits on the same pieces of text, and how sure that is.

Both models run as they would serve, from their 4-bit files. The interval is a paired bootstrap over
pieces (Koehn 2004): pieces are drawn again and again, and the gain is computed anew each time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfd_models.builtin import BuiltinModel

PIECE = 4096  # bytes
DRAWS = 2000
SEED = 7353


@dataclass(frozen=True)
class Difference:
    """Bits per byte before and after, and 95 of 100 bootstrap draws of after less before."""

    before: float
    after: float
    low: float
    high: float
    bytes: int

    @property
    def change(self) -> float:
        """Give what the candidate costs; negative is better."""
        return self.after - self.before


def cut(texts: Iterable[str], size: int = PIECE) -> list[bytes]:
    """Cut each text into pieces of `size` bytes; the rest of a text is a piece, too."""
    pieces = []
    for text in texts:
        data = text.encode()
        pieces += [data[at : at + size] for at in range(0, len(data), size)]
    return [piece for piece in pieces if piece]


def measure(
    model: BuiltinModel, pieces: Sequence[bytes], told: Callable[[int], None] = lambda done: None
) -> list[float]:
    """Give the bits that a model needs for each piece, each from a fresh start."""
    bits = []
    for done, piece in enumerate(pieces, start=1):
        surprise = model.surprise(np.frombuffer(piece, np.uint8))
        bits.append(float(surprise.sum(dtype=np.float64)))
        told(done)
    return bits


def compare(sizes: Sequence[int], before: Sequence[float], after: Sequence[float]) -> Difference:
    """Compare two models by their bits on the same pieces."""
    bytes_, old, new = (np.array(each, np.float64) for each in (sizes, before, after))
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(bytes_), (DRAWS, len(bytes_)))
    changes = (new - old)[drawn].sum(axis=1) / bytes_[drawn].sum(axis=1)
    low, high = np.quantile(changes, (0.025, 0.975))
    total = bytes_.sum()
    return Difference(
        float(old.sum() / total), float(new.sum() / total), float(low), float(high), int(total)
    )


def by_kind(
    kinds: Sequence[str], sizes: Sequence[int], bits: Sequence[float]
) -> Mapping[str, float]:
    """Give the bits per byte of each kind of text."""
    totals: dict[str, tuple[int, float]] = {}
    for kind, size, bit in zip(kinds, sizes, bits, strict=True):
        bytes_, all_bits = totals.get(kind, (0, 0.0))
        totals[kind] = (bytes_ + size, all_bits + bit)
    return {kind: bit / size for kind, (size, bit) in totals.items()}
