"""Text to terms: folding, stemming, scripts without blanks, stop words, speakers."""

from __future__ import annotations

import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage.language.lexicon import (
    LONGEST_WORD,
    name_code,
    speaker_code,
    telling_terms,
    terms,
)
from selfd_storage.language.stems import stem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ponies were hopping", ["the", "poni", "were", "hop"]),
        ("Ångström's CAFÉ", ["angstrom", "cafe"]),
        ("don’t O'Brien rock'n'roll", ["don", "obrien", "rocknrol"]),
        ("snake_case 10,000", ["snake", "case", "10", "000"]),
        ("Straße", ["strass"]),
        ("東京都 に", ["東京", "京都", "に"]),
        ("हिन्दी", ["हिन्दी"]),
        ("한국어", ["한국어"]),
        ("مُحَمَّد", ["محمد"]),
        ("ﬁne ²", ["fine", "2"]),
        ("… — !", []),
    ],
)
def test_text_becomes_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_word_without_end_is_cut() -> None:
    assert terms("x" * 5000) == ["x" * LONGEST_WORD]


@given(st.text())
def test_terms_are_left_alone_by_the_tokenizer_of_the_index(text: str) -> None:
    found = terms(text)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE w USING fts5 (t, tokenize = 'ascii')")
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab (w, row)")
    db.execute("INSERT INTO w VALUES (?)", (" ".join(found),))
    assert {row[0] for row in db.execute("SELECT term FROM v")} == set(found)
    db.close()


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll"])))
def test_case_and_composition_make_no_difference(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))
    assert terms(text.casefold()) == terms(text)


def test_stop_words_are_dropped_from_a_question() -> None:
    assert telling_terms("What did the cat do with the other cat?") == ["cat"]


def test_a_question_of_stop_words_alone_keeps_them() -> None:
    assert telling_terms("To be or not to be") == ["to", "be", "or", "not"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann: hello", "ann"),
        ("Dr. Ann Lee: hello", "ann"),
        ("  Ann-Marie: hello", "ann"),
        ("O'Brien: hello", "obrien"),
        ("https://example.org", None),
        ("12:30 lunch", None),
        ("one of those long lines that end so: yes", None),
        ("hello", None),
    ],
)
def test_who_speaks_is_read_from_the_start(text: str, name: str | None) -> None:
    assert speaker_code(text) == (0 if name is None else name_code(name))


@pytest.mark.parametrize(
    ("word", "expected"),
    [  # the examples of Porter's paper
        ("caresses", "caress"),
        ("ties", "ti"),
        ("feed", "feed"),
        ("agreed", "agre"),
        ("plastered", "plaster"),
        ("bled", "bled"),
        ("motoring", "motor"),
        ("sing", "sing"),
        ("conflated", "conflat"),
        ("troubled", "troubl"),
        ("sized", "size"),
        ("hopping", "hop"),
        ("falling", "fall"),
        ("hissing", "hiss"),
        ("failing", "fail"),
        ("filing", "file"),
        ("happy", "happi"),
        ("sky", "sky"),
        ("relational", "relat"),
        ("conditional", "condit"),
        ("vietnamization", "vietnam"),
        ("decisiveness", "decis"),
        ("triplicate", "triplic"),
        ("electrical", "electr"),
        ("adoption", "adopt"),
        ("replacement", "replac"),
        ("probate", "probat"),
        ("rate", "rate"),
        ("controll", "control"),
        ("roll", "roll"),
        ("is", "is"),
        ("été", "été"),
    ],
)
def test_words_are_stemmed_as_porter_wrote(word: str, expected: str) -> None:
    assert stem(word) == expected


@given(st.text(alphabet="aeioubcdlnrstyz", min_size=1, max_size=12))
def test_a_stem_is_never_empty_or_longer_than_its_word(word: str) -> None:
    assert 0 < len(stem(word)) <= len(word)
