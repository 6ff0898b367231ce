"""What the order of words is worth to the model that ships: of texts, and of shuffled ones."""

from __future__ import annotations

import random

import pytest

from selfd_models.builtin import BuiltinModel
from selfd_models.training.data.replay import OLD, read_sample
from selfd_models.training.evaluation.order import (
    PAIRS,
    PIECE,
    PIECES,
    WORTH,
    order_of,
    reordered,
    repeated_pairs,
    spread,
)


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


def words(text: str, rng: random.Random | None = None) -> str:
    mixed = text.split()
    (rng or random.Random(1)).shuffle(mixed)
    return " ".join(mixed)


def words_of_each_line(text: str) -> str:
    rng = random.Random(1)
    return "\n".join(words(line, rng) for line in text.split("\n"))


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
    assert 0.4 <= found["disorder"] <= 0.6


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
    chosen = spread(texts)
    pieces = [piece for _, piece in chosen]
    assert len(pieces) == PIECES
    assert all(piece in texts[place] for place, piece in chosen)
    assert pieces[0].startswith("0000")
    assert "0099" in pieces[-1]
    assert len(set(pieces)) == PIECES


def test_texts_shorter_than_a_piece_are_pieces_too() -> None:
    assert spread(["short", "shorter still"]) == [(0, "short"), (1, "shorter still")]


def test_text_of_a_language_that_the_model_does_not_know_is_in_order(model: BuiltinModel) -> None:
    cipher = str.maketrans("abcdefghijklmnopqrstuvwxyz", "qzxjkvbpygfwmucldrhsnioate")
    strange = [each["text"].lower().translate(cipher) for each in read_sample(OLD)]
    found = order_of(model, strange)
    assert found["disorder"] == 0.0
    shuffled = order_of(model, [words(text) for text in strange])
    assert shuffled["disorder"] >= 0.75


@pytest.mark.parametrize("poison", [letters, words, words_of_each_line])
def test_pairs_come_back_in_text_and_not_in_shuffled_text(poison: object) -> None:
    assert callable(poison)
    text = "\n".join(str(each["text"]) for each in read_sample(OLD))
    assert repeated_pairs([text]) > 5 * PAIRS
    assert abs(repeated_pairs([poison(text)])) < PAIRS / 2


def test_pairs_come_back_in_a_script_without_spaces() -> None:
    days = "".join(
        f"\u6211\u4eca\u5929\u53bb\u4e86\u6cb3\u8fb9\u770b\u89c1{chr(0x4E00 + 7 * day)}"
        for day in range(60)
    )
    assert repeated_pairs([days]) > PAIRS
    assert abs(repeated_pairs([letters(days)])) < PAIRS / 2
