"""What a command is given besides its options: words, stdin, a text file."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from selfd_daemon.cli.errors import CommandError

STDIN = "-"


def words(given: list[str] | None, noun: str) -> str:
    """Return the words of an argument, or all of stdin where they are missing or `-`."""
    if given and given != [STDIN]:
        return " ".join(given)
    if not given and sys.stdin.isatty():
        raise typer.BadParameter(f"no {noun}: write it after the command, or pipe it in")
    return _decoded(sys.stdin.buffer.read(), "stdin")


def read_text(path: Path) -> str:
    """Return a file's text; `-` is stdin.

    Raises:
        CommandError: it cannot be read, or is not UTF-8.
    """
    if str(path) == STDIN:
        return _decoded(sys.stdin.buffer.read(), "stdin")
    try:
        return _decoded(path.expanduser().read_bytes(), repr(str(path)))
    except OSError as error:
        raise CommandError(f"cannot read {str(path)!r}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """Return why an operation on a file failed, in a few words."""
    return (error.strerror or str(error)).lower()


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{name} is not UTF-8 (at byte {error.start}): convert it with iconv"
        ) from error
