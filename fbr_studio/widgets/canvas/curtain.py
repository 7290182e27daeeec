"""The line between two sides of the canvas, dragged by mouse or keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from fbr_studio.widgets.theme import GRID, theme

_STEP = 0.01
_LONG_STEP = 0.1


class CurtainHandle(QWidget):
    """A strip over the canvas with the curtain's line in its middle; ``moved`` tells the new share of the width."""

    moved = Signal(float)
    wheeled = Signal(QWheelEvent)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._share, self._width = 0.5, 1
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curtain")
        self.setToolTip("Drag the curtain, or press Left and Right")
        self.hide()

    def place(self, share: float, width: int, height: int) -> None:
        """Lie at that share of a view of this size."""
        self._share, self._width = share, width
        self.setGeometry(round(share * width) - GRID, 0, 2 * GRID, height)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle."""
        event.setAccepted(event.button() == Qt.MouseButton.LeftButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(self.mapToParent(event.position()).x() / max(self._width, 1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the canvas zoom."""
        self.wheeled.emit(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by 1 % of the width with the arrows, by 10 % with Shift; Home and End go to the borders."""
        step = _LONG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        shares = {
            Qt.Key.Key_Left: self._share - step,
            Qt.Key.Key_Right: self._share + step,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        share = shares.get(Qt.Key(event.key()))
        if share is None:
            event.ignore()
        else:
            self._move(share)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line and its grip."""
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, centre = self.width() / 2, self.height() / 2
        line = colours.accent if self.hasFocus() else colours.text
        painter.fillRect(QRectF(middle - 1.5, 0, 3, self.height()), colours.canvas)
        painter.fillRect(QRectF(middle - 0.5, 0, 1, self.height()), line)
        grip = QRectF(middle - 6, centre - 2 * GRID, 12, 4 * GRID)
        painter.setPen(QPen(line, 2 if self.hasFocus() else 1))
        painter.setBrush(colours.raised)
        painter.drawRoundedRect(grip, 6, 6)
        painter.setPen(QPen(colours.text, 1.5))
        for way in (-1, 1):
            tip = QPointF(middle + way * 3.5, centre)
            painter.drawLine(tip, tip + QPointF(-way * 2.5, -3.5))
            painter.drawLine(tip, tip + QPointF(-way * 2.5, 3.5))
        painter.end()

    def _move(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self.moved.emit(share)
