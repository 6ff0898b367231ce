"""Sums are read from words and signs, worked out exactly, and refused in words."""

from __future__ import annotations

import operator
import random
import re
import time
from fractions import Fraction
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.errors import SumError
from selfd_daemon.answering.specialists.sums import shown, work_out
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import Store


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 17 times 23?", "17 × 23 = 391"),
        ("2+2", "2 + 2 = 4"),
        ("Calculate 15% of 240", "15% of 240 = 36"),
        ("What is the square root of 144?", "√144 = 12"),
        ("how much is 3/4 plus 5/8", "3 / 4 + 5 / 8 = 1.375"),
        ("(12 + 8) * 4 / 2 = ?", "(12 + 8) × 4 / 2 = 40"),
        ("what's seven times eight", "7 × 8 = 56"),
        ("5! = ?", "5! = 120"),
        ("Compute 2^16", "2^16 = 65,536"),
        ("2 ^ 3 ^ 2", "2^3^2 = 512"),
        ("-2^2", "- 2^2 = -4"),
        ("sqrt(2) * sqrt(8)", "√(2) × √(8) = 4"),
        ("cube root of 27", "∛27 = 3"),
        ("What's 9 squared?", "9 squared = 81"),
        ("Divide 144 by 12", "144 / 12 = 12"),
        ("subtract 88 from 240", "(240) - (88) = 152"),
        ("What is one third of 99?", "1 / 3 × 99 = 33"),
        ("sum of 12, 19 and 33", "12 + 19 + 33 = 64"),
        ("two hundred and five plus 1,000", "205 + 1000 = 1205"),
        ("What is 0.1 + 0.2", "0.1 + 0.2 = 0.3"),
        ("10 / 3", "10 / 3 = 3.33333333333 (10/3)"),
        ("What is the square root of 2?", "√2 = 1.41421356237"),
    ],
)
def test_a_sum_is_worked_out(question: str, answer: str) -> None:
    found = work_out(question)
    assert found is not None
    assert f"{found[0]} = {shown(found[1])}" == answer


@pytest.mark.parametrize(
    "question",
    ["Where is the key?", "Who has 3 cats?", "2024-01-31", "1/2/2024", "7", "", "x = 5 + 2",
     "What is 3 apples plus 4 pears?", "__import__('os')", "1 + 1; exit()", "9" * 500],
)  # fmt: skip
def test_what_is_no_sum_is_left_to_others(question: str) -> None:
    assert work_out(question) is None


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("1 / 0", "divided by zero"),
        ("0 ^ -1", "divided by zero"),
        ("9999 ^ 9999", "powers go up to 1000"),
        ("9 ^ 999 ^ 9", "powers go up to 1000"),
        ("99999 ^ 999", "become too large"),
        ("201!", "factorials go up to 200!"),
        ("2.5!", "only whole numbers"),
        ("square root of -4", "no real root"),
        ("(-8) ^ 0.5", "no real power"),
        ("(1 + 2", "not closed"),
        ("1 + ", "ends where a number should stand"),
        ("1 + * 2", r"has '\*' where a number"),
        ("1 + 2)", r"goes on with '\)'"),
        ("(" * 60 + "1" + ")" * 60 + " + 1", "more than 50 things"),
    ],
)
def test_a_sum_without_a_result_says_why(question: str, message: str) -> None:
    with pytest.raises(SumError, match=message):
        work_out(question)


def test_a_hundred_sums_by_chance_are_right() -> None:
    rng = random.Random(4)
    signs = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    for _ in range(100):
        a, b, c = (rng.randint(1, 999) for _ in range(3))
        one, two = rng.choice("+-"), rng.choice("*/")
        found = work_out(f"What is {a} {one} {b} {two} {c}?")
        assert found is not None
        assert found[1] == signs[one](Fraction(a), signs[two](Fraction(b), Fraction(c)))


@pytest.mark.anyio
async def test_a_question_that_is_a_sum_is_answered_without_sources(tmp_path: Path) -> None:
    async with await Store.open(tmp_path) as store:
        service = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
        answer = await service.ask(Question("What is 17 times 23?"))
        assert (answer.text, answer.task, answer.abstained) == ("17 × 23 = 391", "maths", False)
        assert answer.confidence > 0.95
        assert answer.citations == ()
        refused = await service.ask(Question("1 / 0"))
        assert re.fullmatch("That cannot be worked out: nothing can be .* zero.", refused.text)
