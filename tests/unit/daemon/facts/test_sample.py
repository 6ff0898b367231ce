"""What the rules find in labelled sentences: nearly all of it right, on unseen ones too."""

from __future__ import annotations

import pytest

from support.facts import labelled, outcome


@pytest.mark.parametrize("name", ["sample_tuned.txt", "sample_held_out.txt"])
def test_at_least_95_in_100_facts_that_are_found_are_right(name: str) -> None:
    result = outcome(name)
    assert result.found > 50
    assert result.precision >= 0.95, result.wrong


def test_most_of_the_labelled_facts_are_found() -> None:
    assert outcome("sample_tuned.txt").recall >= 0.9, outcome("sample_tuned.txt").missed
    assert outcome("sample_held_out.txt").recall >= 0.75, outcome("sample_held_out.txt").missed


def test_the_sample_is_large_and_half_of_it_states_nothing() -> None:
    sentences = [*labelled("sample_tuned.txt"), *labelled("sample_held_out.txt")]
    assert len(sentences) >= 300
    assert len({sentence for sentence, _ in sentences}) == len(sentences)
    assert 0.4 < sum(not facts for _, facts in sentences) / len(sentences) < 0.6
