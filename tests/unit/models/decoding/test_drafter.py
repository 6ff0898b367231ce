"""The drafter: its file, its formula, and that training brings it nearer to its model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import Checkpoint
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.speculation import Tally
from selfd_models.errors import CheckpointError
from selfd_models.patcher import Bytes
from selfd_models.training import drafting
from selfd_models.training.data.corpus import Corpus, Recipe, prepare


def _drawn(width: int, hidden: int) -> Drafter:
    drawn = np.random.default_rng(4)
    shapes = ((width, hidden),) * 3 + ((hidden,), (hidden, 256), (256,))
    return Drafter._make(drawn.standard_normal(shape, np.float32) for shape in shapes)


def test_a_drafter_comes_back_from_its_file_in_half_precision(tmp_path: Path) -> None:
    drafter = _drawn(48, 16)
    drafter.save(tmp_path / "drafter.safetensors")
    for part, again in zip(drafter, Drafter.load(tmp_path / "drafter.safetensors"), strict=True):
        assert (part.astype(np.float16) == again).all()


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    missing, other, torn = (tmp_path / name for name in ("missing", "other", "torn"))
    save_file({"embedded": np.zeros((4, 4), np.float32)}, other)
    good = _drawn(48, 16)
    Drafter(*good[:-1], np.zeros(255, np.float32)).save(torn)
    for path in (missing, other, torn):
        with pytest.raises(CheckpointError, match=f"{path.name} is no drafter"):
            Drafter.load(path)


def test_a_guess_is_the_formula() -> None:
    drafter = _drawn(48, 16)
    row, normal, context = np.random.default_rng(5).standard_normal((3, 48), np.float32)
    wide = [part.astype(np.float64) for part in drafter]
    hidden = row @ wide[0] + normal @ wide[1] + context @ wide[2] + wide[3]
    expected = np.maximum(hidden, 0.0) ** 2 @ wide[4] + wide[5]
    got = drafter.guess(drafter.begin(normal, context), row)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-2)


def test_training_brings_a_drafter_nearer_to_its_model(
    checkpoint: Checkpoint, text: Bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "words.txt").write_bytes(text.tobytes())
    prepare(tmp_path / "text", tmp_path / "corpus", Recipe())
    for name, value in (("WINDOWS", 3), ("WINDOW", 512), ("STEPS", 60), ("BATCH", 64)):
        monkeypatch.setattr(drafting, name, value)
    told: list[str] = []
    corpus = Corpus(tmp_path / "corpus", Recipe(), 1, {})
    drafting.train(checkpoint, corpus, rounds=3, say=told.append)
    first, *_, last = (float(line.split()[-5]) for line in told)
    assert last < first


def test_the_slope_is_that_of_the_distance() -> None:
    drawn = np.random.default_rng(6)
    drafter = Drafter._make(part * 0.3 for part in map(np.float64, _drawn(8, 4)))
    batch: Any = [*drawn.standard_normal((3, 5, 8)), drawn.standard_normal((5, 256))]  # in doubles
    _, gradient = drafting._gradient(drafter, *batch)
    for part, slope in zip(drafter, gradient, strict=True):
        at = tuple(int(drawn.integers(size)) for size in part.shape)
        nats = []
        for step in (1e-5, -2e-5):
            part[at] += step
            nats.append(drafting._gradient(drafter, *batch)[0])
        part[at] += 1e-5
        assert (nats[0] - nats[1]) / 2e-5 == pytest.approx(slope[at], rel=1e-3, abs=1e-7)


def test_the_shipped_drafter_saves_the_shipped_model_more_than_half_of_its_passes() -> None:
    model = BuiltinModel.load(name="numpy")
    for temperature in (0.0, 0.8):
        tally = Tally()
        made = model.complete(
            "The harbour lay quiet in the evening, and the boats",
            max_bytes=300,
            temperature=temperature,
            speculative=True,
            tally=tally,
        )
        assert len(b"".join(made)) == 300
        assert tally.per_pass > 2.0
