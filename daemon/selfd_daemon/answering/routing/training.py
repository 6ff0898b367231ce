"""Train the router: `python -m selfd_daemon.answering.routing.training HELD_OUT`.

Learns from `examples.txt` beside this file, questions of our own under a line `# task` each, writes
`weights.npz`, and tells how many of the held-out questions, of the same form, it gets right.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from selfd_daemon.answering.routing.router import FILE, Numbers, Router, Vector, inputs
from selfd_daemon.answering.routing.tasks import TASKS, Task
from selfd_models.embedding.embedder import Embedder

EXAMPLES = Path(__file__).parent / "examples.txt"
STEPS = 400
RATE = 0.3
RIDGE = 3e-3
LEVELS = 127


def read(path: Path) -> Iterator[tuple[str, Task]]:
    """Yield questions with their tasks."""
    task: Task | None = None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# "):
            task = next(each for each in TASKS if each == line[2:])
        elif line and task is not None:
            yield line, task


def train(examples: Sequence[tuple[str, Task]], vectors: Iterable[Vector]) -> Numbers:
    """Fit a softmax regression by gradient descent.   Returns: (BUCKETS + 1 + D, tasks)."""
    x = np.stack(
        [
            inputs(text, vector, len(vector))
            for (text, _), vector in zip(examples, vectors, strict=True)
        ]
    )  # (N, BUCKETS + 1 + D)
    y = np.eye(len(TASKS))[[TASKS.index(task) for _, task in examples]]  # (N, tasks)
    weights = np.zeros((x.shape[1], len(TASKS)))
    for _ in range(STEPS):
        logits = x @ weights
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        weights -= RATE * (x.T @ (p - y) / len(x) * len(TASKS) + RIDGE * weights)
    return weights


def accuracy(
    router: Router, examples: Sequence[tuple[str, Task]], vectors: Iterable[Vector]
) -> float:
    """Return the share of questions whose task is found."""
    pairs = zip(examples, vectors, strict=True)
    right = [router.task(text, vector) == task for (text, task), vector in pairs]
    return sum(right) / len(right)


def save(weights: Numbers, path: Path) -> None:
    """Write the weights, one byte each."""
    scale = np.abs(weights).max() / LEVELS
    np.savez_compressed(path, rows=np.round(weights / scale).astype(np.int8), scale=scale)


def main(arguments: Sequence[str]) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("held_out", type=Path, metavar="HELD_OUT")
    embed, examples = Embedder.load().embed, list(read(EXAMPLES))
    held_out = list(read(parser.parse_args(arguments).held_out))
    save(train(examples, embed([text for text, _ in examples])), Path(__file__).parent / FILE)
    router, vectors = Router.load(), embed([text for text, _ in held_out])
    for (text, task), vector in zip(held_out, vectors, strict=True):
        if (found := router.task(text, vector)) != task:
            sys.stdout.write(f"{task} taken for {found}: {text}\n")
    right = accuracy(router, held_out, vectors)
    sys.stdout.write(f"right {right:.3f} of {len(held_out)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
