"""What lies over the window for a moment: a panel on a dimmed ground that gives the focus back when it goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget
from shiboken6 import isValid

from fbr_studio.widgets.theme import GRID, theme


class Overlay(QWidget):
    """A child of the window that covers it; Esc or a click beside the panel puts it away.

    Subclasses fill ``panel`` and say in `place` where it lies. Tab stays inside. ``closed`` says that it went.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ground = parent
        self.hide()
        self.panel = QFrame(self)
        self.panel.setProperty("kind", "panel")
        self._former: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        parent.installEventFilter(self)

    def show_over(self, focus: QWidget | None = None) -> None:
        """Cover the window and give the focus to ``focus`` (the overlay itself, if not given)."""
        if not self.isVisible():
            self._former = self.window().focusWidget()
        self._fit()
        self.show()
        self.raise_()
        (focus or self).setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Go, and give the focus back to what had it."""
        if self.isHidden():
            return
        former, self._former = self._former, None
        self.hide()
        if former is not None and isValid(former) and former.isVisible():
            former.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()

    def place(self, room: QRect) -> QRect:
        """Return where the panel lies in ``room``, the window without a margin; subclasses override."""
        return room

    def focusable(self) -> list[QWidget]:
        """Return what Tab reaches inside, in order."""
        return [
            w
            for w in self.panel.findChildren(QWidget)
            if w.isVisibleTo(self) and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and self.isVisible() and watched is self._ground:
            self._fit()
        return False

    def event(self, event: QEvent) -> bool:
        """Take Esc before a shortcut of the window gets it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.closes(event):
            event.accept()
            return True
        return super().event(event)

    def closes(self, event: QKeyEvent) -> bool:
        """Whether this key puts the overlay away."""
        return event.key() == Qt.Key.Key_Escape

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Esc; nothing typed here reaches the window below."""
        if self.closes(event):
            self.dismiss()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close on a click beside the panel."""
        if not self.panel.geometry().contains(event.position().toPoint()):
            self.dismiss()
        event.accept()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Keep Tab inside."""
        if self.isHidden():
            return super().focusNextPrevChild(next)
        stops = self.focusable()
        if not stops:
            return True
        now = self.window().focusWidget()
        at = stops.index(now) if now in stops else (-1 if next else 0)
        stops[(at + (1 if next else -1)) % len(stops)].setFocus(
            Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason
        )
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim the window and draw the panel's edge."""
        painter = QPainter(self)
        colours = theme()
        ground = QColor(colours.canvas)
        ground.setAlpha(150)
        painter.fillRect(self.rect(), ground)
        painter.fillRect(self.panel.geometry().adjusted(-1, -1, 1, 1), colours.line)

    def _fit(self) -> None:
        self.setGeometry(self._ground.rect())
        margin = 3 * GRID
        self.panel.setGeometry(self.place(self.rect().adjusted(margin, margin, -margin, -margin)))
        self.update()  # the edge around the panel is drawn here
