"""Sentences are exact parts of their text, and together all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_daemon.answering.retrieval.sentences import LONGEST, sentences, without_speaker


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Ames met J. Doe. They left.", ["Dr. Ames met J. Doe.", "They left."]),
        ("It cost 3.50 euros. Cheap.", ["It cost 3.50 euros.", "Cheap."]),
        ("“Stop!” she said. He did.", ["“Stop!” she said.", "He did."]),
        ("# Title\n\nBody text", ["# Title", "Body text"]),
        ("- first point\n- second point", ["- first point", "- second point"]),
        ("今日は雨。明日は晴れ。", ["今日は雨。", "明日は晴れ。"]),
        ("  \n ", []),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert [sentence.text for sentence in sentences(text)] == expected


@given(st.text(alphabet='ab. \n!?é漢。"', max_size=300) | st.text(max_size=100))
def test_every_sentence_is_verbatim_and_nothing_but_blanks_is_lost(text: str) -> None:
    found = list(sentences(text))
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in found)
    assert "".join("".join(s.text.split()) for s in found) == "".join(text.split())
    starts = [s.start for s in found]
    assert starts == sorted(set(starts))


def test_a_sentence_without_end_is_cut_between_words() -> None:
    found = [s.text for s in sentences("word " * 500)]
    assert max(map(len, found)) <= LONGEST
    assert {word for s in found for word in s.split()} == {"word"}


def test_a_speaker_is_left_out_and_a_time_is_not_a_speaker() -> None:
    assert without_speaker("Ann: I moved to Rome.") == "I moved to Rome."
    assert without_speaker("At 11:05 the ferry leaves.") == "At 11:05 the ferry leaves."
