"""When facts began and ended, who said them, and that each quote is the text's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_daemon.facts import read_statements
from selfd_daemon.facts.notes import read_note
from selfd_daemon.facts.reports import read_report

AT = datetime(2026, 6, 10, tzinfo=UTC)


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("Maya moved to Lisbon in March.", day(2026, 3), None),
        ("I moved to Oslo in May 2019.", day(2019, 5), None),
        ("I moved to Oslo.", AT, None),
        ("I live in Oslo.", None, None),
        ("I've lived in Oslo since 2019.", day(2019), None),
        ("I have lived in Oslo since March 2020.", day(2020, 3), None),
        ("I no longer live in Oslo.", None, AT),
        ("I lived in Oslo from 2008 to 2012.", day(2008), day(2012)),
        ("I stopped working at Nokia in 2014.", None, day(2014)),
        ("I used to live in Rome.", None, AT),
    ],
)
def test_times_are_read_from_the_words(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    (found,) = read_statements(text, AT)
    assert (found.since, found.until) == (since, until)


def test_what_is_still_to_come_is_no_fact_yet() -> None:
    assert (
        read_statements("I moved to Oslo, and I move to Rome next month.", AT)[0].object == "Oslo"
    )
    assert read_statements("I work at Acme until next year.", AT) == []


def test_i_is_whoever_speaks() -> None:
    text = "Maya: I live in Bergen.\nuser: I live in Oslo.\nassistant: I live in Rome."
    found = {(each.subject, each.object) for each in read_statements(text, AT)}
    assert found == {("Maya", "Bergen"), ("me", "Oslo")}


def test_a_long_sentence_is_quoted_by_its_clause() -> None:
    text = "I live in Oslo, " + "and the weather was fine " * 12 + "yesterday."
    (found,) = read_statements(text, AT)
    assert found.quote in text
    assert len(found.quote) < 240
    assert "Oslo" in found.quote


@given(st.text(alphabet=st.sampled_from("I live in Oslo. My dog's Rex,?\n\"“”MayaTom:'")))
def test_every_quote_and_object_is_in_the_text(text: str) -> None:
    for found in read_statements(text, AT):
        assert found.quote in text
        assert found.object in found.quote


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "Shares fell, Tim Cook, chief executive of Apple, told investors.",
            [("Tim Cook", "is chief executive of", "Apple")],
        ),
        ("Apple CEO Tim Cook agreed.", [("Tim Cook", "is chief executive of", "Apple")]),
        ("Former Apple CEO John Sculley agreed.", []),
        ("Is Tim Cook the chief executive of Apple?", []),
        ("I live in Paris and I love it.", []),
        ("Ada Lovelace was born in London.", [("Ada Lovelace", "was born in", "London")]),
        ("Dubai enjoys balmy temperatures.", []),
        ("She was chair of Acme Nurses, president of the Club.", []),
    ],
)
def test_reports_state_posts_and_little_else(text: str, facts: list[tuple[str, ...]]) -> None:
    found = [(each.subject, each.predicate, each.object) for each in read_report(text, AT)]
    assert found == facts


@pytest.mark.parametrize(
    ("note", "facts"),
    [
        ("Prefers window seats", [("prefers", "window seats")]),
        ("Allergic to peanuts.", [("is allergic to", "peanuts")]),
        ("lives in Lisbon", [("lives in", "Lisbon")]),
        ("Likes tea and coffee", [("likes", "tea"), ("likes", "coffee")]),
        ("Vegetarian", [("is", "Vegetarian")]),
        ("Is a nurse", [("works as", "nurse")]),
        ("Has two cats", [("has", "two cats")]),
        ("No longer works at Initech", [("works at", "Initech")]),
        ("Might like tea", []),
        ("Likes it", []),
        ("Is coming over", []),
        ("A quiet place", []),
        ("Prefers tea?", []),
    ],
)
def test_a_note_that_names_nobody_is_about_the_owner(
    note: str, facts: list[tuple[str, str]]
) -> None:
    found = read_note(note, AT)
    assert [(each.predicate, each.object) for each in found] == facts
    assert all(each.subject == "me" and each.quote in note for each in found)
