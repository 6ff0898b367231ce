"""A Qt application for tests of windows: offscreen, unless QT_QPA_PLATFORM says otherwise."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QEventLoop
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
SECONDS = 30.0  # a shared machine may be slow; no test measures this

DARK = {
    QPalette.ColorRole.Window: "#202124",
    QPalette.ColorRole.WindowText: "#e8eaed",
    QPalette.ColorRole.Base: "#17181a",
    QPalette.ColorRole.Text: "#e8eaed",
    QPalette.ColorRole.Button: "#303134",
    QPalette.ColorRole.ButtonText: "#e8eaed",
    QPalette.ColorRole.PlaceholderText: "#9aa0a6",
}


def application() -> QApplication:
    """Return the one application of this process."""
    found = QApplication.instance()
    return found if isinstance(found, QApplication) else QApplication(["tests"])


def until(condition: Callable[[], object]) -> None:
    """Let Qt work until the condition is true."""
    app, deadline = application(), time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.005)
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def dark_palette() -> QPalette:
    """Return the colours of a dark desktop."""
    palette = QPalette()
    for role, color in DARK.items():
        palette.setColor(role, QColor(color))
    return palette
