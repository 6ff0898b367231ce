"""What a question asks for, and when it leans on the one before."""

from __future__ import annotations

import pytest

from selfd_daemon.answering.question import (
    Expected,
    holds,
    leans_back,
    read_in_context,
    read_question,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When did Ada move?", "time"),
        ("What year was it built?", "time"),
        ("How many cats does Joe have?", "number"),
        ("Who wrote the letter?", "person"),
        ("Where is the key?", "place"),
        ("Why did she leave?", "reason"),
        ("Tell me about the garden", "anything"),
    ],
)
def test_the_kind_of_answer_is_read_off_the_question(text: str, expected: Expected) -> None:
    assert read_question(text).expected == expected


@pytest.mark.parametrize(
    ("expected", "sentence", "there"),
    [
        ("time", "We left on Monday.", True),
        ("time", "We left in a hurry.", False),
        ("number", "She has three cats.", True),
        ("number", "She has cats.", False),
        ("person", "The letter was by Edith.", True),
        ("person", "The letter was long.", False),
    ],
)
def test_a_sentence_holds_words_of_that_kind_or_not(
    expected: Expected, sentence: str, there: bool
) -> None:
    assert holds(expected, sentence, frozenset()) is there


def test_what_the_question_said_itself_is_no_answer() -> None:
    asked = read_question("When in 1990 did Ada move?")
    assert not holds("time", "In 1990 all was well.", frozenset(asked.terms))
    assert holds("time", "In March 1990 Ada moved.", frozenset(asked.terms))


@pytest.mark.parametrize("text", ["and her sister?", "When was that?", "Where is it now?"])
def test_a_follow_up_takes_the_words_of_the_question_before(text: str) -> None:
    assert leans_back(text)
    assert "lisbon" in read_question(text, before="Who lives in Lisbon?").terms


@pytest.mark.parametrize("text", ["Where does Ada keep the spare key?", "Who lives in Lisbon?"])
def test_a_question_that_stands_alone_is_left_alone(text: str) -> None:
    assert not leans_back(text)
    assert read_question(text, before="What about elephants?") == read_question(text)


def test_a_chain_of_follow_ups_is_followed_back() -> None:
    asked = read_in_context("And when?", ["Who lives in Lisbon?", "and her sister?"])
    assert {"lisbon", "sister"} <= set(asked.terms)
    assert (
        "lisbon" not in read_in_context("And when?", ["Who lives in Lisbon?", "Is tea hot?"]).terms
    )


def test_he_may_be_somebody_whom_only_the_answer_names() -> None:
    before, answer = ["Who is the boss of the mill?"], "That is old Jon Smith. [1]"
    asked = read_in_context("In which town does he live today?", before, answer)
    assert asked.text.endswith("Jon Smith")
    assert "jon" not in asked.terms
    named = read_in_context("In which town does Eva live today?", before, answer)
    assert named.text == "In which town does Eva live today?"
