"""Misspelt words: guessed as one error defines it, the commonest first, each word by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfd_models.embedding.spelling import NOVEL, SECOND_ERROR, Guesses, Lexicon, Speller

WORDS = {"the": 900, "then": 60, "park": 40, "part": 160, "spark": 10, "calendar": 20, "hello": 30}


def _guess(speller: Speller, words: list[str]) -> Guesses:
    data = np.frombuffer(" ".join(words).encode(), np.uint8)
    lengths = np.array([len(word) for word in words])
    return speller.guess(data, np.cumsum(lengths + 1) - lengths - 1, lengths)


def _told(words: dict[str, int], typed: str) -> list[str]:
    """List what a word is taken for, the likeliest first."""
    ordered = sorted(words, key=lambda word: (-words[word], word))
    return [ordered[place] for place in _guess(Speller(Lexicon.of(words)), [typed]).known]


def _one_error(word: str) -> set[str]:
    """Everything that one typing error makes of a word."""
    letters = "abc"
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return (
        {a + b[1:] for a, b in cuts if b}
        | {a + c + b for a, b in cuts for c in letters}
        | {a + c + b[1:] for a, b in cuts if b for c in letters}
        | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("helo", ["hello"]),  # a letter lost
        ("helllo", ["hello"]),  # one too many
        ("hellp", ["hello"]),  # another one
        ("ehllo", ["hello"]),  # two swapped
        ("parc", ["part", "park"]),
        ("callendr", ["calendar"]),  # two errors, in a long word
        ("hlelp", []),  # two errors, in a short one
        ("the", []),
        ("zzzzz", []),
        ("th", []),
        ("he11o", []),
        ("héllo", []),
    ],
)
def test_a_word_is_taken_for_what_it_may_stand_for(typed: str, meant: list[str]) -> None:
    assert _told(WORDS, typed) == meant


@settings(deadline=None)
@given(
    st.lists(st.text("abc", min_size=2, max_size=6), min_size=1, max_size=8, unique=True),
    st.text("abc", min_size=3, max_size=6),
)
def test_the_guesses_are_exactly_the_words_one_error_away(known: list[str], typed: str) -> None:
    near = [] if typed in known else sorted(set(known) & _one_error(typed))
    assert _told(dict.fromkeys(known, 5), typed) == near[:4]


def test_a_common_word_weighs_more_and_is_trusted_more() -> None:
    common = _guess(Speller(Lexicon.of(WORDS)), ["parc"])
    assert common.weights.tolist() == pytest.approx([2 / 3, 1 / 3])  # the roots of 160 and 40
    assert common.trust.tolist() == pytest.approx([200 / (200 + NOVEL)])
    twice = _guess(Speller(Lexicon.of(WORDS)), ["callendr"])
    assert twice.trust.tolist() == pytest.approx([1 / (1 + NOVEL / (20 * SECOND_ERROR))])


def test_what_is_guessed_of_a_word_does_not_depend_on_its_neighbours() -> None:
    speller = Speller(Lexicon.of(WORDS))
    words = ["parc", "qqqq", "the", "helo", "callendr", "x"] * 300  # more than are taken at once
    together = _guess(speller, words)
    assert together.words.tolist() == [i for i in range(len(words)) if i % 6 in (0, 3, 4)]
    alone = [_guess(speller, [words[place]]) for place in together.words]
    for field in ("per_word", "known", "weights", "trust"):
        parts = np.concatenate([getattr(guesses, field) for guesses in alone])
        assert np.array_equal(getattr(together, field), parts)


def test_a_count_that_is_too_large_to_store_is_the_largest() -> None:
    assert Lexicon.of({"the": 1_000_000}).counts.tolist() == [65535]
