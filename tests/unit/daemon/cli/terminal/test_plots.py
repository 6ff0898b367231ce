"""Figures drawn with characters, and as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.plots import chart, gauge, interval, picture


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        (0.0, "········"),
        (0.5, "████····"),
        (1.0, "████████"),
        (7.0, "████████"),
        (0.0625, "▌·······"),
    ],
)
def test_a_gauge_is_as_full_as_its_value(value: float, drawn: str) -> None:
    assert gauge(value, width=8) == drawn


def test_a_gauge_from_below_zero_grows_from_its_middle() -> None:
    assert gauge(0.5, low=-1.0, width=8) == "····│██··"
    assert gauge(-0.5, low=-1.0, width=8) == "··██│····"


def test_an_interval_shows_its_ends_and_its_value() -> None:
    assert interval(0.2, 0.5, 0.8, width=10) == "··───●───··"
    assert interval(0.0, None, 1.0, width=4) == "─────"


def test_a_chart_marks_each_series_and_names_it() -> None:
    lines = chart({"one": [0.0, 1.0], "two": [None, 0.0]}, low=0.0, high=1.0, width=10, height=3)
    assert lines[0] == "  1.00 ┤         ●"
    assert lines[2] == "  0.00 ┤●        ○"
    assert lines[-1].strip() == "● one  ○ two"


def test_a_picture_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "found.png"
    picture(path, "Found", [1, 2], {"one": [0.5, None], "two": [0.1, 0.2]}, low=0.0, high=1.0)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_is_an_error_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(CommandError, match="cannot be written"):
        picture(tmp_path / "no" / "such.png", "Found", [1], {"one": [0.5]}, low=0.0, high=1.0)
