"""What is printed: whole, in order, and wrapped only where somebody reads it on a terminal."""

from __future__ import annotations

import io
import json
import sys

import pytest

from selfd_daemon.cli.terminal.output import Flow, print_json, say, table


class _Terminal(io.StringIO):
    """A terminal of 20 columns in place of stdout."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        patch.setattr(sys, "stdout", self)
        patch.setenv("COLUMNS", "20")

    def isatty(self) -> bool:
        return True


def flow(*pieces: str) -> None:
    running = Flow()
    for piece in pieces:
        running.write(piece)
    running.end()


def test_text_in_pieces_is_wrapped_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(monkeypatch)
    flow("The spare key is un", "der the blue", " pot.")
    assert terminal.getvalue() == "The spare key is \nunder the blue pot.\n"


def test_lines_of_the_text_stay_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(monkeypatch)
    flow("one\n", "two\n\nthree", "\n")
    assert terminal.getvalue() == "one\ntwo\n\nthree\n"


def test_a_word_longer_than_the_line_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(monkeypatch)
    flow("x" * 30, " y")
    assert terminal.getvalue() == "x" * 30 + " \ny\n"


def test_nothing_is_shown_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    flow()
    assert capsys.readouterr().out == ""


def test_piped_text_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    flow("word " * 40)
    say("word " * 40)
    assert capsys.readouterr().out.count("\n") == 2


def test_names_and_values_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    table([("a", "1"), ("long", "2")])
    assert capsys.readouterr().out == "  a     1\n  long  2\n"


def test_json_is_written_as_it_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": "Grüße \x1b"})
    out = capsys.readouterr().out
    assert "Grüße" in out
    assert "\x1b" not in out
    assert json.loads(out) == {"text": "Grüße \x1b"}
