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
