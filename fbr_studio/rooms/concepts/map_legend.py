"""What the map's marks mean: the families with their shapes, the ring, the tick, the size."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fbr_studio.rooms.concepts.family_marks import draw_mark
from fbr_studio.widgets.theme import GRID, small_font, theme

_MARK = 12
_RING, _TICK = "ring", "tick"


class MapLegend(QWidget):
    """One line, or several where the map is narrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: list[tuple[int, str]] = []
        self.setFont(small_font(self))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_classes(self, classes: Sequence[tuple[int, str]]) -> None:
        """Tell of these classes (id, name)."""
        self._classes = list(classes)
        self.setAccessibleName("Legend: " + ", ".join(text for _, text in self._entries()))
        self.setVisible(bool(classes))
        self.updateGeometry()
        self.update()

    def _entries(self) -> list[tuple[int | str, str]]:
        families: list[tuple[int | str, str]] = [*self._classes, (0, "background")]
        return [*families, (_RING, "suspicious"), (_TICK, "judged"), ("", "larger: more pixels")]

    def _places(self, width: int) -> list[tuple[int, int]]:
        """Return the corner of each entry."""
        metrics = self.fontMetrics()
        x, y, found = 2 * GRID, GRID, []
        for mark, text in self._entries():
            wide = metrics.horizontalAdvance(text) + (_MARK + GRID if mark != "" else 0)
            if x + wide > width - GRID and x > 2 * GRID:
                x, y = 2 * GRID, y + metrics.height() + GRID // 2
            found.append((x, y))
            x += wide + 2 * GRID
        return found

    def hasHeightForWidth(self) -> bool:
        """Narrow windows make it higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height at a width, in px."""
        return self._places(width)[-1][1] + self.fontMetrics().height() + GRID

    def sizeHint(self) -> QSize:
        """Return its size at its present width."""
        width = max(self.width(), 40 * GRID)
        return QSize(40 * GRID, self.heightForWidth(width))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw marks and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ids = [class_id for class_id, _ in self._classes]
        height = self.fontMetrics().height()
        for (mark, text), (x, y) in zip(self._entries(), self._places(self.width()), strict=True):
            middle = QPointF(x + _MARK / 2, y + height / 2)
            if isinstance(mark, int):
                draw_mark(painter, middle, _MARK, mark, ids)
            elif mark == _RING:
                painter.setPen(QPen(theme().warning, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QRectF(middle.x() - 5, middle.y() - 5, 10, 10))
            elif mark == _TICK:
                painter.setPen(QPen(theme().text, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawPolyline([middle + QPointF(*p) for p in ((-4, 0), (-1, 3), (4, -3))])
            painter.setPen(theme().muted)
            left = x + (_MARK + GRID // 2 + 2 if mark != "" else 0)
            painter.drawText(QPointF(left, y + self.fontMetrics().ascent()), text)
        painter.end()
