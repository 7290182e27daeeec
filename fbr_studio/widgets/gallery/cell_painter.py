"""Draws one cell: the photograph on the canvas colour, its state, its name, its tags, and whether it is selected."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QPixmap

from fbr_studio.widgets.gallery.cell import Cell
from fbr_studio.widgets.gallery.chips import ChipRow
from fbr_studio.widgets.gallery.state_marks import MARK, draw_broken, state_mark
from fbr_studio.widgets.theme import GRID, theme

PAD = GRID  # around the thumbnail; frames are drawn in it
FRAME = 3  # px, the frame of a selected cell
_GAP = GRID // 2


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell stands among the others."""

    selected: bool = False
    current: bool = False
    focused: bool = False
    broken: bool = False


class CellPainter:
    """Knows the sizes that follow from a font and a thumbnail's side, and draws cells of that size."""

    def __init__(self, font: QFont, side: int, *, chips: bool) -> None:
        self.font = font
        self.side = side
        self._metrics = QFontMetrics(font)
        self._chips = ChipRow(self._metrics) if chips else None
        self._elided: dict[str, str] = {}
        self.width = side + 2 * PAD
        captions = _GAP + self._metrics.height() + (_GAP + self._chips.height if self._chips else 0)
        self.height = PAD + side + captions + PAD

    def thumbnail_box(self, x: int, y: int) -> QRect:
        """Return where the thumbnail of the cell with its corner at ``(x, y)`` lies."""
        return QRect(x + PAD, y + PAD, self.side, self.side)

    def draw(self, painter: QPainter, x: int, y: int, cell: Cell, thumbnail: QPixmap | None, look: Look) -> None:
        """Draw a cell with its corner at ``(x, y)``; the painter has this painter's font."""
        box = self.thumbnail_box(x, y)
        painter.fillRect(box, theme().canvas)
        if thumbnail is not None:
            _draw_letterboxed(painter, box, thumbnail)
        elif look.broken:
            draw_broken(painter, QPointF(box.center()))
        if cell.state:
            ratio = painter.device().devicePixelRatioF()
            painter.drawPixmap(box.right() - MARK - 3, box.top() + 4, state_mark(cell.state, ratio))
        self._draw_captions(painter, box, cell, look)
        self._draw_frame(painter, QRect(x, y, self.width, self.height), box, look)

    def _draw_captions(self, painter: QPainter, box: QRect, cell: Cell, look: Look) -> None:
        colours = theme()
        y = box.bottom() + 1 + _GAP
        painter.setPen(colours.text if look.selected or look.current else colours.muted)
        painter.drawText(box.x(), y + self._metrics.ascent(), self._fitted(cell.name))
        if self._chips and cell.chips:
            y += self._metrics.height() + _GAP
            self._chips.draw(painter, cell.chips, box.x(), y, self.side, colours)

    def _draw_frame(self, painter: QPainter, whole: QRect, box: QRect, look: Look) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if look.selected:
            _outline(painter, QPen(theme().accent, FRAME), box, FRAME)
        if look.current:
            colour = theme().text if look.focused else theme().line
            _outline(painter, QPen(colour, 1), whole.adjusted(2, 2, -2, -2), 0)

    def _fitted(self, name: str) -> str:
        fitted = self._elided.get(name)
        if fitted is None:
            if len(self._elided) > 4096:
                self._elided.clear()
            printable = name.encode("utf-8", "replace").decode("utf-8")
            fitted = self._metrics.elidedText(printable, Qt.TextElideMode.ElideMiddle, self.side)
            self._elided[name] = fitted
        return fitted


def _draw_letterboxed(painter: QPainter, box: QRect, thumbnail: QPixmap) -> None:
    size = thumbnail.deviceIndependentSize()
    scale = min(box.width() / max(1.0, size.width()), box.height() / max(1.0, size.height()))
    if abs(scale - 1) < 0.01:  # made for this side: its own pixels, at whole positions
        x, y = int(box.width() - size.width()) // 2, int(box.height() - size.height()) // 2
        painter.drawPixmap(box.x() + x, box.y() + y, thumbnail)
        return
    width, height = size.width() * scale, size.height() * scale
    target = QRectF(box.x() + (box.width() - width) / 2, box.y() + (box.height() - height) / 2, width, height)
    painter.drawPixmap(target, thumbnail, QRectF(thumbnail.rect()))


def _outline(painter: QPainter, pen: QPen, box: QRect, width: int) -> None:
    """Draw a frame of ``width`` px just outside of ``box``."""
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    grow = width / 2
    painter.drawRect(QRectF(box).adjusted(-grow, -grow, grow, grow))
