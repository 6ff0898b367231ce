"""Values as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_daemon.cli.terminal.text import (
    clean,
    duration,
    minute,
    moment,
    one_line,
    plural,
    short_path,
    size,
)
from support.durations import WRITTEN


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07text", "]0;titletext"),
        ("back\x08space\x7f \x9b31m", "backspace 31m"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("Grüße 世界 😀 👩‍👩‍👧", "Grüße 世界 😀 👩‍👩‍👧"),
    ],
)
def test_text_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_long_text_is_cut_at_a_word() -> None:
    assert one_line("some words\nand, some more", 17) == "some words and…"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12 kB"), (5e15, "5000 TB")],
)
def test_a_size_has_two_or_three_digits(count: float, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(("seconds", "shown"), WRITTEN)
def test_a_duration_has_one_or_two_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_one_is_not_many() -> None:
    assert [plural(1, "file"), plural(2000, "file"), plural(2, "memory")] == [
        "1 file",
        "2,000 files",
        "2 memories",
    ]


def test_a_path_is_shown_as_it_is_typed_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert short_path(str(tmp_path / "here" / "a" / "b.md")) == "a/b.md"
    assert short_path(str(tmp_path / "there" / "b.md")) == "~/there/b.md"
    assert short_path("/elsewhere/b.md") == "/elsewhere/b.md"


def test_a_moment_is_a_date_a_time_or_how_long_ago() -> None:
    assert moment("2026-11-01T18:00+00:00") == datetime(2026, 11, 1, 18, tzinfo=UTC)
    assert moment("2026-11-01").tzinfo is not None
    assert timedelta(days=2.9) < datetime.now(UTC) - moment("3d") < timedelta(days=3.1)


@pytest.mark.parametrize("text", ["", "soon", "3y", "d", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        moment(text)


def test_no_time_is_no_text() -> None:
    assert minute(None) == ""
