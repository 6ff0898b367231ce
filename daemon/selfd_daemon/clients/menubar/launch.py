"""Whether a menu bar can be shown here, told in a sentence where it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from selfd_daemon.clients.menubar.errors import NoQtError, NoScreenError
from selfd_daemon.paths import DataFolder

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def launch(
    folder: DataFolder,
    *,
    start: str,
    notify: bool,
    environment: Mapping[str, str] = os.environ,
    load: Callable[[str], object] = import_module,
) -> int:
    """Show the menu bar until it is quit; `start` is the command that starts the daemon.

    Raises:
        NoQtError: PySide6 is not installed or does not load.
        NoScreenError: there is no display; Qt would abort the process.
    """
    try:
        load("PySide6.QtWidgets")
    except ImportError as error:
        raise NoQtError(error) from error
    if sys.platform != "darwin" and not any(environment.get(name) for name in _DISPLAYS):
        raise NoScreenError
    from selfd_daemon.clients.menubar.app import run

    return run(folder, start=start, notify=notify)
