"""The assessment's tests of a model, in quick form, on a checkpoint that does not serve yet.

Draws are fixed, so that parent and candidate meet the same texts, continuations and changes. The
texts are the fixed old set, which no training shows. What a test costs a candidate is told with a
paired bootstrap over texts, or over trials.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import Checkpoint
from selfd_models.probes import NOTICED, PROBE, PROMPT, TEMPERATURE, WHOLE
from selfd_models.self_tests import changed, continued
from selfd_models.training.evaluation.comparison import DRAWS, SEED

OwnAndOther = tuple[Sequence[float], Sequence[float]]  # bits per byte of each text

TEXTS = 32
TRIALS = 20  # half of them shams


@dataclass(frozen=True)
class Assessed:
    """own, other: bits per byte of its own continuations and the texts'. right: of each trial."""

    own: list[float]
    other: list[float]
    right: list[bool]


def assess(checkpoint: Checkpoint, model: BuiltinModel, texts: Sequence[str]) -> Assessed:
    """Take both tests."""
    bits = [
        continued(model, body, SEED + number, given=PROMPT, temperature=TEMPERATURE)
        for number, body in enumerate(beginnings(texts))
    ]
    right = []
    for number in range(TRIALS):
        sham = number % 2 == 1
        moved = changed(checkpoint, PROBE, SEED + number, sham=sham)["moved"]
        right.append((moved > NOTICED) != sham)
    return Assessed([own for own, _ in bits], [other for _, other in bits], right)


def compare_assessed(before: Assessed, after: Assessed) -> dict[str, dict[str, Any]]:
    """Compare two checkpoints.

    Returns: `own text`, the area under the curve by which its own text is told from others', and
    `changes`, the share of right verdicts: before, after, and 95 of 100 draws of the change.
    """
    verdicts = [np.array(each.right, np.float64) for each in (before, after)]
    rows = np.random.default_rng(SEED).integers(0, TRIALS, (DRAWS, TRIALS))
    moved = (verdicts[1] - verdicts[0])[rows].mean(axis=1)
    return {
        "own text": compare_own((before.own, before.other), (after.own, after.other)),
        "changes": _told(verdicts[0].mean(), verdicts[1].mean(), moved),
    }


def compare_own(before: OwnAndOther, after: OwnAndOther) -> dict[str, Any]:
    """Compare how well two models tell their own text from others': areas under the curve.

    Returns: before, after, and 95 of 100 draws of the change.
    """
    texts, rng = len(before[0]), np.random.default_rng(SEED)
    tables = [_wins(*each) for each in (before, after)]
    drawn = [
        tables[1][np.ix_(rows, rows)].mean() - tables[0][np.ix_(rows, rows)].mean()
        for rows in rng.integers(0, texts, (DRAWS, texts))
    ]
    return _told(tables[0].mean(), tables[1].mean(), np.array(drawn))


def beginnings(texts: Sequence[str]) -> list[bytes]:
    """Give the first bytes of evenly spread parts of texts, as many of each."""
    each = -(-TEXTS // len(texts))
    found = []
    for text in texts:
        data = text.encode()
        starts = np.linspace(0, len(data) - WHOLE, each).astype(int)
        found += [data[at : at + WHOLE] for at in starts]
    return found[:TEXTS]


def _wins(own: Sequence[float], other: Sequence[float]) -> Any:
    """Give 1 where its own text has fewer bits than another's, .5 for a tie: (texts, texts)."""
    mine, others = np.array(own)[:, None], np.array(other)[None, :]
    return (mine < others) + 0.5 * (mine == others)


def _told(before: Any, after: Any, drawn: Any) -> dict[str, Any]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"before": float(before), "after": float(after), "low": float(low), "high": float(high)}
