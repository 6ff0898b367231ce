"""What is known of somebody, from the command line, over a real daemon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.command import Command
from support.daemon import running_daemon


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder):
        selfd = Command(folder)
        selfd.ok("remember", "Maya lives in Berlin.", "--at", "2026-01-10")
        selfd.ok("remember", "Maya moved to Lisbon in March.", "--at", "2026-04-02")
        yield selfd


def test_an_entity_is_shown_with_its_times_and_words(selfd: Command) -> None:
    shown = selfd.ok("entity", "maya").out
    assert "Maya  named in 2 items" in shown
    assert "Maya lives in Lisbon  since 2026-03-01" in shown
    assert "Maya lives in Berlin  since 2026-01-10, until 2026-03-01" in shown
    assert "“Maya moved to Lisbon in March.”" in shown


def test_the_past_can_be_asked_and_piped(selfd: Command) -> None:
    found = selfd.ok("entity", "Maya", "--as-of", "2026-02-01", "--json").json
    assert [relation["object"] for relation in found["relations"]] == ["Berlin"]
    assert found["relations"][0]["sources"][0]["item"]["id"] == "memory:1"


def test_a_name_that_nobody_told_is_an_error_in_one_line(selfd: Command) -> None:
    refused = selfd("entity", "Nobody", "Here")
    assert refused.status == 1
    assert refused.err.startswith("selfd: nothing names 'Nobody Here': ")


def test_a_night_can_be_had_by_day(selfd: Command) -> None:
    for minute, said in enumerate(
        (
            "Tom: I started building a greenhouse in the garden last week.",
            "Maya: My sister Ana grows chillies in Porto in a greenhouse.",
            "Tom: The greenhouse gets sun all afternoon, which chillies like.",
            "Maya: I will bring chillies from Ana for your greenhouse.",
        )
    ):
        selfd.ok("remember", said, "--source", "chat", "--at", f"2026-05-01T10:0{minute}:00Z")
    job = selfd.ok("jobs", "start", "consolidate", "--json").json
    assert job["metrics"]["reflections"] == 1
    (reflection,) = selfd.ok("recall", "--kind", "reflection", "--json").json
    assert reflection["text"].startswith("From 4 memories of 2026-05-01, chat:\n- ")
    assert "reflections  0" in selfd.ok("jobs", "start", "consolidate").out
