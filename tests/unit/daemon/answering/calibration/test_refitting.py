"""Confidence learns from what became of answers, and only where that helps."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.calibration.refitting import LEAST, fitted, refit
from selfd_daemon.answering.retrieval.confidence import SHIPPED, Judged, confidence
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import NewMemory, Store

NAMES = [name for name in SHIPPED if name.startswith("told.") and name != "told.bias"]


def judged(count: int, bias: float, seed: int = 5) -> list[Judged]:
    """Return answers that turned out as the shipped weights with another bias would have it."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        signals = {name: rng.random() for name in NAMES} | {"told.bias": 1.0}
        world = dict(SHIPPED) | {"told.bias": SHIPPED["told.bias"] + bias}
        found.append(Judged(signals, float(rng.random() < confidence(signals, world))))
    return found


def test_a_world_that_is_harsher_than_thought_is_learned() -> None:
    seen, unseen = judged(300, -2.0), judged(300, -2.0, seed=6)
    found = refit(seen)
    assert found.accepted
    assert found.after < found.before
    mean = sum(each.right for each in unseen) / len(unseen)
    said = sum(confidence(each.signals, found.weights) for each in unseen) / len(unseen)
    thought = sum(confidence(each.signals) for each in unseen) / len(unseen)
    assert abs(said - mean) < 0.08 < abs(thought - mean)


def test_a_world_that_is_as_thought_moves_the_weights_little() -> None:
    weights = fitted(judged(300, 0.0))
    for each in judged(50, 0.0, seed=7):
        assert abs(confidence(each.signals, weights) - confidence(each.signals)) < 0.25


def test_each_kind_is_learned_by_itself() -> None:
    written = {"made.retrieval": 0.7, "made.kept": 1.0, "made.bias": 1.0}
    wrong = [Judged(written, float(n % 5 == 0)) for n in range(20)]
    found = refit([*judged(60, 0.0), *wrong])
    assert found.accepted
    assert confidence(written, found.weights) < 0.4 < confidence(written)
    unmoved = refit(judged(60, 0.0))
    for name in NAMES:
        assert found.weights[name] == unmoved.weights[name]
    few = refit([*judged(60, 0.0), *wrong[:9]])
    assert few.weights.get("made.bias") == SHIPPED["made.bias"]


def test_what_was_fitted_gives_way_less_than_a_first_guess() -> None:
    for kind, least, most in (("told", 0.02, 0.2), ("made", 0.2, 1.0)):
        signals = {f"{kind}.bias": 1.0} | ({"told.support": 1.0} if kind == "told" else {})
        before = confidence(signals, flat := dict(SHIPPED) | {f"{kind}.bias": 0.0})
        right = 0.0 if before > 0.5 else 1.0
        after = confidence(signals, fitted([Judged(signals, right)] * 20, flat))
        assert least < abs(after - before) < most, kind


def test_few_answers_teach_nothing() -> None:
    found = refit(judged(LEAST - 1, -3.0))
    assert not found.accepted
    assert found.weights is SHIPPED


def test_weights_that_would_predict_worse_are_not_taken() -> None:
    seen = judged(40, 0.0)
    best = fitted(seen, dict(SHIPPED))
    found = refit(seen, best)
    assert found.accepted is (found.after < found.before)
    assert found.weights is best or found.accepted


def test_signals_without_a_weight_count_nothing() -> None:
    assert confidence({"told.bias": 1.0, "new": 1.0}) == confidence({"told.bias": 1.0})
    assert confidence({}) == 0.0
    assert confidence({"told.bias": 1e9}) < 1e-300


@pytest.mark.anyio
async def test_feedback_changes_how_sure_the_next_answers_are(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        for n in range(30):
            await store.memories.add(NewMemory(f"Box {n} holds {n} red marbles."))
        service = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
        for n in range(24):
            answer = await service.ask(Question(f"How many marbles does box {n} hold?"))
            await service.give_feedback(answer.id, rating=-1, correction=None)
        before = await service.ask(Question("How many marbles does box 25 hold?"))
        found = await service.refit()
        assert (found.accepted, found.answers) == (True, 24)
        after = await service.ask(Question("How many marbles does box 25 hold?"))
        assert after.confidence < before.confidence
        again = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
        later = await again.ask(Question("How many marbles does box 25 hold?"))
        assert later.confidence == pytest.approx(after.confidence)
