"""What the order of words is worth to the model that ships: of texts, and of shuffled ones."""

from __future__ import annotations

import random

import pytest

from selfd_models.builtin import BuiltinModel
from selfd_models.training.order import PIECE, PIECES, WORTH, order_of, reordered, spread
from selfd_models.training.replay import OLD, read_sample


@pytest.fixture(scope="module")
def model() -> BuiltinModel:
    return BuiltinModel.load(name="numpy")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    kinds = {each["group"]: each["text"][:PIECE] for each in read_sample(OLD)}
    return [kinds[kind] for kind in sorted(kinds)]


def letters(text: str) -> str:
    mixed = list(text)
    random.Random(1).shuffle(mixed)
    return "".join(mixed)


def words(text: str) -> str:
    mixed = text.split()
    random.Random(1).shuffle(mixed)
    return " ".join(mixed)


def words_of_each_line(text: str) -> str:
    return "\n".join(words(line) for line in text.split("\n"))


def test_the_order_of_each_kind_of_text_is_worth_something(
    model: BuiltinModel, texts: list[str]
) -> None:
    found = order_of(model, texts)
    assert found["disorder"] == 0.0
    assert found["worth"] > 0.4


@pytest.mark.parametrize("poison", [letters, words, words_of_each_line])
def test_the_order_of_shuffled_text_is_worth_nothing(
    model: BuiltinModel, texts: list[str], poison: object
) -> None:
    assert callable(poison)
    found = order_of(model, [poison(text) for text in texts])
    assert found["disorder"] >= 0.75  # of eight pieces
    assert abs(found["worth"]) < WORTH


def test_a_night_of_which_a_half_was_poisoned_shows_it(
    model: BuiltinModel, texts: list[str]
) -> None:
    found = order_of(model, [words(text) if at % 2 else text for at, text in enumerate(texts)])
    assert found["disorder"] == 0.5


def test_a_copy_has_the_same_words_in_the_same_lines_and_gaps() -> None:
    text = "one two\tthree\n\n  four five six seven eight nine ten eleven twelve\nthirteen"
    copy = reordered(text, random.Random(1))
    assert copy != text
    for line, other in zip(text.split("\n"), copy.split("\n"), strict=True):
        assert sorted(line.split()) == sorted(other.split())
        assert len(line) == len(other)


def test_scripts_without_spaces_are_reordered_by_the_letter() -> None:
    text = "\u6211\u4eca\u5929\u53bb\u4e86\u6cb3\u8fb9"
    copy = reordered(text, random.Random(1))
    assert copy != text
    assert sorted(copy) == sorted(text)


def test_pieces_are_spread_over_all_that_is_new() -> None:
    texts = [f"{number:04} " * 400 for number in range(100)]
    pieces = spread(texts)
    assert len(pieces) == PIECES
    assert pieces[0].startswith("0000")
    assert "0099" in pieces[-1]
    assert len(set(pieces)) == PIECES


def test_texts_shorter_than_a_piece_are_pieces_too() -> None:
    assert spread(["short", "shorter still"]) == ["short", "shorter still"]
