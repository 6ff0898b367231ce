"""From when until when things held: newer closes older, and nothing is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from selfd_daemon.facts.timeline import is_functional, relations
from selfd_storage import StatementRecord


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


def said(
    object: str,
    at: datetime,
    predicate: str = "lives in",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> StatementRecord:
    words = f"Maya {predicate} {object}"
    item = f"memory:{at.month}"
    return StatementRecord(
        1, "Maya", predicate, object, None, item, at, since, until, "RULE", words
    )


def spans(*statements: StatementRecord) -> dict[str, tuple[datetime | None, datetime | None]]:
    return {each.object: (each.valid_from, each.valid_to) for each in relations(statements)}


def test_a_newer_answer_closes_the_older_one_and_keeps_it() -> None:
    found = spans(said("Berlin", day(1)), said("Lisbon", day(4), since=day(3)))
    assert found == {"Lisbon": (day(3), None), "Berlin": (day(1), day(3))}


def test_the_order_of_telling_does_not_matter() -> None:
    statements = [said("Berlin", day(1)), said("Oslo", day(2)), said("Lisbon", day(4))]
    outcomes = [spans(*order) for order in permutations(statements)]
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_what_is_said_twice_is_one_relation_with_both_sources() -> None:
    (found,) = relations([said("Berlin", day(1)), said("berlin", day(2))])
    assert (found.valid_from, found.valid_to, len(found.sources)) == (day(1), None, 2)


def test_going_back_is_a_relation_of_its_own() -> None:
    found = relations([said("Berlin", day(1)), said("Oslo", day(2)), said("Berlin", day(3))])
    assert [(each.object, each.valid_from, each.valid_to) for each in found] == [
        ("Berlin", day(3), None),
        ("Oslo", day(2), day(3)),
        ("Berlin", day(1), day(2)),
    ]


def test_what_can_have_many_answers_closes_none() -> None:
    found = spans(said("tea", day(1), "likes"), said("coffee", day(2), "likes"))
    assert found == {"tea": (day(1), None), "coffee": (day(2), None)}


def test_two_answers_of_one_memory_do_not_close_each_other() -> None:
    red, blue = (said(colour, day(1), "has favourite colours") for colour in ("red", "blue"))
    assert {until for _, until in spans(red, blue).values()} == {None}
    green = said("green", day(3), "has favourite colours")
    assert spans(red, blue, green)["red"] == (day(1), day(3))


def test_a_dislike_closes_the_liking_of_the_same_thing() -> None:
    found = relations([said("tea", day(1), "likes"), said("tea", day(5), "dislikes")])
    assert [(each.predicate, each.valid_from, each.valid_to) for each in found] == [
        ("dislikes", day(5), None),
        ("likes", day(1), day(5)),
    ]


def test_an_end_that_is_told_closes_what_it_names_alone() -> None:
    found = spans(
        said("Initech", day(1), "works at"),
        said("Initech", day(3), "works at", until=day(3)),
        said("tea", day(1), "likes"),
    )
    assert found["Initech"] == (day(1), day(3))
    assert found["tea"] == (day(1), None)


def test_an_end_without_a_beginning_is_kept_with_the_beginning_unknown() -> None:
    (found,) = relations([said("Rome", day(6), until=day(6))])
    assert (found.valid_from, found.valid_to) == (None, day(6))
    assert not found.held(day(1)), "nobody said that it held then"


def test_a_country_does_not_close_its_town() -> None:
    found = spans(said("Lisbon", day(1)), said("Portugal", day(2)))
    assert found == {"Lisbon": (day(1), None), "Portugal": (day(2), None)}


def test_a_fuller_name_of_a_place_does_not_close_it() -> None:
    found = spans(said("Lisbon", day(1)), said("Lisbon, Portugal", day(2)))
    assert {until for _, until in found.values()} == {None}


def test_moving_away_closes_town_and_country() -> None:
    found = spans(
        said("Lisbon", day(1)), said("Portugal", day(2)), said("Oslo", day(5), since=day(5))
    )
    assert found["Lisbon"] == (day(1), day(5))
    assert found["Portugal"] == (day(2), day(5))


def test_kin_was_kin_before_anybody_said_so() -> None:
    (found,) = relations([said("Ana", day(5), "has daughter")])
    assert found.valid_from is None
    assert found.held(day(1))


@pytest.mark.parametrize(
    ("moment", "held"), [(day(1), False), (day(2), True), (day(3), True), (day(4), False)]
)
def test_a_relation_held_from_its_beginning_until_just_before_its_end(
    moment: datetime, held: bool
) -> None:
    first = relations([said("Berlin", day(2)), said("Oslo", day(4))])[1]
    assert first.held(moment) is held


def test_without_the_statement_that_closed_it_a_relation_is_open_again() -> None:
    berlin, lisbon = said("Berlin", day(1)), said("Lisbon", day(4))
    assert spans(berlin, lisbon)["Berlin"] == (day(1), day(4))
    assert spans(berlin)["Berlin"] == (day(1), None)


@pytest.mark.parametrize(
    ("predicate", "functional"),
    [("has favourite colour", True), ("has phone number", True), ("has daughter", False),
     ("has wife", True), ("likes", False), ("speaks", False)],
)  # fmt: skip
def test_of_some_things_there_is_one_at_a_time(predicate: str, functional: bool) -> None:
    assert is_functional(predicate) is functional
