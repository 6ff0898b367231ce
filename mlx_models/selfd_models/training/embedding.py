"""Make the shipped sentence embedder again, from public text and a teacher.

    pip install 'selfd[distil]'
    python -m selfd_models.training.embedding DATA --cache FOLDER --out embedder.safetensors

DATA is the folder of public data. The first run asks the teacher for its vectors, which takes the
most time, and keeps them in FOLDER; later runs only train.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.embedding import FORMAT, Embedder, fingerprint
from selfd_models.training.embedding_corpus import collect
from selfd_models.training.embedding_student import Recipe, agreement, teach
from selfd_models.training.embedding_teacher import cached_vectors

MOST_LEVELS = 127  # of int8, so that the negative side is no longer than the positive


def say(line: str) -> None:
    """Report progress beside the results."""
    sys.stderr.write(line + "\n")


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the table (R, D) in int8 and the scale of each row (R,)."""
    scales = np.maximum(np.abs(table).max(axis=1), 1e-12).astype(np.float32) / MOST_LEVELS
    return np.rint(table / scales[:, None]).astype(np.int8), scales


def write(path: Path, table: NDArray[np.float32], gates: NDArray[np.float32]) -> str:
    """Write an embedder file and return its fingerprint."""
    from safetensors.numpy import save_file

    levels, scales = quantise(table)
    tensors: dict[str, NDArray[Any]] = {"gates": gates, "scales": scales, "table": levels}
    found = fingerprint(tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata={"format": FORMAT, "fingerprint": found})
    return found


def arguments() -> argparse.Namespace:
    """Read the command line; every number of the recipe is an option."""
    parser = argparse.ArgumentParser(description="Distil the sentence embedder.")
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder for the teacher's vectors"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=400_000, help="how many to learn from")
    parser.add_argument("--threads", type=int, default=1)
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


def main() -> int:
    """Collect, ask the teacher, train, write."""
    import torch

    asked = arguments()
    recipe = Recipe(**{name: getattr(asked, name) for name in asdict(Recipe())})
    say(f"recipe: {recipe}")
    corpus = collect(asked.data, most=asked.texts, seed=recipe.seed)
    vectors = cached_vectors(corpus.texts, asked.cache, threads=asked.threads, report=say)
    torch.set_num_threads(asked.threads)
    student = teach(corpus, vectors.astype(np.float32), recipe, say)
    found = write(asked.out, *student.frozen())
    agreed = agreement(Embedder.load(asked.out), corpus, vectors.astype(np.float32))
    say(f"{asked.out}: fingerprint {found}, agreement on unseen texts {agreed:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
