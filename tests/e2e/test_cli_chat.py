"""`selfd chat` over a pipe and on a terminal of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Command
from support.daemon import running_daemon

ESCAPE = "\x1b"


@pytest.fixture
def selfd(tmp_path: Path) -> Iterator[Command]:
    folder = tmp_path / "data"
    with running_daemon(folder):
        yield Command(folder)


def test_a_chat_remembers_answers_shows_its_sources_and_forgets(selfd: Command) -> None:
    typed = "/remember Ana keeps the spare key under the blue pot\nWhere is the spare key?\n"
    done = selfd.ok("chat", input=typed + "/sources\n/forget memory:1\n/help\n")
    quote = "“Ana keeps the spare key under the blue pot”"
    assert done.out.count(quote) == 2
    assert "memory:1  remembered" in done.out
    assert "memory:1  forgotten" in done.out
    assert "/sources" in done.out
    assert "selfd chat --in conversation:1 goes on from here" in done.err
    assert selfd.ok("recall", "--json").json == []


def test_a_command_that_is_not_there_is_named(selfd: Command) -> None:
    done = selfd("chat", input="/recall key\n")
    assert (done.status, done.out) == (1, "")
    assert done.err == "selfd: there is no /recall: /help lists what there is\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/remember", "/remember needs a text"),
        ("/forget", "/forget needs an id"),
        ("/forget memory:7", "no memory with id 'memory:7'"),
    ],
)
def test_half_a_command_says_what_it_needs(selfd: Command, typed: str, said: str) -> None:
    done = selfd("chat", input=typed + "\n")
    assert done.status == 1
    assert said in done.err


def test_on_a_terminal_a_question_may_have_several_lines_and_a_fault_ends_nothing(
    selfd: Command,
) -> None:
    selfd.ok("remember", "The boiler was serviced on 3 March by Mr Lind")
    typed = f"/nonsense\rWhen was the boiler{ESCAPE}\rserviced?\r/new\r/quit\r"
    status, shown = selfd.on_a_terminal("chat", typed=typed)
    assert status == 0
    assert "there is no /nonsense" in shown
    assert "“The boiler was serviced on 3 March by Mr Lind”" in shown
    [conversation] = selfd.ok("conversations", "--json").json
    found = selfd.ok("conversations", conversation["id"], "--json").json
    assert found["messages"][0]["text"] == "When was the boiler\nserviced?"


def test_the_questions_of_before_come_back_with_the_up_key(selfd: Command) -> None:
    selfd.ok("remember", "The boiler was serviced on 3 March by Mr Lind")
    selfd.ok("ask", "When was the boiler serviced?")
    up = f"{ESCAPE}[A"
    status, _ = selfd.on_a_terminal("chat", typed=f"{up}\r/quit\r")
    assert status == 0
    asked = selfd.ok("conversations", "--json").json
    assert [each["title"] for each in asked] == ["When was the boiler serviced?"] * 2
