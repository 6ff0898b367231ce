"""Is a text in an order: what the order of its words is worth to a model that reads it.

A copy has its words in random order within windows of a line. Of a text that means something the
model that serves needs clearly more bits for the copy; of a text whose words, or whose letters,
somebody has shuffled it needs as many for both (docs/lab/0014). A candidate that has learned from
it is not asked.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from selfd_models.builtin import BuiltinModel
from selfd_models.training.comparison import measure

SEED = 7353
PIECE = 1024  # bytes; in shorter ones chance weighs more
PIECES = 32  # evenly spread over all that is new
WINDOW = 8  # words: within a sentence, so that a text shuffled sentence by sentence shows, too
WORTH = 0.12  # bits per byte; docs/lab/0014: shuffled at most .116, code at least .17, prose .29
_ONE_EACH = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_ONE_EACH}]|[^\\s{_ONE_EACH}]+")  # scripts without spaces: by the letter


def spread(texts: Sequence[str], count: int = PIECES) -> list[str]:
    """Cut texts into pieces and give some of them, evenly spread over all bytes."""
    pieces = []
    for text in texts:
        data = text.encode()
        cut = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
        pieces += [each for each in cut if len(each) >= PIECE // 2] or cut[:1]
    places = np.linspace(0, len(pieces) - 1, min(count, len(pieces))).round().astype(int)
    return [pieces[at].decode(errors="ignore") for at in places]


def reordered(text: str, rng: random.Random) -> str:
    """Put the words of each window of a line in random order; the gaps between them stay."""
    lines = []
    for line in text.split("\n"):
        words, gaps = _WORD.findall(line), _WORD.split(line)
        for at in range(0, len(words), WINDOW):
            window = words[at : at + WINDOW]
            rng.shuffle(window)
            words[at : at + WINDOW] = window
        lines.append("".join(gap + word for gap, word in zip(gaps, [*words, ""], strict=True)))
    return "\n".join(lines)


def order_of(
    model: BuiltinModel, texts: Sequence[str], told: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Measure pieces and their copies.

    Returns: `disorder`, the share of pieces whose order is worth less than `WORTH`; `worth`, the
    mean in bits per byte; `pieces`.
    """
    rng = random.Random(SEED)
    pieces = [text.encode() for text in texts]
    copies = [reordered(text, rng).encode() for text in texts]
    bits = measure(model, [*pieces, *copies], told)
    gains = [
        (after - before) / max(1, len(piece))
        for before, after, piece in zip(bits, bits[len(pieces) :], pieces, strict=False)
    ]
    return {
        "disorder": float(np.mean([gain < WORTH for gain in gains])),
        "worth": float(np.mean(gains)),
        "pieces": len(pieces),
    }
