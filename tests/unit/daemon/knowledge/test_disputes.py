"""Claims are sentences that can be wrong; those of two sources support or dispute each other."""

from __future__ import annotations

import pytest

from selfd_daemon.knowledge.claims import MOST, claims
from selfd_daemon.knowledge.disputes import compare
from selfd_daemon.knowledge.figures import figures
from selfd_storage import ClaimRecord

TWELVE = "The earthquake in Valparaiso killed 12 people on Monday."
FIFTEEN = "Fifteen people were killed by the earthquake in Valparaiso, officials said."


def claim(text: str, publisher: str) -> ClaimRecord:
    return ClaimRecord(f"article:{publisher}", publisher, text)


@pytest.mark.parametrize(
    "sentence",
    [
        "The bridge was built in 1962.",
        "“We heard it fall and ran to the shore,” a fisher recalled.",
        "Ingrid Moe said the road stays closed.",
        "Damage is put at $4.3 million by insurers.",
    ],
)
def test_a_sentence_with_a_number_a_quotation_or_an_actor_is_a_claim(sentence: str) -> None:
    assert claims(f"so it goes, more or less.\n\n{sentence}") == [sentence]


@pytest.mark.parametrize(
    "text", ["is it so, and since when?", "Will 12 people come?", "read more here", ""]
)
def test_other_sentences_are_not(text: str) -> None:
    assert claims(text) == []


def test_an_article_makes_only_so_many_claims() -> None:
    assert len(claims("It was 5 metres long and wide. " * 50)) == MOST


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("At least 12 people died.", [(12, "peopl", "at least")]),
        ("They pay $4.3 billion in fines.", [(4.3e9, "$", "exactly")]),
        ("Rates rose to about 2.5 per cent in 2023.", [(2.5, "%", "about")]),
        ("On 3 May 1,200 soldiers left.", [(403, "date", "exactly"), (1200, "soldier", "exactly")]),
        ("In 1962 it was new.", []),
        ("Twelve dead on May 4.", [(12, "peopl", "exactly"), (404, "date", "exactly")]),
    ],
)
def test_figures_are_read_with_what_they_count(
    sentence: str, found: list[tuple[float, str, str]]
) -> None:
    assert [(each.value, each.of, each.firmness) for each in figures(sentence)] == found


def test_different_figures_of_the_same_thing_are_a_dispute() -> None:
    compared = compare([claim(TWELVE, "a"), claim(FIFTEEN, "b")])
    assert [(each.one.text, each.other.text) for each in compared.disputes] == [(TWELVE, FIFTEEN)]
    assert set(compared.support.values()) == {1}


def test_equal_figures_support_each_other() -> None:
    retold = claim("Officials said 12 people were killed by the Valparaiso earthquake.", "b")
    compared = compare([claim(TWELVE, "a"), retold])
    assert compared.disputes == []
    assert set(compared.support.values()) == {2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TWELVE, FIFTEEN.replace("Fifteen", "At least ten")),
        (TWELVE, FIFTEEN.replace("Fifteen", "Up to 20")),
        (TWELVE, "About 13 people were killed by the earthquake in Valparaiso."),
        (TWELVE, "The earthquake in Valparaiso destroyed 15 houses on Monday."),
        (TWELVE, "A rescue team of 15 people flew in from Lima with dogs and tents."),
    ],
)
def test_what_can_both_be_true_is_no_dispute(one: str, other: str) -> None:
    assert compare([claim(one, "a"), claim(other, "b")]).disputes == []


def test_a_source_does_not_dispute_itself() -> None:
    assert compare([claim(TWELVE, "a"), claim(FIFTEEN, "a")]).disputes == []
