"""CommandError              a command cannot do what it was asked, said in one line
├── NotRunningError       no daemon serves the data folder
├── RefusedError          the daemon refused, for a reason that it gave
└── InterruptedStreamError  the daemon ended a stream in the middle
"""

from __future__ import annotations

import shlex
from pathlib import Path

import typer


class CommandError(typer.TyperException):
    """A command cannot do what it was asked; the message is one line that names the next step."""


class NotRunningError(CommandError):
    """No daemon serves the data folder."""

    def __init__(self, folder: Path, *, is_default: bool) -> None:
        option = "" if is_default else f" --data-dir {shlex.quote(str(folder))}"
        super().__init__(f"no daemon is running: start it with selfd up{option}")
        self.folder = folder


class RefusedError(CommandError):
    """The daemon refused; `code` is the API's word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class InterruptedStreamError(CommandError):
    """The daemon ended a stream in the middle."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the daemon ended the stream ({reason}): see selfd status")
