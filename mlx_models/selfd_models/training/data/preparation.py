"""What a run needs before its first step: the corpus as bytes, and a patcher counted on it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from selfd_models.patcher import Bytes, Patcher, calibrate, count
from selfd_models.training.data.corpus import Corpus, Recipe, prepare
from selfd_models.training.state import save_patcher

COUNTED = 24_000_000  # bytes of text that the patcher counts; more changes no average
CALIBRATED = 2_000_000


def make_ready(
    folder: Path, state: Path, recipe: Recipe, seed: int, say: Callable[[str], None]
) -> None:
    """Prepare a state folder once; what is there already stays as it is."""
    state.mkdir(parents=True, exist_ok=True)
    cache = state / "corpus"
    if not cache.exists():
        say(f"reading {folder}")
        partial = state / "corpus.partial"
        prepare(folder, partial, recipe)
        partial.rename(cache)
    if not (state / "patcher.safetensors").exists():
        say("counting contexts for the patcher")
        save_patcher(state, count_patcher(Corpus(cache, recipe, seed, {})))


def count_patcher(corpus: Corpus) -> Patcher:
    """Count and calibrate a patcher on the corpus, each kind by its share."""
    counted = count(np.concatenate(_sample(corpus, COUNTED)))
    return calibrate(counted, _sample(corpus, CALIBRATED))


def _sample(corpus: Corpus, size: int) -> list[Bytes]:
    shares = zip(corpus.kinds, corpus.shares, strict=True)
    return [corpus.window(kind, max(1, int(size * share))) for kind, share in shares]
