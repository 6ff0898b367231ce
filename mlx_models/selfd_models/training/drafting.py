"""Train the drafter of a checkpoint: `python -m selfd_models.training.drafting --corpus CACHE OUT`.

The model reads text; for each row the drafter is shown what it would have there - the row's own
embedding, and what the model knew at the row that a pass would have begun from - and is moved
towards the model's distribution (the gradient of KL(model || drafter); Adam). The corpus is a
prepared one, as a training run leaves it in its `corpus` folder. Letters: N rows.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.config import BYTES
from selfd_models.decoding.drafter import HIDDEN, Drafter
from selfd_models.layout import lay_out
from selfd_models.network.model import embed, forward, logits
from selfd_models.ops import load_ops
from selfd_models.training.data.corpus import Corpus
from selfd_models.training.data.recipes import NANO

Floats = NDArray[np.float32]

ROUNDS = 8  # each reads new text, and takes STEPS steps on it
WINDOWS, WINDOW = 36, 4096
STEPS, BATCH = 600, 512
RATE, MOMENTS, WARM = 4e-3, (0.9, 0.99), 50
FROM_THE_END = 0.6  # share of rows drafted from the end of the last patch, the usual beginning


class Rows(NamedTuple):
    """What the model knows at each row.

    embedded, normal, context: (N, D). scores: (N, 256). since: (N,), rows since a patch's end.
    """

    embedded: NDArray[np.float16]
    normal: NDArray[np.float16]
    context: NDArray[np.float16]
    scores: NDArray[np.float16]
    since: NDArray[np.int32]


def gather(checkpoint: Checkpoint, corpus: Corpus, number: int) -> Rows:
    """Let the model read WINDOWS pieces of text, each kind by its share."""
    p, config, ops = checkpoint.parameters, checkpoint.config, load_ops("numpy")
    found: list[Rows] = []
    for kind in corpus.choose(number, WINDOWS):
        text = corpus.window(kind, WINDOW)
        corpus.advance(kind, len(text))
        layout = lay_out([text], checkpoint.patcher, config)
        outputs = forward(p, layout, config, ops=ops)
        parts = (
            embed(p, layout, config, ops=ops)[0],
            outputs.decoded[0] / p["head.gain"],
            outputs.context[0],
            logits(p, outputs.decoded)[0],
        )
        found.append(Rows._make((*(part.astype(np.float16) for part in parts), layout.phase[0])))
    return Rows._make(map(np.concatenate, zip(*found, strict=True)))


def train(
    checkpoint: Checkpoint,
    corpus: Corpus,
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
    say: Callable[[str], None] = lambda _: None,
) -> Drafter:
    """Train from nothing; some three minutes on one core."""
    rng = np.random.default_rng(seed)
    rows = gather(checkpoint, corpus, 0)
    scales = [np.float32(1.0 / part.std(dtype=np.float32)) for part in rows[:3]]
    drafter = _start(checkpoint.config.byte_width, rng)
    first = Drafter._make(part * 0.0 for part in drafter)
    second = Drafter._make(part * 0.0 for part in drafter)
    step, last = 0, rounds * STEPS
    for number in range(rounds):
        rows = gather(checkpoint, corpus, number) if number else rows
        lost = 0.0
        for _ in range(STEPS):
            step += 1
            rate = RATE * min(1.0, step / WARM) * max(0.02, 1.0 - step / last)
            batch = _batch(rows, scales, rng)
            nats, gradient = _gradient(drafter, *batch)
            lost += nats / STEPS
            for part, moved, spread, slope in zip(drafter, first, second, gradient, strict=True):
                moved += (1.0 - MOMENTS[0]) * (slope - moved)
                spread += (1.0 - MOMENTS[1]) * (slope * slope - spread)
                scale = np.sqrt(spread / (1.0 - MOMENTS[1] ** step)) + 1e-8
                part -= rate / (1.0 - MOMENTS[0] ** step) * moved / scale
        say(f"round {number + 1} of {rounds}: {lost:.3f} nats from the model")
    inputs = (part * scale for part, scale in zip(drafter[:3], scales, strict=True))
    return Drafter._make((*inputs, *drafter[3:]))


def _start(width: int, rng: np.random.Generator) -> Drafter:
    drawn = rng.standard_normal((3, width, HIDDEN), np.float32) * np.float32(width**-0.5)
    out = np.zeros((HIDDEN, BYTES), np.float32)
    return Drafter._make((*drawn, np.zeros(HIDDEN, np.float32), out, np.zeros(BYTES, np.float32)))


def _batch(
    rows: Rows, scales: list[np.float32], rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw rows to guess at, and for each an older one that a pass would have begun from.

    Args: scales: what brings each of the three inputs to a spread of 1.
    """
    at = rng.integers(WINDOW, len(rows.since), BATCH)
    whole = rows.since[at] + 1  # back to the row before the patch's end
    back = np.where(rng.random(BATCH) < FROM_THE_END, whole, rng.integers(1, whole + 1))
    before = at - back
    read = (rows.embedded[at], rows.normal[before], rows.context[before], rows.scores[at])
    embedded, normal, context = (
        part.astype(np.float32) * scale for part, scale in zip(read[:3], scales, strict=True)
    )
    return embedded, normal, context, read[3].astype(np.float32)


def _gradient(
    drafter: Drafter, embedded: Floats, normal: Floats, context: Floats, scores: Floats
) -> tuple[float, Drafter]:
    """Give KL(model || drafter) in nats, the batch's mean, and its gradient."""
    inner = embedded @ drafter.embedded + normal @ drafter.normal + context @ drafter.context
    positive = np.maximum(inner + drafter.hidden_bias, 0.0)
    hidden = positive * positive
    target, guessed = _log_softmax(scores), _log_softmax(hidden @ drafter.out + drafter.bias)
    chances = np.exp(target)
    nats = float((chances * (target - guessed)).sum(axis=1).mean())
    slope = (np.exp(guessed) - chances) / np.float32(len(scores))  # of the drafter's scores
    back = (slope @ drafter.out.T) * (2.0 * positive)
    gradient = Drafter(
        embedded.T @ back,
        normal.T @ back,
        context.T @ back,
        back.sum(axis=0),
        hidden.T @ slope,
        slope.sum(axis=0),
    )
    return nats, gradient


def _log_softmax(scores: Floats) -> Floats:
    scores = scores - scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return scores


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    """Train, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED)
    parser.add_argument("--corpus", type=Path, required=True, help="a run's `corpus` folder")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    corpus = Corpus(arguments.corpus, NANO, 7353, {})
    drafter = train(load(arguments.checkpoint), corpus, say=_say)
    drafter.save(arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
