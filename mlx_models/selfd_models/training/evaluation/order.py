"""Is a text in an order: two tests of it, of which one will do.

A copy has its words in random order within windows of a line. Of a piece that means something, in
a language that it knows, the model that serves needs clearly more bits for the copy. And in a text
of any language more pairs of neighbours come back than in its copies: a permutation test, which
takes no model. Of words, or letters, that somebody has shuffled neither is true (docs/lab/0014). A
candidate that has learned from a text is not asked about it.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from selfd_models.builtin import BuiltinModel
from selfd_models.training.evaluation.comparison import measure

SEED = 7353
PIECE = 1024  # bytes; in shorter ones chance weighs more
PIECES = 32  # evenly spread over all that is new
WINDOW = 8  # words: within a sentence, so that a text shuffled sentence by sentence shows, too
WORTH = 0.12  # bits per byte; shuffled at most .116, English prose at least .29 (docs/lab/0014)
COPIES = 40
PAIRS = 6.0  # deviations; shuffled at most 3, 16 kB of 28 languages at least 8 (docs/lab/0014)
MOST_READ = 64 * 1024  # characters in which pairs are counted
_ONE_EACH = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_ONE_EACH}]|[^\\s{_ONE_EACH}]+")  # scripts without spaces: by the letter


def order_of(
    model: BuiltinModel, texts: Sequence[str], told: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Test pieces of texts by what their order is worth, and what fails there by its pairs.

    Returns: `disorder`, the share of pieces that neither test finds in order; `worth`, the mean
    over all pieces in bits per byte; `pairs`, how many deviations the repeated pairs of the texts
    of failing pieces are above those of copies, None where none failed; `pieces`.
    """
    rng = random.Random(SEED)
    chosen = spread(texts)
    pieces = [piece.encode() for _, piece in chosen]
    copies = [reordered(piece, rng).encode() for _, piece in chosen]
    bits = measure(model, [*pieces, *copies], told)
    gains = [
        (after - before) / max(1, len(piece))
        for before, after, piece in zip(bits, bits[len(pieces) :], pieces, strict=False)
    ]
    failed = [place for (place, _), gain in zip(chosen, gains, strict=True) if gain < WORTH]
    pairs = repeated_pairs([texts[place] for place in sorted(set(failed))]) if failed else None
    in_order = pairs is not None and pairs >= PAIRS
    return {
        "disorder": 0.0 if in_order else len(failed) / max(1, len(pieces)),
        "worth": float(np.mean(gains)),
        "pairs": pairs,
        "pieces": len(pieces),
    }


def spread(texts: Sequence[str], count: int = PIECES) -> list[tuple[int, str]]:
    """Cut texts into pieces and give some, evenly spread, each with the place of its text."""
    pieces = []
    for place, text in enumerate(texts):
        data = text.encode()
        cut = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
        whole = [each for each in cut if len(each) >= PIECE // 2] or cut[:1]
        pieces += [(place, each) for each in whole]
    chosen = np.linspace(0, len(pieces) - 1, min(count, len(pieces))).round().astype(int)
    return [(pieces[at][0], pieces[at][1].decode(errors="ignore")) for at in chosen]


def reordered(text: str, rng: random.Random) -> str:
    """Put the words of each window of a line in random order; the gaps between them stay."""
    lines = []
    for line in text.split("\n"):
        gaps, words = _WORD.split(line), _mixed(_WORD.findall(line), rng)
        lines.append("".join(gap + word for gap, word in zip(gaps, [*words, ""], strict=True)))
    return "\n".join(lines)


def repeated_pairs(texts: Sequence[str]) -> float:
    """Give how many deviations more pairs of neighbours come back in texts than in copies."""
    rng, left = random.Random(SEED), MOST_READ
    lines: list[list[str]] = []
    for text in texts:
        lines += [_WORD.findall(line.lower()) for line in text[:left].split("\n")]
        left = max(0, left - len(text))
    copies = [_repeats([_mixed(line, rng) for line in lines]) for _ in range(COPIES)]
    deviation = max(1.0, float(np.std(copies)))  # of whole numbers; in short texts all are alike
    return (_repeats(lines) - float(np.mean(copies))) / deviation


def _mixed(words: Sequence[str], rng: random.Random) -> list[str]:
    mixed: list[str] = []
    for at in range(0, len(words), WINDOW):
        window = list(words[at : at + WINDOW])
        rng.shuffle(window)
        mixed += window
    return mixed


def _repeats(lines: Sequence[Sequence[str]]) -> int:
    """Count the pairs of neighbours that were there before."""
    pairs = Counter(pair for line in lines for pair in pairwise(line))
    return sum(pairs.values()) - len(pairs)
