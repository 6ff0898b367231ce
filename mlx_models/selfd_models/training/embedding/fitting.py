"""Make the shipped sentence embedder again, from public text and a teacher.

    pip install 'selfd[distil]'
    python -m selfd_models.training.embedding.fitting DATA --cache FOLDER --out embedder.safetensors

DATA is the folder of public data. The first run asks the teacher for its vectors, which takes the
most time, and keeps them in FOLDER; later runs only train. With `--lexicon-only` nothing is learned
but the known words of the file at --out, which is there already.
"""

import argparse
import itertools
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.embedding.embedder import FORMAT, LEXICON, Embedder, fingerprint, read
from selfd_models.embedding.spelling import Lexicon
from selfd_models.training.embedding.corpus import Corpus, collect, known_words
from selfd_models.training.embedding.student import Recipe, agreement, teach
from selfd_models.training.embedding.teacher import cached_vectors

MOST_LEVELS = 127  # of int8, so that the negative side is no longer than the positive


def say(line: str) -> None:
    """Report progress beside the results."""
    sys.stderr.write(line + "\n")


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the table (R, D) in int8 and the scale of each row (R,)."""
    scales = np.maximum(np.abs(table).max(axis=1), 1e-12).astype(np.float32) / MOST_LEVELS
    return np.rint(table / scales[:, None]).astype(np.int8), scales


def write(
    path: Path, table: NDArray[np.float32], gates: NDArray[np.float32], lexicon: Lexicon
) -> str:
    """Write an embedder file and return its fingerprint."""
    levels, scales = quantise(table)
    return _save(path, {"gates": gates, "scales": scales, "table": levels}, lexicon)


def respell(path: Path, lexicon: Lexicon) -> str:
    """Give an embedder file other known words; return its new fingerprint."""
    tensors, _ = read(path)
    return _save(path, {name: tensors[name] for name in ("gates", "scales", "table")}, lexicon)


def _save(path: Path, tensors: dict[str, NDArray[Any]], lexicon: Lexicon) -> str:
    from safetensors.numpy import save_file

    whole = tensors | {f"lexicon.{name}": getattr(lexicon, name) for name in LEXICON}
    found = fingerprint(whole)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(whole, path, metadata={"format": FORMAT, "fingerprint": found})
    path.chmod(0o644)  # the library writes for the owner alone
    return found


def arguments() -> argparse.Namespace:
    """Read the command line; every number of the recipe is an option."""
    parser = argparse.ArgumentParser(description="Distil the sentence embedder.")
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--cache", type=Path, help="folder for the teacher's vectors, beside --out without"
    )
    parser.add_argument(
        "--lexicon-only", action="store_true", help="take the known words anew, learn nothing"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=400_000, help="how many to learn from")
    parser.add_argument("--threads", type=int, default=1)
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


def main() -> int:
    """Collect, ask the teacher, train, write."""
    asked = arguments()
    recipe = Recipe(**{name: getattr(asked, name) for name in asdict(Recipe())})
    corpus = collect(asked.data, most=asked.texts, seed=recipe.seed)
    lexicon = Lexicon.of(known_words([*corpus.texts, *itertools.chain(*corpus.pairs)]))
    if asked.lexicon_only:
        found = respell(asked.out, lexicon)
        say(f"{asked.out}: fingerprint {found}, {len(lexicon.lengths)} known words")
        return 0
    say(f"recipe: {recipe}")
    return distil(asked, recipe, corpus, lexicon)


def distil(asked: argparse.Namespace, recipe: Recipe, corpus: Corpus, lexicon: Lexicon) -> int:
    """Ask the teacher and train."""
    import torch

    cache = asked.cache or asked.out.parent / "teacher"
    vectors = cached_vectors(corpus.texts, cache, threads=asked.threads, report=say)
    torch.set_num_threads(asked.threads)
    student = teach(corpus, vectors.astype(np.float32), recipe, say)
    found = write(asked.out, *student.frozen(), lexicon)
    agreed = agreement(Embedder.load(asked.out), corpus, vectors.astype(np.float32))
    say(f"{asked.out}: fingerprint {found}, agreement on unseen texts {agreed:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
