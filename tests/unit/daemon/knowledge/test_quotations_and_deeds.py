"""Sources that quote, deny or name an actor support each other, or differ, with both quotes."""

from __future__ import annotations

import pytest

from selfd_daemon.knowledge.deeds import deeds
from selfd_daemon.knowledge.disputes import compare
from selfd_daemon.knowledge.quotations import quotations
from selfd_storage import ClaimRecord


def verdict(one: str, other: str) -> str:
    """Hold two claims of two sources against each other: "differ", "agree" or "" for neither."""
    claims = [ClaimRecord("article:1", "a", one), ClaimRecord("article:2", "b", other)]
    compared = compare(claims)
    if compared.disputes:
        (dispute,) = compared.disputes
        assert {dispute.one.text, dispute.other.text} == {one, other}
        return "differ"
    return "agree" if set(compared.support.values()) == {2} else ""


@pytest.mark.parametrize(
    ("sentence", "speaker"),
    [
        ("“The bridge was safe until Sunday,” said Ingrid Moe.", {"ingrid", "moe"}),
        ("Moe told reporters: “The bridge was safe until Sunday.”", {"moe"}),
        ("“The bridge was safe until Sunday,” according to chief Ingrid Moe.", {"ingrid", "moe"}),
        ("“The bridge was safe until Sunday,” a spokesman said.", set()),
    ],
)  # fmt: skip
def test_a_quotation_is_known_by_its_words_and_its_speaker(
    sentence: str, speaker: set[str]
) -> None:
    (quoted,) = quotations(sentence)
    assert quoted.speaker == speaker
    assert "bridg" in quoted.terms


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            "“The bridge was safe until Sunday morning,” said Ingrid Moe.",
            "Police chief Moe said on Monday: “The bridge was safe until Sunday morning.”",
            "agree",
        ),
        (
            "“The bridge was safe until Sunday morning,” said Ingrid Moe.",
            "“The bridge was safe until Sunday morning,” said engineer Per Hansen.",
            "differ",
        ),
        (
            "“We knew that the bridge was in danger,” Ingrid Moe said.",
            "“We never knew that the bridge was in danger,” Ingrid Moe said.",
            "differ",
        ),
        (
            "“We closed the road within minutes,” said Ingrid Moe.",
            "“The divers have found both of the cars,” said Ingrid Moe.",
            "",
        ),
    ],
)
def test_the_same_words_support_and_other_speakers_or_a_denial_dispute(
    one: str, other: str, expected: str
) -> None:
    assert verdict(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            "Ingrid Moe won the election for mayor of Larvik on Sunday.",
            "Per Hansen won the election for mayor in Larvik, early counts show.",
            "differ",
        ),
        (
            "Ingrid Moe won the election for mayor of Larvik on Sunday.",
            "In Larvik, Moe won the election for mayor with ease.",
            "agree",
        ),
        (
            "Norway beat Sweden in the final on Sunday night.",
            "Sweden beat Norway in the final, our reporter writes.",
            "differ",
        ),
        (
            "Acme bought the harbour company Fjordline in March.",
            "Globex bought the harbour company Fjordline, documents show.",
            "differ",
        ),
        (
            "Ingrid Moe was appointed head of the inquiry into the bridge.",
            "Per Hansen was appointed head of the inquiry into the ferry fire.",
            "",
        ),
        (
            "Norway won the relay in Oslo after a close race.",
            "Sweden won the football match against Finland.",
            "",
        ),
    ],
)
def test_only_one_can_have_done_it(one: str, other: str, expected: str) -> None:
    assert verdict(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            "The ministry will rebuild the old harbour bridge in Larvik.",
            "The ministry will not rebuild the old harbour bridge in Larvik.",
            "differ",
        ),
        (
            "The ministry will rebuild the old harbour bridge in Larvik.",
            "Larvik's old harbour bridge, the ministry says, it will rebuild.",
            "agree",
        ),
        ("Moe has left the town.", "Moe has not left the town.", ""),
    ],
)
def test_what_is_said_and_what_is_denied_in_the_same_words_differ(
    one: str, other: str, expected: str
) -> None:
    assert verdict(one, other) == expected


def test_a_deed_needs_a_name_and_something_done() -> None:
    assert deeds("He won the race.") == []
    assert deeds("Moe won.") == []
    (deed,) = deeds("The owner, Ingrid Moe, bought the ferry.")
    assert (set(deed.actor), set(deed.object)) == ({"ingrid", "moe"}, {"ferri"})
