"""MenubarError        the menu bar cannot be shown
├── NoQtError        PySide6 is not installed or does not load
└── NoScreenError    there is no screen to show it on
AwayError           the daemon cannot be reached; the connection tries again by itself
"""

from __future__ import annotations


class MenubarError(Exception):
    """The menu bar cannot be shown; the message is one line that names the next step."""


class NoQtError(MenubarError):
    """PySide6 is not installed, or a library of the system that it needs is not there."""

    def __init__(self, error: ImportError) -> None:
        super().__init__(
            "the menu bar needs PySide6: pip install 'selfd[menubar]'"
            if isinstance(error, ModuleNotFoundError)
            else f"PySide6 does not load ({error}): install that library with the system's packages"
        )


class NoScreenError(MenubarError):
    """There is no display to connect to."""

    def __init__(self) -> None:
        super().__init__("there is no screen here: start selfd menubar in a desktop session")


class AwayError(Exception):
    """The daemon cannot be reached: why, and what a person can do about it."""

    def __init__(self, reason: str, next_step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step
