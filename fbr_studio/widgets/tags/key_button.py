"""A button that shows the key behind it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter, QWidget

from fbr_studio.widgets.theme import GRID, emphasised, small_font, theme

_SHORT = {"Return": "Enter"}


class KeyButton(QPushButton):
    """Follows an action: its text, tooltip, key and whether it can be done now."""

    def __init__(self, action: QAction, *, primary: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._primary = primary
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if primary:
            self.setProperty("kind", "primary")
        action.changed.connect(self._follow)
        self.clicked.connect(lambda: action.trigger())
        self._follow()

    @property
    def key(self) -> str:
        """The key as it is shown; empty where there is none."""
        text = self._action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return _SHORT.get(text, text)

    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for text and key."""
        text = QFontMetrics(self._text_font()).horizontalAdvance(self.text())
        return QSize(text + self._cap_width() + 3 * GRID, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: neither is cut."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, its text in the middle of what the key leaves, the key at the end."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setFont(self._text_font())
        painter.setPen(self._ink())
        cap = self._cap_width()
        area = self.rect().adjusted(GRID, 0, -(cap + 2 * GRID - 2 if cap else GRID), 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())
        if cap:
            self._draw_cap(painter, cap)

    def _draw_cap(self, painter: QPainter, width: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self))
        height = QFontMetrics(painter.font()).height() + 2
        cap = QRectF(self.width() - width - GRID + 0.5, (self.height() - height) // 2 + 0.5, width - 1, height - 1)
        edge = QColor(self._ink())
        edge.setAlpha(110)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 3, 3)
        painter.setPen(self._ink())
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self.key)

    def _cap_width(self) -> int:
        if not self.key:
            return 0
        return max(18, QFontMetrics(small_font(self)).horizontalAdvance(self.key) + GRID)

    def _text_font(self) -> QFont:
        return emphasised(self.font()) if self._primary else self.font()

    def _ink(self) -> QColor:
        if not self.isEnabled():
            return theme().muted
        return theme().accent_text if self._primary else theme().text
