"""What selfd knows of itself, from the command line of a real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from support.command import Command
from support.daemon import RunningDaemon, running_daemon

TEXT = (
    "In the winter of {year} the harbour froze from the customs house to the old pier, and the "
    "boats that had come for herring lay in the ice until March. Letters went over land. What was "
    "left of the flour was weighed out on Fridays, {year} grams at a time, by a clerk who wrote it "
    "all down in a book that nobody has read since."
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    with running_daemon(tmp_path_factory.mktemp("self") / "data") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def selfd(running: RunningDaemon) -> Command:
    return Command(running.folder)


def test_the_self_model_is_shown_as_text_and_as_json(
    selfd: Command, running: RunningDaemon
) -> None:
    shown = selfd.ok("self").out
    for heading in ("body", "affect", "capabilities", "attention", "limits", "unknown to it"):
        assert f"\n{heading}" in shown
    model = selfd.ok("self", "--json").json
    assert model["identity"]["lineageVerified"]
    assert model["body"]["residentMemory"] > 10_000_000
    assert model["hash"]


def test_a_past_self_model_is_shown(selfd: Command) -> None:
    now = datetime.now(UTC).isoformat()
    assert selfd.ok("self", "--as-of", now, "--json").json["identity"]["name"] == "selfd"
    early = selfd("self", "--as-of", "2001-01-01")
    assert early.status == 1
    assert "no self-model as of 2001-01-01" in early.err


def test_goals_are_set_measured_told_and_dropped(selfd: Command) -> None:
    goal = selfd.ok("goals", "add", "remember", "10", "notes", "--json").json
    assert (goal["measure"], goal["target"]) == ("memories", 10)
    kind = selfd.ok("goals", "add", "be kind", "--json").json
    assert selfd.ok("goals", "tell", kind["id"], "0.5", "--json").json["progress"] == 0.5
    refused = selfd("goals", "tell", goal["id"], "1")
    assert (refused.status, "is measured by memories" in refused.err) == (1, True)
    assert "be kind" in selfd.ok("goals").out
    selfd.ok("goals", "remove", kind["id"])
    assert "be kind" not in selfd.ok("goals").out
    assert selfd("goals", "remove", kind["id"]).status == 1


def test_what_happens_becomes_a_journal_entry_that_names_it(selfd: Command) -> None:
    selfd.ok("remember", "the spare key is under the pot")
    (thought,) = [
        each
        for each in [selfd.ok("journal", "--follow", "--count", "1", "--json").json]
        if each["about"] or each["source"] == "body"
    ]
    assert thought["text"].endswith(".")
    listed = selfd.ok("journal", "--json").json
    assert thought["id"] in {each["id"] for each in listed}
    assert "key" not in " ".join(each["text"] for each in listed)


def test_questions_about_itself_are_answered_from_the_journal(selfd: Command) -> None:
    answer = selfd.ok("ask", "What did you do today?", "--json").json
    assert answer["text"].startswith("My journal has")
    assert answer["citations"]
    for citation in answer["citations"]:
        assert citation["item"]["__typename"] == "Thought"
        assert citation["quote"] == citation["item"]["text"]
    memory = selfd.ok("ask", "How much memory do you use?").out
    assert "MB of memory" in memory


def test_an_assessment_tests_what_it_says_and_is_kept(
    selfd: Command, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = "\n".join(TEXT.format(year=year) for year in range(1800, 1820))
    selfd.ok("remember", "--lines", input=told)
    found = selfd.ok("assess", "--json").json
    tests = {test["name"]: test for test in found["tests"]}
    assert len(tests) == 10
    for name in (
        "report fidelity",
        "answer calibration",
        "abstention",
        "change detection",
        "limits",
    ):
        assert tests[name]["passed"], tests[name]["explanation"]
    assert tests["own-text recognition"]["measured"]
    assert not tests["success prediction"]["measured"]
    shown = selfd.ok("assess", "--history").out
    assert "tests passed" in shown
    assert "not measured" in shown
    pytest.importorskip("matplotlib")
    picture = tmp_path_factory.mktemp("plot") / "self.png"
    selfd.ok("assess", "--history", "--plot", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
