"""What a candidate is held to besides bits: retrieval, and the assessment in quick form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import save
from selfd_models.config import TINY
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate, count
from selfd_models.training.data.replay import OLD, read_sample
from selfd_models.training.evaluation.assessing import Assessed, compare_assessed
from selfd_models.training.evaluation.retrieval import PASSAGE, Cloze, by_embedder, by_states, cloze
from selfd_models.training.evaluation.trials import evaluate
from support.hybrid import invent


class Blind:
    """Has vectors that tell nothing of a text."""

    def embed(self, texts: Sequence[str]) -> Any:
        rows = np.random.default_rng(len(texts[0])).normal(size=(len(texts), 16))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def state(self, text: str) -> Any:
        return np.random.default_rng(len(text)).normal(size=16)


@pytest.fixture(scope="module")
def task() -> Cloze:
    return cloze([str(each["text"]) for each in read_sample(OLD)])


def test_a_sentence_is_taken_out_of_its_passage(task: Cloze) -> None:
    assert len(task.sentences) > 100
    for sentence, passage in zip(task.sentences, task.passages, strict=True):
        assert sentence not in passage
        assert len(sentence) + len(passage) <= PASSAGE
    assert cloze([str(each["text"]) for each in read_sample(OLD)]) == task, "always the same ones"


def test_what_search_uses_finds_what_blind_vectors_do_not(task: Cloze) -> None:
    model = BuiltinModel.load(name="numpy")
    some = Cloze(task.sentences[:40], task.passages[:40])
    blind: Any = Blind()
    assert np.mean(by_embedder(model, task)) > 0.4
    assert np.mean(by_embedder(blind, task)) < 0.15
    assert np.mean(by_states(model, some)) > np.mean(by_states(blind, some)) + 0.1


def told(own: float, *, right: int = 20) -> Assessed:
    rng = np.random.default_rng(1)
    return Assessed(
        own=(own + 0.2 * rng.normal(size=32)).tolist(),
        other=(1.8 + 0.2 * rng.normal(size=32)).tolist(),
        right=[number < right for number in range(20)],
    )


def test_the_same_assessment_costs_nothing() -> None:
    for each in compare_assessed(told(1.4), told(1.4)).values():
        assert each["before"] == each["after"]
        assert (each["low"], each["high"]) == (0.0, 0.0)


def test_a_model_that_no_longer_knows_its_own_text_or_changes_shows_it() -> None:
    found = compare_assessed(told(1.4), told(1.8, right=10))
    assert found["own text"]["before"] > 0.85
    assert found["own text"]["high"] < -0.1
    assert (found["changes"]["before"], found["changes"]["after"]) == (1.0, 0.5)
    assert found["changes"]["high"] < -0.2


def test_only_what_is_judged_is_measured_and_once_in_a_checkpoints_life(tmp_path: Path) -> None:
    text = invent(100_000, seed=1)
    patcher = calibrate(count(text), [text[:20_000]])
    path = tmp_path / "tiny.safetensors"
    save(path, initialise(TINY, seed=3), patcher, TINY, {"steps": 0})
    said: list[str] = []

    def say(**report: Any) -> None:
        said.append(report["measuring"])

    ask = partial(evaluate, path, path, cache=tmp_path / "cache", say=say)
    assert list(ask(judged=())) == ["shipped"]
    found = ask(judged=("states", "changes"))
    assert set(found) == {"shipped", "retrieval", "states", "own text", "changes"}
    assert all(each["before"] == each["after"] for each in found.values())
    assert {name: said.count(name) for name in ("retrieval", "states", "assessed")} == {
        "retrieval": 1,
        "states": 1,
        "assessed": 1,
    }
