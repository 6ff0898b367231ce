"""A fine-tune that learns old text beside the new forgets less of it, measured on a tiny model."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from selfd_daemon.nights.training.dataset import write_texts
from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import save
from selfd_models.config import TINY
from selfd_models.ops import backend
from selfd_models.parameters import initialise
from selfd_models.patcher import Bytes, calibrate, count
from selfd_models.training.evaluation.comparison import measure
from selfd_models.training.tuning import Tune, tune
from support.hybrid import invent

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mlx") is None and importlib.util.find_spec("jax") is None,
    reason="needs MLX or JAX to train with",
)

BACKEND: backend = "mlx" if importlib.util.find_spec("mlx") else "jax"


def other(text: Bytes) -> Bytes:
    """Say the same in other letters: a language of its own."""
    letters = np.arange(256, dtype=np.uint8)
    letters[97:123] = np.roll(letters[97:123], 11)
    return letters[text]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that know the old language."""
    folder = tmp_path_factory.mktemp("grown")
    text = invent(100_000, seed=1)
    save(folder / "drawn", initialise(TINY, seed=3), calibrate(count(text), [text]), TINY, {})
    return taught(folder / "drawn", folder, {"old": 1.0}, steps=120)


def taught(base: Path, folder: Path, shares: Mapping[str, float], *, steps: int) -> Path:
    texts = folder / "corpus-text"
    for kind, text in (("old", invent(40_000, seed=1)), ("new", other(invent(40_000, seed=2)))):
        pieces = [text[at : at + 2000].tobytes().decode() for at in range(0, len(text), 2000)]
        write_texts(texts / f"train_{kind}.jsonl", [(kind, piece) for piece in pieces])
    order = Tune(base, folder, shares, BACKEND, steps=steps, texts=1, rows=256, heat=1.0)
    candidate = tune(order, report=lambda progress: None, stopping=lambda: False)
    assert candidate is not None
    return candidate


def bits_per_byte(weights: Path, text: Bytes) -> float:
    return sum(measure(BuiltinModel.load(weights), [text.tobytes()])) / len(text)


def test_replay_keeps_what_was_known_and_costs_little_of_what_is_new(
    grown: Path, tmp_path: Path
) -> None:
    old, new = invent(2000, seed=11), other(invent(2000, seed=12))
    alone = taught(grown, tmp_path / "alone", {"new": 1.0}, steps=60)
    beside = taught(grown, tmp_path / "beside", {"new": 0.5, "old": 0.5}, steps=60)
    knew, was_new = bits_per_byte(grown, old), bits_per_byte(grown, new)
    forgot, kept = (bits_per_byte(each, old) - knew for each in (alone, beside))
    assert forgot > 0.5, "without the old text much of it is forgotten"
    assert kept < 0.25 * forgot, "beside it, it is kept"
    learned, slower = (was_new - bits_per_byte(each, new) for each in (alone, beside))
    assert slower > 0.5 * learned > 0.25, "and most of the new is learned all the same"
