"""The icon: a ring whose inside tells the state without relying on its colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from selfd_daemon.clients.menubar.menu import Mark

SIDES = (22, 44)  # pixels: once for plain and once for dense screens


def icon(mark: Mark, color: QColor, *, as_mask: bool = False) -> QIcon:
    """Draw the icon; as a mask the system gives it the colour of its own bar."""
    drawn = QIcon()
    for side in SIDES:
        drawn.addPixmap(pixmap(mark, color, side))
    drawn.setIsMask(as_mask)
    return drawn


def pixmap(mark: Mark, color: QColor, side: int) -> QPixmap:
    """Draw the icon in one size."""
    canvas = QPixmap(side, side)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side / 22, side / 22)
    dashes = Qt.PenStyle.DotLine if mark == "away" else Qt.PenStyle.SolidLine
    painter.setPen(QPen(color, 2, dashes))
    painter.drawEllipse(QRectF(3, 3, 16, 16))
    _draw_inside(painter, mark, color)
    painter.end()
    return canvas


def _draw_inside(painter: QPainter, mark: Mark, color: QColor) -> None:
    if mark == "problem":
        painter.setPen(QPen(color, 2.5, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(11, 7), QPointF(11, 11.5))
        painter.drawPoint(QPointF(11, 15))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if mark == "well":
        painter.drawEllipse(QRectF(7.5, 7.5, 7, 7))
    elif mark == "busy":
        for place in (7, 11, 15):
            painter.drawEllipse(QPointF(place, 11), 1.4, 1.4)
