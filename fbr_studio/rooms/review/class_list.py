"""The classes: which one's CAM is seen, which one the brush paints, which are in the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.drawing.colours import Rgb
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID, emphasised, theme

_SWATCH = 12
_ICON = 16


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class; ``id`` None stands for all of them. ``key`` is the digit that chooses it."""

    id: int | None
    name: str
    colour: Rgb | None
    key: str
    tagged: bool


class ClassList(QWidget):
    """``chosen`` carries the class that was pressed, None for all."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._lines: tuple[ClassLine, ...] = ()
        self.rows: list[ClassRow] = []

    def show_classes(self, lines: Sequence[ClassLine], seen: int | None, painted: int | None) -> None:
        """Show these; ``seen`` is the class whose CAM is shown, ``painted`` the one the brush paints."""
        if tuple(lines) != self._lines:
            self._rebuild(lines)
        for row in self.rows:
            row.mark(row.line.id == seen, row.line.id is not None and row.line.id == painted)

    def _rebuild(self, lines: Sequence[ClassLine]) -> None:
        same = [line.id for line in lines] == [row.line.id for row in self.rows]
        self._lines = tuple(lines)
        if same:
            for row, line in zip(self.rows, lines, strict=True):
                row.set_line(line)
            return
        for row in self.rows:
            self._column.removeWidget(row)
            row.deleteLater()
        self.rows = [ClassRow(line, self) for line in lines]
        for row in self.rows:
            row.clicked.connect(lambda _=False, row=row: self.chosen.emit(row.line.id))
            self._column.addWidget(row)


class ClassRow(QAbstractButton):
    """Swatch, name, whether it is in the image, the brush's mark, the key."""

    def __init__(self, line: ClassLine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        self.seen = self.painted = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_line(line)

    def set_line(self, line: ClassLine) -> None:
        """Show another class."""
        self.line = line
        self._describe()

    def mark(self, seen: bool, painted: bool) -> None:
        """Say whether its CAM is seen and whether the brush paints it."""
        if (seen, painted) != (self.seen, self.painted):
            self.seen, self.painted = seen, painted
            self._describe()

    def sizeHint(self) -> QSize:
        """Return one line of text with room around it."""
        return QSize(20 * GRID, QFontMetrics(self.font()).height() + GRID + 2)

    def _describe(self) -> None:
        facts = [self.line.name, "in the image" if self.line.tagged else ""]
        facts += ["its CAM is shown" if self.seen else "", "the brush paints it" if self.painted else ""]
        text = ", ".join(fact for fact in facts if fact)
        self.setText(self.line.name)
        self.setAccessibleName(text)
        self.setToolTip(f"{text} ({self.line.key})" if self.line.key else text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.seen or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.selection if self.seen else colours.raised)
            painter.drawRoundedRect(box, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 4, 4)
        self._draw_swatch(painter)
        right = self._draw_right(painter)
        left = 2 * GRID + _SWATCH
        font = emphasised(self.font()) if self.line.tagged else self.font()
        painter.setFont(font)
        painter.setPen(colours.text if self.line.tagged or self.line.id is None or self.seen else colours.muted)
        name = QFontMetrics(font).elidedText(self.line.name, Qt.TextElideMode.ElideMiddle, right - left)
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)

    def _draw_swatch(self, painter: QPainter) -> None:
        if self.line.colour is None:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*self.line.colour))
        painter.drawRoundedRect(QRectF(GRID, (self.height() - _SWATCH) / 2, _SWATCH, _SWATCH), 3, 3)

    def _draw_right(self, painter: QPainter) -> int:
        """Draw key and brush; return where they begin."""
        colours, metrics = theme(), QFontMetrics(self.font())
        painter.setFont(self.font())
        painter.setPen(colours.muted)
        at = self.width() - GRID - metrics.horizontalAdvance("0")
        painter.drawText(at, (self.height() + metrics.ascent() - metrics.descent()) // 2, self.line.key)
        at -= _ICON + GRID
        if self.painted:
            icon("brush").paint(painter, at, (self.height() - _ICON) // 2, _ICON, _ICON)
        return at - GRID // 2
