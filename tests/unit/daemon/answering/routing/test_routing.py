"""Questions are taken for the task that they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from selfd_daemon.answering.routing import Router
from selfd_daemon.answering.routing.tasks import TASKS, Task
from selfd_daemon.answering.routing.training import EXAMPLES, accuracy, read
from selfd_models.embedding.embedder import Embedder

HELD_OUT = Path(__file__).parent / "questions.txt"


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load()


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


def test_nine_of_ten_held_out_questions_are_taken_for_what_they_are(
    router: Router, embedder: Embedder
) -> None:
    held_out = list(read(HELD_OUT))
    assert min(Counter(task for _, task in held_out).values()) >= 20
    assert {task for _, task in held_out} == set(TASKS)
    assert accuracy(router, held_out, embedder.embed([text for text, _ in held_out])) >= 0.90


def test_no_held_out_question_was_learned() -> None:
    plain = {" ".join(text.lower().split()).strip("?!. ") for text, _ in read(EXAMPLES)}
    held_out = {" ".join(text.lower().split()).strip("?!. ") for text, _ in read(HELD_OUT)}
    assert not plain & held_out


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("What is 3 * 7?", "maths"),
        ("Where did I park the car?", "memory"),
        ("How do I sort a list in Python?", "code"),
        ("Give me the latest headlines", "news"),
        ("Hello, how are you?", "chat"),
        ("Make a plan for my week", "planning"),
    ],
)
def test_plain_questions_need_no_vector(router: Router, text: str, task: Task) -> None:
    assert router.task(text) == task


@pytest.mark.parametrize("text", ["", "?", "…", "x" * 20_000, "\x00", "今日のニュース"])
def test_any_text_has_a_task(router: Router, text: str) -> None:
    assert router.task(text) in TASKS
    assert router.scores(text).sum() == pytest.approx(1)
