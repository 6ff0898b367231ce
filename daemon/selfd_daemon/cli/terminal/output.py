"""Where output goes: results to stdout, the rest to stderr, plain text wherever it is piped."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from selfd_daemon.cli.terminal.text import clean

if TYPE_CHECKING:
    from rich.console import Console

Styled: TypeAlias = tuple[str, str]  # text and its style
Part: TypeAlias = str | Styled

DIM = "dim"
BOLD = "bold"
GOOD = "green"
BAD = "red"
WARN = "yellow"
LINK = "cyan"

_WIDEST = 100  # longer lines are hard to read
_BLANKS = re.compile(r"(\s+)")


@cache
def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(*parts: Part) -> None:
    """Print a line of the result."""
    _print(parts, stderr=False)


def note(*parts: Part) -> None:
    """Print a line that is not part of the result."""
    _print(parts, stderr=True)


def print_json(value: Any) -> None:
    """Print a value as JSON, one that may be piped into the next program."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Print one value of a stream as one line of JSON, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def paragraph(text: str, *, indent: int = 0, style: str = "") -> None:
    """Print text wrapped to the terminal, or as it is where it is piped."""
    margin = " " * indent
    for line in clean(text).splitlines() or [""]:
        wrapped = line
        if sys.stdout.isatty():
            wrapped = textwrap.fill(
                line, _width(), initial_indent=margin, subsequent_indent=margin
            ).removeprefix(margin)
        say((margin + wrapped, style))


class Flow:
    """Text that comes in pieces, shown at once and wrapped between words on a terminal."""

    def __init__(self) -> None:
        self.started = False
        self._column = 0
        self._word = ""  # the last one, which the next piece may go on with

    def write(self, text: str) -> None:
        """Show a piece."""
        self.started = self.started or bool(text)
        for part in _BLANKS.split(clean(text)):
            if not part.isspace():
                self._word += part
                continue
            self._show_word()
            self._column = 0 if "\n" in part else self._column + len(part)
            sys.stdout.write(part)
        sys.stdout.flush()

    def end(self) -> None:
        """Show what was held back, and end the line."""
        self._show_word()
        if self._column:
            sys.stdout.write("\n")

    def _show_word(self) -> None:
        if sys.stdout.isatty() and self._column and self._column + len(self._word) > _width():
            sys.stdout.write("\n")
            self._column = 0
        sys.stdout.write(self._word)
        self._column += len(self._word)
        self._word = ""


def table(rows: Iterable[tuple[str, Part]]) -> None:
    """Print names and values in two columns."""
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        say((f"  {name:<{width}}  ", DIM), value)


def is_terminal() -> bool:
    """Tell whether somebody is watching stdout."""
    return sys.stdout.isatty()


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _print(parts: Iterable[Part], *, stderr: bool) -> None:
    stream = sys.stderr if stderr else sys.stdout
    pairs = [(clean(text), style) for text, style in map(_styled, parts)]
    if not stream.isatty():  # plain, and without the time that rich takes to load
        stream.write("".join(text for text, _ in pairs) + "\n")
        return
    from rich.text import Text

    _console(stderr=stderr).print(Text.assemble(*pairs))


def _styled(part: Part) -> Styled:
    return (part, "") if isinstance(part, str) else part
