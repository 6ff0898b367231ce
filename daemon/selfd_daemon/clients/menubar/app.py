"""The menu bar's process: the pure model in the middle, the connection and Qt around it."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QProcess, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from selfd_daemon.clients.menubar import requests
from selfd_daemon.clients.menubar.connection import Connection
from selfd_daemon.clients.menubar.macos import leave_the_dock
from selfd_daemon.clients.menubar.menu import menu
from selfd_daemon.clients.menubar.panel import Panel
from selfd_daemon.clients.menubar.panel_view import panel_view
from selfd_daemon.clients.menubar.state import Notice, State, after, asking, keeping, stopped
from selfd_daemon.clients.menubar.tray import Tray
from selfd_daemon.clients.menubar.updates import Remembered, Update
from selfd_daemon.paths import DataFolder


class MenuBar(QObject):
    """Takes news and wishes, and shows what the model makes of them."""

    _heard = Signal(object)  # carries an Update from the connection's thread to Qt's

    def __init__(self, folder: DataFolder, *, start: str, notify: bool) -> None:
        super().__init__()
        self.state = State()
        self.panel = Panel()
        self.tray = Tray()
        self.connection = Connection(folder, self._heard.emit, start=start)
        self._folder = folder
        self._notify = notify
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.tray.chosen.connect(self._do)
        self.tray.opened.connect(self.connection.refresh)
        self.panel.asked.connect(self._ask)
        self.panel.stopped.connect(self._stop)
        self.panel.told.connect(self._remember)
        self.panel.chosen.connect(self._do)
        self.panel.put_away.connect(self._put_away)

    def start(self) -> None:
        """Show what is known, and begin to follow the daemon."""
        self._show()
        if not Tray.available():
            self.panel.come_up()
        self.connection.open()

    def close(self) -> None:
        """Take everything away and wait for the connection's thread."""
        self.connection.close()
        self.tray.hide()
        self.panel.close()

    def _take(self, update: Update) -> None:
        self.state, notices = after(self.state, update)
        if isinstance(update, Remembered):
            self.panel.forget_text()
        if self._notify:
            for notice in notices:
                self._tell(notice)
        self._show()

    def _tell(self, notice: Notice) -> None:
        """Notify; without a system tray the window itself is what a person sees."""
        if Tray.available():
            self.tray.notify(notice)
        else:
            QApplication.alert(self.panel)

    def _show(self) -> None:
        if Tray.available():
            self.tray.show_menu(menu(self.state))
        self.panel.show_view(panel_view(self.state))

    def _ask(self, question: str) -> None:
        id = self.connection.send(requests.ask(question, self.state.conversation))
        self.state = asking(self.state, id)
        self._show()

    def _stop(self) -> None:
        if self.state.asked:
            self.connection.cancel(self.state.asked.id)
        self.state = stopped(self.state)
        self._show()

    def _remember(self, text: str) -> None:
        self.state = keeping(self.state, self.connection.send(requests.remember(text)))
        self._show()

    def _do(self, action: str) -> None:
        match action:
            case "panel" | "remember":
                self.panel.come_up(to_remember=action == "remember")
            case "pause" | "resume":
                self.connection.send(requests.pause_nights(paused=action == "pause"))
            case "dashboard":
                self._open_dashboard()
            case "quit":
                QApplication.quit()

    def _put_away(self) -> None:
        """Close the panel where the icon brings it back; as a window of its own it stays."""
        if Tray.available():
            self.panel.close()

    def _open_dashboard(self) -> None:
        """Leave it to `selfd open`: the menu bar's token cannot sign a browser in."""
        command = ["-m", "selfd_daemon.cli", "open", "--data-dir", str(self._folder.root)]
        QProcess.startDetached(sys.executable, command)


def run(folder: DataFolder, *, start: str, notify: bool) -> int:
    """Show the menu bar until a person quits it, and return the process's exit status."""
    app = QApplication(["selfd"])
    app.setApplicationName("selfd")
    app.setQuitOnLastWindowClosed(not Tray.available())
    leave_the_dock()
    bar = MenuBar(folder, start=start, notify=notify)
    with _quit_by_signal():
        bar.start()
        try:
            return app.exec()
        finally:
            bar.close()


@contextmanager
def _quit_by_signal() -> Iterator[None]:
    """Quit at SIGINT and SIGTERM; a socket wakes Qt for them, so that no timer has to."""
    ours, qts = socket.socketpair()
    with ours, qts:
        ours.setblocking(False)
        signal.set_wakeup_fd(ours.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            # A quit before the event loop runs would be lost: a timer waits for the loop.
            signal.signal(number, lambda *_: QTimer.singleShot(0, QApplication.quit))
        notifier = QSocketNotifier(qts.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda: qts.recv(64))  # Python's own handlers run on the way
        try:
            yield
        finally:
            notifier.setEnabled(False)
            signal.set_wakeup_fd(-1)
