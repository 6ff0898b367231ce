"""The panel: ask with the answer as it comes, remember, and what is wrong, in one small window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QPalette, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from selfd_daemon.clients.menubar.icon import pixmap
from selfd_daemon.clients.menubar.panel_view import PanelView

WIDTH, HEIGHT = 420, 460
EDGE, GAP, INSET, TALL = 16, 10, 6, 32  # pixels: around all, between, within fields, their height
MARK_SIDE = 22
HINT = "The answer and its sources come here."
QUIET = 0.72  # of the ink: 4.5:1 and more on light and dark paper alike


class Panel(QWidget):
    """Shows views and says what a person wants; it decides nothing itself."""

    asked = Signal(str)
    stopped = Signal()
    told = Signal(str)
    chosen = Signal(str)  # an action, as in the menu
    put_away = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("selfd")
        self.resize(WIDTH, HEIGHT)
        self._view: PanelView | None = None
        self._mark = QLabel()
        self._headline = _label(bold=True)
        self._details = _label()
        self.question = _field("Ask", "Your question")
        self.ask_button = QPushButton("Ask")
        self.answer = QTextEdit(readOnly=True, tabChangesFocus=True)
        self.answer.setAccessibleName("Answer and its sources")
        self.answer.setPlaceholderText(HINT)
        self.answer.document().setDocumentMargin(GAP)
        self.text = _field("Remember", "Text to remember")
        self.remember_button = QPushButton("Remember")
        self.note = _label()
        self.dashboard_button = QPushButton("Open dashboard")
        self.nights_button = QPushButton()
        self.quit_button = QPushButton("Quit")
        self._arrange()
        self._connect()

    def show_view(self, view: PanelView) -> None:
        """Show a view; what did not change is left alone, and so is what is being typed."""
        before, self._view = self._view, view
        if before == view:
            return
        if before is None or before.written != view.written:
            self._write_answer(view)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        self._details.setStyleSheet(f"color: {_quiet(ink).name(QColor.NameFormat.HexArgb)}")
        self._mark.setPixmap(pixmap(view.mark, ink, MARK_SIDE))
        self._headline.setText(view.headline)
        self._details.setText(view.details)
        self._details.setVisible(bool(view.details))
        self.ask_button.setText("Stop" if view.waits else "Ask")
        self.ask_button.setEnabled(view.here)
        self.remember_button.setEnabled(view.may_remember)
        self.dashboard_button.setEnabled(view.here)
        self.nights_button.setVisible(view.nights is not None)
        if view.nights:
            self.nights_button.setText(view.nights.text)
            self.nights_button.setEnabled(view.nights.enabled)
        self.note.setText(view.note)
        self.note.setVisible(bool(view.note))

    def forget_text(self) -> None:
        """Empty the field of what was remembered."""
        self.text.clear()

    def come_up(self, *, to_remember: bool = False) -> None:
        """Show the panel in front, ready to be typed into."""
        self.show()
        self.raise_()
        self.activateWindow()
        (self.text if to_remember else self.question).setFocus()

    def changeEvent(self, event: QEvent) -> None:
        """Draw everything anew when the desktop turns light or dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._view:
            view, self._view = self._view, None
            self.show_view(view)

    def _write_answer(self, view: PanelView) -> None:
        """Write texts as they are: markup in them means nothing here."""
        self.answer.clear()
        cursor = self.answer.textCursor()
        plain, quiet = QTextCharFormat(), QTextCharFormat()
        ink = self.palette().color(QPalette.ColorRole.Text)
        plain.setForeground(ink)
        quiet.setForeground(_quiet(ink))
        for text, style in ((view.answer, plain), (view.sources, quiet), (view.error, plain)):
            if text:
                gap = "" if cursor.atStart() else "\n\n"
                cursor.insertText(gap + text, style)
        where = QTextCursor.MoveOperation.End if view.waits else QTextCursor.MoveOperation.Start
        self.answer.moveCursor(where)

    def _arrange(self) -> None:
        for each in (self.question, self.ask_button, self.text, self.remember_button):
            each.setMinimumHeight(TALL)
        head = QHBoxLayout()
        head.addWidget(self._mark)
        head.addWidget(self._headline, stretch=1)
        foot = QHBoxLayout()
        foot.addWidget(self.dashboard_button)
        foot.addWidget(self.nights_button)
        foot.addStretch(1)
        foot.addWidget(self.quit_button)
        fields = QGridLayout()
        fields.setSpacing(GAP)
        fields.addWidget(self.question, 0, 0)
        fields.addWidget(self.ask_button, 0, 1)
        fields.addWidget(self.answer, 1, 0, 1, 2)
        fields.addWidget(self.text, 2, 0)
        fields.addWidget(self.remember_button, 2, 1)
        fields.addWidget(self.note, 3, 0, 1, 2)
        whole = QVBoxLayout(self)
        whole.setSpacing(GAP)
        whole.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        whole.addLayout(head)
        whole.addWidget(self._details)
        whole.addLayout(fields, stretch=1)
        whole.addLayout(foot)

    def _connect(self) -> None:
        self.question.returnPressed.connect(self.ask_button.click)
        self.text.returnPressed.connect(self.remember_button.click)
        self.ask_button.clicked.connect(self._ask_or_stop)
        self.remember_button.clicked.connect(self._remember)
        self.dashboard_button.clicked.connect(lambda: self.chosen.emit("dashboard"))
        self.nights_button.clicked.connect(self._pause_or_resume)
        self.quit_button.clicked.connect(lambda: self.chosen.emit("quit"))
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.put_away)

    def _ask_or_stop(self) -> None:
        if self._view and self._view.waits:
            self.stopped.emit()
        elif question := self.question.text().strip():
            self.asked.emit(question)

    def _pause_or_resume(self) -> None:
        if self._view and self._view.nights:
            self.chosen.emit(self._view.nights.action)

    def _remember(self) -> None:
        if text := self.text.text().strip():
            self.told.emit(text)


def _quiet(ink: QColor) -> QColor:
    """Return a colour for what is told beside."""
    return QColor.fromRgbF(ink.redF(), ink.greenF(), ink.blueF(), QUIET)


def _label(*, bold: bool = False) -> QLabel:
    """Return a label whose text is never read as markup."""
    label = QLabel(wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if bold:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label


def _field(placeholder: str, name: str) -> QLineEdit:
    field = QLineEdit(placeholderText=f"{placeholder}…")
    field.setAccessibleName(name)
    field.setTextMargins(INSET, 0, INSET, 0)
    return field
