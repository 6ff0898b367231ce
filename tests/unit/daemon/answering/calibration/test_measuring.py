"""What answers are worth is counted right, and questions about selfd go to its self-model."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.calibration.measuring import Case, Outcome, measure, overlap, worth
from selfd_daemon.answering.specialists.introspective import Introspective
from selfd_daemon.self_model.introspection.answers import SelfAnswer
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import NewMemory, Store

AT = datetime(2026, 5, 7, tzinfo=UTC)
SOME, NONE = Case("Where?", frozenset({"memory:1"})), Case("Who?", frozenset())


def outcome(case: Case, abstained: bool, confidence: float, is_right: bool) -> Outcome:
    return Outcome(case, abstained, confidence, is_right, 2, 1, 0.5, 1.0)


def test_shares_are_of_what_they_say() -> None:
    found = worth(
        [
            outcome(SOME, abstained=False, confidence=0.9, is_right=True),
            outcome(SOME, abstained=False, confidence=0.9, is_right=False),
            outcome(SOME, abstained=True, confidence=0.1, is_right=False),
            outcome(NONE, abstained=True, confidence=0.1, is_right=False),
        ]
    )
    assert (found.questions, found.quotes, found.verbatim) == (4, 8, 0.5)
    assert found.answered == pytest.approx(2 / 3)
    assert found.right == 0.5
    assert found.abstained == pytest.approx(1 / 3)
    assert found.abstained_without == 1.0
    assert found.caution == pytest.approx(3.0)
    assert found.calibration_answered == pytest.approx(0.4)
    assert found.calibration_error == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)


def test_nothing_measured_is_worth_nothing() -> None:
    found = worth([])
    assert (found.questions, found.right, found.calibration_error) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("said", "annotated", "f1", "recall"),
    [
        ("In the attic", "in the attic", 1.0, 1.0),
        ("the attic of the old house", "attic", 2 / 7, 1.0),
        ("cellar", "attic", 0.0, 0.0),
    ],
)
def test_words_are_held_against_the_annotated_ones(
    said: str, annotated: str, f1: float, recall: float
) -> None:
    assert overlap(said, annotated) == pytest.approx((f1, recall))


@pytest.mark.anyio
async def test_a_store_is_measured_by_its_answers(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        memory = await store.memories.add(NewMemory("The spare key is under the blue pot.", at=AT))
        service = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
        known = Case("Where is the spare key?", frozenset({memory.id}), "under the blue pot")
        unknown = Case("Who painted the ceiling of the chapel?", frozenset())
        right, none = await measure(service.ask, store, [known, unknown])
        assert (right.is_right, right.abstained, right.quotes, right.verbatim) == (
            True,
            False,
            1,
            1,
        )
        assert right.recall == 1.0
        assert (none.is_right, none.abstained) == (False, True)
        (strict,) = await measure(service.ask, store, [known], threshold=1.0)
        assert strict.abstained
        assert strict.is_right


@pytest.mark.anyio
async def test_what_selfd_is_asked_about_itself_goes_to_its_self_model(tmp_path: Path) -> None:
    async def about_self(question: str) -> SelfAnswer | None:
        return SelfAnswer("I am well.", 0.75, ()) if "you" in question else None

    async with await Store.open(tmp_path) as store:
        service = AnsweringService(
            store, AnsweringSettings(), monotonic=time.monotonic, first=[Introspective(about_self)]
        )
        answer = await service.ask(Question("How are you?"))
        assert (answer.text, answer.confidence, answer.task) == ("I am well.", 0.75, "self")
        other = await service.ask(Question("Where is the key?"))
        assert other.task != "self"
        scoped = await service.ask(Question("How are you?", scope=["DOCUMENT"]))
        assert scoped.task != "self"
