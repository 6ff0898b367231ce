"""The icon in the menu bar, with its menu and its notifications."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from selfd_daemon.clients.menubar.icon import icon
from selfd_daemon.clients.menubar.menu import Action, Item, Menu
from selfd_daemon.clients.menubar.state import Notice

SECONDS_SHOWN = 10


class Tray(QObject):
    """Shows menus and says which action was chosen; it decides nothing itself."""

    chosen = Signal(str)
    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.menu = QMenu()
        self.menu.aboutToShow.connect(self.opened)
        self._icon = QSystemTrayIcon()
        self._icon.setContextMenu(self.menu)
        self._shown: Menu | None = None

    @staticmethod
    def available() -> bool:
        """Whether this desktop has a place for the icon."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_menu(self, menu: Menu) -> None:
        """Show a menu; the same one again costs nothing."""
        before, self._shown = self._shown, menu
        if menu == before:
            return
        if before is None or before.mark != menu.mark:
            ink = QGuiApplication.palette().color(QPalette.ColorRole.WindowText)
            self._icon.setIcon(icon(menu.mark, ink, as_mask=True))
        self._icon.setToolTip(menu.headline)
        self.menu.clear()
        for item in menu.items:
            self._add(item)
        self._icon.show()

    def notify(self, notice: Notice) -> None:
        """Show a notification of the desktop."""
        self._icon.showMessage(notice.title, notice.text, msecs=SECONDS_SHOWN * 1000)

    def hide(self) -> None:
        """Take the icon away."""
        self._icon.hide()

    def _add(self, item: Item) -> None:
        if not item.text:
            self.menu.addSeparator()
            return
        action = self.menu.addAction(item.text.replace("&", "&&"))  # one alone is a mnemonic
        action.setEnabled(item.enabled)
        if item.action:
            name: Action = item.action
            action.triggered.connect(lambda: self.chosen.emit(name))
