"""Fit the confidence model anew: `python -m selfd_daemon.answering.calibration PASSAGES QUESTIONS`.

Reads questions with their passages (JSON lines, as SQuAD in shared form: `id, title, text` and
`passage, question, answer`), stores only a half of the passages, asks everything, and fits a
logistic regression on whether the best sentence holds the answer. Questions whose passage was not
stored have none. Fits on half of the articles and prints the calibration on the other half.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from selfd_daemon.answering.evidence import FEATURES, gather
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.service import RETRIEVED
from selfd_storage import NewChunk, NewDocument, Store
from selfd_storage.times import utc_now

RIDGE = 1.0
STEPS = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """One asked question: the best sentence's features, and whether it holds the answer."""

    features: Sequence[float]
    right: bool
    is_held_out: bool


def fit(features: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of a logistic regression, the bias last, by Newton's method.

    Args: features: (N, F). right: (N,), 0 or 1.   Returns: (F + 1,).
    """
    x = np.column_stack([features, np.ones(len(features))])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([RIDGE] * features.shape[1] + [0.0])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, x.T @ (right - p) - ridge @ weights)
    return weights


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.float64], bins: int = 10
) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015)."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


async def collect(passages: Path, questions: Path) -> list[Sample]:
    """Store every other passage and ask every question."""
    kept = {p["id"]: p for number, p in enumerate(_lines(passages)) if number % 2 == 0}
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder))
        for id, passage in kept.items():
            chunk = NewChunk(passage["text"], 1, 1)
            document = NewDocument(
                str(id), "text/plain", len(passage["text"]), b"\0" * 16, utc_now(), [chunk]
            )
            await store.documents.put(document)
        for asked in _lines(questions):
            passage_id = asked["passage"]
            question = read_question(asked["question"])
            hits = await store.search(question.text, first=RETRIEVED)
            evidence = gather(question, hits)
            if not evidence:
                continue
            best = evidence[0]
            right = passage_id in kept and str(asked["answer"]) in best.sentence.text
            features = [best.features[name] for name in FEATURES]
            samples.append(Sample(features, right, hash_bit(str(passage_id))))
        await store.close()
    return samples


def hash_bit(text: str) -> bool:
    """Split by passage, the same way every time."""
    return sum(text.encode()) % 2 == 1


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def main(arguments: Sequence[str]) -> None:
    """Fit, and print the weights and how well they are calibrated on held-out articles."""
    parser = argparse.ArgumentParser(prog="calibration", description=__doc__)
    parser.add_argument("passages", type=Path)
    parser.add_argument("questions", type=Path)
    given = parser.parse_args(arguments)
    samples = asyncio.run(collect(given.passages, given.questions))
    x = np.array([sample.features for sample in samples])
    y = np.array([sample.right for sample in samples], dtype=float)
    held_out = np.array([sample.is_held_out for sample in samples])
    weights = fit(x[~held_out], y[~held_out])
    p = 1 / (1 + np.exp(-np.column_stack([x, np.ones(len(x))]) @ weights))[held_out]
    y_held = y[held_out]
    for name, weight in zip((*FEATURES, "bias"), weights, strict=True):
        sys.stdout.write(f"{name:10s} {weight:+.4f}\n")
    answered = p >= 0.5
    sys.stdout.write(
        f"held out {len(p)}, right {y_held.mean():.3f}, "
        f"calibration error {calibration_error(p, y_held):.4f}, "
        f"answered {answered.mean():.3f}, right of those {y_held[answered].mean():.3f}\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
