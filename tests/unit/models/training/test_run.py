"""Training runs: exact resume, honest figures, both backends, and what is refused."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selfd_models.config import NANO, TINY
from selfd_models.errors import CorpusError, ResumeError
from selfd_models.ops import backend
from selfd_models.patcher import Patcher
from selfd_models.training import run
from selfd_models.training import state as states
from selfd_models.training.curves import Curves
from selfd_models.training.data.corpus import Corpus, Recipe, prepare
from selfd_models.training.data.preparation import make_ready
from selfd_models.training.optimisation.objective import divergence
from selfd_models.training.state import Tree
from selfd_models.training.trainer import Options, Progress
from support.hybrid import invent, ops_or_skip

Start = Callable[..., list[Progress]]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Give a folder with two kinds of text and a held-out file."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for kind, seed in (("notes", 1), ("letters", 2)):
        records = [
            {"group": kind, "text": invent(20_000, seed=seed * 10 + at).tobytes().decode()}
            for at in range(4)
        ]
        lines = "\n".join(json.dumps(record) for record in records)
        (folder / f"train_{kind}.jsonl").write_text(lines)
    held_out = {"group": "notes", "text": invent(9000, seed=99).tobytes().decode()}
    (folder / "valid.jsonl").write_text(json.dumps(held_out))
    return folder


@pytest.fixture
def start(corpus: Path, tmp_path: Path, patcher: Patcher) -> Start:
    """Start a tiny run in `tmp_path / name`, its patcher counted already; gives its reports."""

    def begin(name: str, *, using: backend = "jax", steps: int, **more: object) -> list[Progress]:
        ops_or_skip(using)
        (tmp_path / name).mkdir(exist_ok=True)
        states.save_patcher(tmp_path / name, patcher)
        reports: list[Progress] = []
        options = Options(
            config=TINY,
            corpus=corpus,
            state=tmp_path / name,
            backend=using,
            texts=2,
            rows=256,
            steps=steps,
            second_pass_from=0,
            report_steps=1,
            evaluate_seconds=math.inf,
        )
        run(
            replace(options, **more),  # type: ignore[arg-type]  # any of its fields
            report=reports.append,
            say=lambda line: None,
            stopping=lambda: False,
        )
        return reports

    return begin


def _trees(folder: Path) -> dict[str, Tree]:
    state = states.load(folder, TINY)
    return {"parameters": state.parameters, **state.moments}


def test_a_run_that_stopped_goes_on_exactly_as_one_that_did_not(
    start: Start, tmp_path: Path
) -> None:
    whole = start("whole", steps=6)
    start("parts", steps=3)
    rest = start("parts", steps=6, resume=True)
    assert [report.step for report in rest] == [4, 5, 6]
    assert [report.task for report in rest] == [report.task for report in whole[3:]]
    one, other = _trees(tmp_path / "whole"), _trees(tmp_path / "parts")
    for group, tree in one.items():
        for name, value in tree.items():
            assert (value == other[group][name]).all(), f"{group}/{name}"
    assert len(states.checkpoints(tmp_path / "parts")) == 2


@pytest.mark.mlx
def test_mlx_and_jax_learn_the_same(start: Start) -> None:
    ops_or_skip("mlx")
    told = [report.task for report in start("jax", steps=3, rows=64)]
    other = [report.task for report in start("mlx", using="mlx", steps=3, rows=64)]
    assert told[0] == pytest.approx(8.0, abs=0.01)
    assert other == pytest.approx(told, abs=2e-3)


def test_text_is_learned_and_noise_is_not(start: Start, corpus: Path) -> None:
    """Nothing predicts uniform bytes but a model that has seen them: this is the leak alarm."""
    text = start("text", steps=60)
    for path in corpus.iterdir():
        path.unlink()
    noise = np.random.default_rng(0).integers(0, 128, 200_000).astype(np.uint8)
    (corpus / "noise.txt").write_bytes(noise.tobytes())  # 128 symbols: 7 bits each, valid UTF-8
    noisy = start("noise", steps=60)
    assert text[-1].task < 4.5
    # The mean over 20 kB: a step's 512 bytes alone scatter by .02 bits around it.
    assert np.mean([report.task for report in noisy[20:]]) > 6.99
    assert noisy[-1].task < 7.4


def test_cooling_leaves_the_run_itself_alone(start: Start, tmp_path: Path) -> None:
    start("run", steps=3)
    before = _trees(tmp_path / "run")
    start("run", steps=3, cool=2)
    cooled = states.load(tmp_path / "run" / "cooled", TINY)
    assert cooled.step == 5
    after = _trees(tmp_path / "run")
    for group, tree in before.items():
        assert all((value == after[group][name]).all() for name, value in tree.items())
    assert not (cooled.parameters["head.weight"] == after["parameters"]["head.weight"]).all()


def test_the_held_out_text_is_scored_and_drawn(start: Start, tmp_path: Path) -> None:
    reports = start("run", steps=1, evaluate_seconds=-1.0)
    assert reports[-1].held_out is not None
    assert reports[-1].held_out["mean"] == reports[-1].held_out["notes"]
    assert 7.0 < reports[-1].held_out["mean"] < 8.1
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000
    assert Curves(tmp_path / "run").read()[-1]["held_out"] == reports[-1].held_out


def test_a_truncated_checkpoint_is_refused(start: Start, tmp_path: Path) -> None:
    start("run", steps=1)
    newest = states.checkpoints(tmp_path / "run")[-1]
    newest.write_bytes(newest.read_bytes()[:5000])
    with pytest.raises(ResumeError, match="is damaged: delete it to use the one before"):
        start("run", steps=2, resume=True)


def test_a_checkpoint_of_another_preset_is_refused(start: Start, tmp_path: Path) -> None:
    start("run", steps=1)
    with pytest.raises(ResumeError, match="is of tiny, not of nano"):
        states.load(tmp_path / "run", NANO)


def test_resuming_where_nothing_was_saved_is_refused(start: Start) -> None:
    with pytest.raises(ResumeError, match="start without --resume"):
        start("new", steps=1, resume=True)


def test_starting_anew_over_a_run_is_refused(start: Start) -> None:
    start("run", steps=1)
    with pytest.raises(ResumeError, match="holds a run already: add --resume"):
        start("run", steps=2)


def test_a_folder_without_text_is_refused(start: Start, corpus: Path) -> None:
    for path in corpus.iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="no text in"):
        start("run", steps=1)


def test_a_run_counts_its_own_patcher_once(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        make_ready(corpus, tmp_path / "run", Recipe(), seed=1, say=said.append)
    assert said == [f"reading {corpus}", "counting contexts for the patcher"]
    assert 20 < states.load_patcher(tmp_path / "run").threshold < 200


def test_a_kind_without_weight_is_left_out(start: Start, tmp_path: Path) -> None:
    start("run", steps=1, recipe=Recipe(weights={"notes": 1.0}))
    assert [path.name for path in (tmp_path / "run" / "corpus").glob("*.bin")] == ["notes.bin"]


def test_expectations_stay_with_the_bytes_that_they_are_of(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    texts = [bytes(range(65, 91)).decode() * 3, "0123456789" * 4]
    lines = (json.dumps({"group": "new", "text": text}) for text in texts)
    (folder / "train_new.jsonl").write_text("\n".join(lines))
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    np.save(folder / "new.expected.npy", np.eye(256, dtype=np.float16)[data])
    recipe = Recipe(weights={"new": 1.0}, held_out="nothing")
    prepare(folder, tmp_path / "cache", recipe)
    corpus = Corpus(tmp_path / "cache", recipe, 1, {})
    assert corpus.has_expectations
    for _ in range(5):
        window = corpus.window("new", 50)
        rows = corpus.expected("new", 50)
        said = rows.sum(axis=1) > 0.5
        assert (rows.argmax(axis=1)[said] == window[said]).all()
        assert set(window[~said].tolist()) <= {10}, "nobody was asked about what joins texts"
        corpus.advance("new", 33)
    np.save(folder / "new.expected.npy", np.eye(256, dtype=np.float16)[data[:-1]])
    with pytest.raises(CorpusError, match="is not its text's"):
        prepare(folder, tmp_path / "other", recipe)


@pytest.mark.parametrize("using", ["numpy", "jax", "mlx"])
def test_divergence_is_that_of_kullback_and_leibler(using: backend) -> None:
    ops = ops_or_skip(using)
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2, 5, 256)).astype(np.float32)
    expected = rng.dirichlet(np.ones(256), (2, 5)).astype(np.float32)
    expected[0, 3] = 0.0  # nothing is known of it
    own = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    each = (expected * np.log(np.maximum(expected, 1e-9) / own)).sum(axis=-1)
    found = float(ops.numpy(divergence(ops.array(scores), ops.array(expected), ops=ops)))
    assert found == pytest.approx(float(each.sum()) / 9, rel=1e-4)
    same = divergence(ops.array(np.log(own)), ops.array(own), ops=ops)
    assert float(ops.numpy(same)) == pytest.approx(0.0, abs=1e-5)
