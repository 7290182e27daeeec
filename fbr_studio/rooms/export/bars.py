"""A small table with bars: a name, a bar, a number with its unit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fbr_studio.widgets import formatting
from fbr_studio.widgets.theme import GRID, theme

NAME_WIDTH = 22 * GRID
NARROWEST_NAME = 10 * GRID
LONGEST = 48 * GRID
THICKNESS = GRID - 2


class Bars(QWidget):
    """One line per name, in the given order; bars are relative to the largest number."""

    def __init__(self, one: str, many: str) -> None:
        super().__init__()
        self._one, self._many = one, many
        self._rows: list[tuple[str, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def rows(self) -> list[tuple[str, int]]:
        """What is shown now."""
        return list(self._rows)

    def show_rows(self, rows: Mapping[str, int]) -> None:
        """Show other numbers."""
        self._rows = list(rows.items())
        text = ", ".join(f"{name}: {self._number(count)}" for name, count in self._rows)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all lines."""
        return QSize(NAME_WIDTH + 20 * GRID, self._line() * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        """Bars can be short, lines stay."""
        return QSize(NAME_WIDTH, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines that are in view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, metrics, line = theme(), QFontMetrics(self.font()), self._line()
        most = max((count for _, count in self._rows), default=0)
        widest = max((metrics.horizontalAdvance(self._number(count)) for _, count in self._rows), default=0)
        name_width = self._name_width(metrics)
        space = min(LONGEST, max(0, self.width() - name_width - widest - 3 * GRID))
        for row in range(max(0, event.rect().top() // line), min(len(self._rows), event.rect().bottom() // line + 1)):
            name, count = self._rows[row]
            box = QRect(0, row * line, self.width(), line)
            painter.setPen(colours.text if count else colours.muted)
            short = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, name_width - GRID)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, short)
            length = round(space * count / most) if most else 0
            bar = QRect(name_width, box.center().y() - THICKNESS // 2, max(length, 2 if count else 0), THICKNESS)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent)
            if count:
                painter.drawRoundedRect(bar, 2, 2)
            painter.setPen(colours.text if count else colours.muted)
            where = QRect(bar.right() + GRID, box.top(), widest + 2 * GRID, line)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, self._number(count))

    def event(self, event: QEvent) -> bool:
        """Show the whole name under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = event.pos().y() // self._line()
            if 0 <= row < len(self._rows):
                name, count = self._rows[row]
                QToolTip.showText(event.globalPos() + QPoint(0, GRID), f"{name}: {self._number(count)}", self)
            return True
        return super().event(event)

    def _number(self, count: int) -> str:
        return formatting.counted(count, self._one, self._many)

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + GRID

    def _name_width(self, metrics: QFontMetrics) -> int:
        widest = max((metrics.horizontalAdvance(name) for name, _ in self._rows), default=0)
        return min(NAME_WIDTH, max(NARROWEST_NAME, widest + 2 * GRID))
