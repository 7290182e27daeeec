"""A few words in a corner of the canvas: which run this is, what was decided."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID, small_font, theme

_ICON = 16


class CornerTag(QWidget):
    """Text on a quiet ground, perhaps with an icon; hidden without text. Clicks go through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text, self._icon, self._kind = "", "", "text"
        self.setFont(small_font(self))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def say(self, text: str, icon_name: str = "", kind: str = "text") -> None:
        """Say something; ``kind`` names the theme's colour of the text."""
        self._text, self._icon, self._kind = text, icon_name, kind
        self.setAccessibleName(text)
        self.resize(self.sizeHint())
        self.setVisible(bool(text))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the words and the ground around them."""
        metrics = QFontMetrics(self.font())
        picture = _ICON + GRID // 2 if self._icon else 0
        return QSize(metrics.horizontalAdvance(self._text) + picture + 2 * GRID, max(metrics.height(), _ICON) + GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, icon and text."""
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.panel)
        painter.setOpacity(0.92)
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setOpacity(1)
        left = GRID
        if self._icon:
            icon(self._icon).paint(painter, left, (self.height() - _ICON) // 2, _ICON, _ICON)
            left += _ICON + GRID // 2
        painter.setPen(getattr(colours, self._kind))
        metrics = QFontMetrics(self.font())
        text = metrics.elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width() - left - GRID // 2)
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
