"""A row of tag chips: how many fit, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from fbr_studio.widgets.gallery.cell import Chip
from fbr_studio.widgets.theme import Theme

GAP = 4
_SWATCH = 8
_PAD = 5
_LEAST = 32  # px: a chip narrower than this tells nothing


def chip_width(text_width: int) -> int:
    """Return the width of a chip around a text of ``text_width`` px."""
    return _PAD + _SWATCH + _PAD + text_width + _PAD


def fit_chips(widths: Sequence[int], available: int, rest_width: int) -> int:
    """Return how many chips fit into ``available`` px; where not all do, ``rest_width`` px stay free for "+2".

    At least one is shown, elided where it must be.
    """
    if sum(widths) + GAP * (len(widths) - 1) <= available:
        return len(widths)
    used, shown = rest_width, 0
    for width in widths:
        used += width + GAP
        if used > available:
            break
        shown += 1
    return max(1, shown)


class ChipRow:
    """Draws the chips of a cell with one font; remembers how wide each text is."""

    def __init__(self, metrics: QFontMetrics) -> None:
        self._metrics = metrics
        self._widths: dict[str, int] = {}
        self.height = metrics.height() + 2

    def draw(self, painter: QPainter, chips: Sequence[Chip], x: int, y: int, available: int, theme: Theme) -> None:
        """Draw as many as fit from ``(x, y)``, then how many more there are; the painter has the row's font."""
        widths = [chip_width(self._width(chip.text)) for chip in chips]
        shown = fit_chips(widths, available, self._width(f"+{len(chips)}"))
        rest = f"+{len(chips) - shown}" if shown < len(chips) else ""
        space = available - (GAP + self._width(rest) if rest else 0)
        for chip, width in zip(chips[:shown], widths, strict=False):
            width = max(_LEAST, min(width, space))
            self._draw_chip(painter, chip, QRectF(x, y, width, self.height), theme)
            x += width + GAP
            space -= width + GAP
        if rest:
            painter.setPen(theme.muted)
            painter.drawText(x, y + 1 + self._metrics.ascent(), rest)

    def _draw_chip(self, painter: QPainter, chip: Chip, box: QRectF, theme: Theme) -> None:
        predicted = chip.kind == "predicted"
        painter.setPen(QPen(theme.muted, 1, Qt.PenStyle.DotLine) if predicted else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if predicted else theme.raised)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5) if predicted else box)
        colour = QColor(*chip.colour)
        swatch = QRectF(box.x() + _PAD, box.y() + (box.height() - _SWATCH) / 2, _SWATCH, _SWATCH)
        painter.setPen(QPen(colour, 2) if predicted else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if predicted else colour)
        painter.drawRect(swatch.adjusted(1, 1, -1, -1) if predicted else swatch)
        room = int(box.width()) - _PAD - _SWATCH - 2 * _PAD
        text = chip.text
        if self._width(text) > room:
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.setPen(theme.muted if predicted else theme.text)
        painter.drawText(int(swatch.right()) + _PAD, int(box.y()) + 1 + self._metrics.ascent(), text)

    def _width(self, text: str) -> int:
        width = self._widths.get(text)
        if width is None:
            width = self._widths[text] = self._metrics.horizontalAdvance(text)
        return width
