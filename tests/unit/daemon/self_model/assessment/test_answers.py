"""What an assessment says of answers: on the dialogues that ship, and by the owner's feedback."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from selfd_daemon.self_model.assessment import answers
from selfd_daemon.self_model.assessment.answers import dialogue_answers, feedback_calibration
from selfd_daemon.self_model.assessment.dialogues import read_dialogues
from selfd_daemon.settings import AnsweringSettings
from selfd_storage import PredictionRecord, Store
from support.self_model import NOON

pytestmark = pytest.mark.anyio
SURE_OF_ALL = {"edition": 2, "weights": {"told.bias": 8.0}}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path) as opened:
        yield opened


async def heard(_: float) -> None:
    """Take progress."""


def test_every_question_on_the_dialogues_names_turns_that_are_there() -> None:
    dialogues = read_dialogues()
    questions = [known for dialogue in dialogues for known in dialogue.questions]
    without = [known for known in questions if not known.turns]
    for dialogue in dialogues:
        names = {turn.partition(":")[0] for turn in dialogue.turns}
        assert len(dialogue.turns) == 20, dialogue.title
        assert len(names) == 2, dialogue.title
        assert all(known.turns <= set(range(20)) for known in dialogue.questions)
    assert len(questions) == 281
    assert 0.25 < len(without) / len(questions) < 0.35
    assert len({known.text for known in questions}) == len(questions)


async def test_the_bars_hold_on_dialogues_that_nothing_was_fitted_to(store: Store) -> None:
    found = await dialogue_answers(store, AnsweringSettings(), time.monotonic, heard)
    assert [(test.name, test.passed) for test in found] == [
        ("answer calibration", True), ("verbatim quotes", True), ("abstention", True),
    ]  # fmt: skip
    assert "281 questions on 14 dialogues" in found[0].explanation
    assert not (await store.memories.page(first=1)).items, "what is asked leaves no trace"


async def test_confidence_that_is_in_force_here_is_what_is_measured(store: Store) -> None:
    await store.values.set("answering.confidence", SURE_OF_ALL)
    found = await dialogue_answers(store, AnsweringSettings(), time.monotonic, heard)
    assert not found[0].passed
    assert not found[2].passed, "it answers everything"


async def test_what_takes_too_long_is_left_and_not_passed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SECONDS", 0.0)
    found = await dialogue_answers(store, AnsweringSettings(), time.monotonic, heard)
    assert [(test.measured, test.passed) for test in found] == [(False, False)] * 3
    assert "0 questions were answered" in found[0].explanation


def test_feedback_tells_whether_what_was_said_came_true() -> None:
    honest = [PredictionRecord("answer:1", NOON, 0.75, float(n % 4 > 0)) for n in range(40)]
    boasting = [PredictionRecord("answer:1", NOON, 0.95, float(n % 2)) for n in range(40)]
    good, bad = feedback_calibration(honest), feedback_calibration(boasting)
    assert (good.passed, good.value) == (True, 1.0)
    assert "75% of 40 that it was 75% sure of" in good.explanation
    assert (bad.passed, bad.value) == (False, 0.55)
    assert not feedback_calibration(honest[:19]).measured
