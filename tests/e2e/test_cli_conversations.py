"""Conversations and feedback from the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.command import Command
from support.daemon import running_daemon


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("selfd") / "data"
    with running_daemon(folder):
        command = Command(folder)
        command.ok("remember", "The orchard has ninety pear trees.")
        yield command


def test_a_conversation_is_searched_renamed_written_out_and_removed(selfd: Command) -> None:
    answer = selfd.ok("ask", "How many pear trees has the orchard?", "--json").json
    id = answer["conversationId"]
    assert id in selfd.ok("conversations", "--search", "ninety trees").out
    [first, *_] = selfd.ok("conversations", "--search", "ninety trees", "--json").json
    assert first["conversation"]["id"] == id
    assert selfd.ok("conversations", id, "--rename", "Pears").err == f"{id} is now 'Pears'\n"
    written = selfd.ok("conversations", id, "--markdown").out
    assert written.startswith("# Pears\n")
    assert "> [1] The orchard has ninety pear trees." in written
    assert selfd.ok("conversations", id, "--remove").err == f"removed {id}\n"
    gone = selfd("conversations", id, "--remove")
    assert (gone.status, gone.err) == (
        1, f"selfd: no conversation with id {id!r}: selfd conversations lists them\n",
    )  # fmt: skip


def test_what_is_done_with_a_conversation_needs_its_id(selfd: Command) -> None:
    done = selfd("conversations", "--remove")
    assert (done.status, done.err) == (
        1, "selfd: name the conversation: selfd conversations lists them\n",
    )  # fmt: skip


def test_a_question_is_put_differently(selfd: Command) -> None:
    first = selfd.ok("ask", "How many apple trees has the orchard?", "--json").json
    place = ("--in", first["conversationId"], "--instead-of", first["id"])
    selfd.ok("ask", "How many pear trees has the orchard?", *place)
    shown = selfd.ok("conversations", first["conversationId"]).out
    assert "apple" not in shown.partition("\n")[2]
    assert "ninety pear trees" in shown


def test_a_correction_becomes_a_memory_when_it_is_confirmed(selfd: Command) -> None:
    answer = selfd.ok("ask", "Who planted the old hedge?", "--json").json
    done = selfd.ok("feedback", answer["id"], "bad", "--correction", "Ana did.", "--remember")
    assert done.err == "noted, with the correction as a memory\n"
    again = selfd.ok("ask", "Who planted the old hedge?").out
    assert "Who planted the old hedge? Ana did." in again
    wrong = selfd("feedback", answer["id"], "awful")
    assert "a verdict is good, bad or so-so, got 'awful'" in wrong.err


def test_a_sum_is_worked_out(selfd: Command) -> None:
    assert "17 × 23 = 391" in selfd.ok("ask", "What is 17 times 23?").out
