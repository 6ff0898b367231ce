"""A passphrase from a file, the environment or the keyboard, never from the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from selfd_daemon.cli.errors import CommandError

VARIABLE = "SELFD_PASSPHRASE"

PassphraseFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"Its first line is the passphrase; else {VARIABLE} or the keyboard.",
        show_default=False,
    ),
]


def passphrase(file: Path | None, *, new: bool) -> str:
    """Return the passphrase; a new one is typed twice.

    Raises:
        CommandError: there is none to be had, or the two are not the same.
    """
    if file is not None:
        return _from_file(file)
    if given := os.environ.get(VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise CommandError(
            f"the passphrase cannot be asked for here: use --passphrase-file FILE or {VARIABLE}"
        )
    typed: str = typer.prompt("Passphrase", hide_input=True, err=True)
    if new and typer.prompt("Once more", hide_input=True, err=True) != typed:
        raise CommandError("the two passphrases are not the same: nothing was written")
    return typed


def _from_file(file: Path) -> str:
    from selfd_daemon.backups.passphrase import read_passphrase
    from selfd_graphql.errors import ServiceError

    try:
        return read_passphrase(file.expanduser())
    except ServiceError as error:
        raise CommandError(str(error)) from error
