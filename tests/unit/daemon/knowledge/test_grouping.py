"""Articles about one event come together, others stay apart, and copies are known as copies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from selfd_daemon.knowledge.features import features, resemblance
from selfd_daemon.knowledge.grouping import GROUPS, Arrival, Grouping, Placement

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
BRIDGE = (
    "Harbour Bridge in Larvik collapses, two hurt",
    "The Harbour Bridge in Larvik collapsed into the fjord on Monday morning. Two drivers were "
    "taken to hospital, said police chief Ingrid Moe. The bridge was built in 1962.",
)
RETOLD = (
    "Larvik: drivers hurt as Harbour Bridge falls into fjord",
    "Police in Larvik closed the road after the Harbour Bridge gave way. Ingrid Moe, who leads the "
    "police there, spoke of two people hurt and of heavy traffic at the time.",
)
OTHER = (
    "Parliament passes budget after long night",
    "The finance minister won a narrow majority for the budget, with tax relief for farmers.",
)


def arrival(number: int, story: tuple[str, str], hours: float = 0) -> Arrival:
    return Arrival(number, START + timedelta(hours=hours), story[0], features(*story))


def test_two_tellings_of_one_event_come_together() -> None:
    grouping = Grouping()
    assert grouping.place(arrival(1, BRIDGE)) == Placement(None, None)
    assert grouping.place(arrival(2, OTHER)) == Placement(None, None)
    assert grouping.place(arrival(3, RETOLD, 3)) == Placement(1, None)


def test_the_same_text_is_a_copy_whatever_its_title() -> None:
    grouping = Grouping()
    grouping.place(arrival(1, BRIDGE))
    copy = ("Bridge collapse", BRIDGE[1] + " (Reporting by the agency)")
    assert grouping.place(arrival(2, copy)) == Placement(1, 1)


def test_a_story_ends() -> None:
    grouping = Grouping()
    grouping.place(arrival(1, BRIDGE))
    assert grouping.place(arrival(2, RETOLD, 24 * 30)) == Placement(None, None)


def test_the_next_game_is_another_event() -> None:
    text = "The Rangers beat the Diamondbacks in Arlington before a full house."
    grouping = Grouping()
    grouping.place(arrival(1, ("World Series Game 2: Rangers beat Diamondbacks", text)))
    third = ("World Series Game 3: Rangers and Diamondbacks", "The Rangers meet the Diamondbacks.")
    assert grouping.place(arrival(2, third, 20)) == Placement(None, None)


@pytest.mark.parametrize(
    "title",
    [
        "The best Larvik bridge deals",
        "How to cross Larvik's bridge",
        "Larvik's Harbour Bridge: everything you need to know",
        "Week in review: the Harbour Bridge in Larvik collapses",
        "Harbour Bridge collapses, Parliament passes a budget and Larvik wins the cup",
    ],
)
def test_advice_and_round_ups_join_no_story(title: str) -> None:
    grouping = Grouping()
    grouping.place(arrival(1, BRIDGE))
    assert grouping.place(arrival(2, (title, RETOLD[1]))) == Placement(None, None)


@pytest.mark.parametrize(
    "title",
    [
        "Harbour Bridge collapses in Larvik, two drivers hurt and a road closed",
        "Larvik: police close road, seek witnesses and thank drivers after Harbour Bridge falls",
    ],
)
def test_a_title_that_tells_several_things_of_one_event_joins_its_story(title: str) -> None:
    grouping = Grouping()
    grouping.place(arrival(1, BRIDGE))
    assert grouping.place(arrival(2, (title, RETOLD[1]))) == Placement(1, None)


def test_a_restored_story_is_joined_as_before() -> None:
    grouping = Grouping()
    group = grouping.restore(arrival(1, BRIDGE), None, None)
    grouping.restore(arrival(2, BRIDGE), group, 1)
    assert grouping.place(arrival(3, RETOLD, 1)) == Placement(2, None)


def test_only_so_many_stories_wait_to_be_joined() -> None:
    grouping = Grouping()
    for number in range(GROUPS + 5):
        story = (f"Thing{number} place{number}", f"Nothing{number} else{number}.")
        grouping.place(arrival(number, story, number / 1000))
    grouping.prune()
    assert len(grouping) == GROUPS


def test_resemblance_is_that_of_the_shingles() -> None:
    one = features("", "a b c d e f g h i j k l m n o p").sketch
    assert resemblance(one, one) == 1.0
    assert resemblance(one, features("", "q r s t u v w x y z").sketch) == 0.0
    half = features("", "a b c d e f g h i j k l m n o p 1 2 3 4 5 6 7 8 9 10 11 12 13").sketch
    assert resemblance(one, half) == 0.5
    assert resemblance(one, frozenset()) == 0.0
