"""How a tag's value is drawn: each has its own shape and its own word, so that colour never tells it alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from fbr_studio.widgets.tags.tag_summary import TagValue
from fbr_studio.widgets.theme import GRID, theme

WORDS = {
    TagValue.PRESENT: "present",
    TagValue.ABSENT: "absent",
    TagValue.UNKNOWN: "unknown",
    TagValue.MIXED: "mixed",
}
BOX = 2 * GRID  # px, the side of the shape


def draw_value(painter: QPainter, area: QRect, value: TagValue) -> None:
    """Draw a shape of `BOX` px at the left of ``area``, and the word behind it."""
    box = QRectF(area.x() + 0.5, area.y() + (area.height() - BOX) // 2 + 0.5, BOX - 1, BOX - 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_box(painter, box, value)
    _draw_sign(painter, box, value)
    painter.setPen(theme().text if value in (TagValue.PRESENT, TagValue.MIXED) else theme().muted)
    words = area.adjusted(BOX + GRID, 0, 0, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, WORDS[value])


def _draw_box(painter: QPainter, box: QRectF, value: TagValue) -> None:
    colours = theme()
    style = Qt.PenStyle.DotLine if value == TagValue.UNKNOWN else Qt.PenStyle.SolidLine
    filled = value == TagValue.PRESENT
    painter.setPen(QPen(colours.accent if filled else colours.muted, 1, style))
    painter.setBrush(colours.accent if filled else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)


def _draw_sign(painter: QPainter, box: QRectF, value: TagValue) -> None:
    colours, middle = theme(), box.center()
    pen = QPen(colours.text, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if value == TagValue.PRESENT:
        pen.setColor(colours.accent_text)
        painter.setPen(pen)
        painter.drawPolyline([middle + QPointF(-4, 0), middle + QPointF(-1, 3), middle + QPointF(4, -3.5)])
    elif value == TagValue.ABSENT:
        pen.setColor(colours.muted)
        painter.setPen(pen)
        painter.drawLine(middle + QPointF(-3.5, 0), middle + QPointF(3.5, 0))
    elif value == TagValue.MIXED:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.accent)
        painter.drawRoundedRect(QRectF(middle.x() - 3.5, middle.y() - 3.5, 7, 7), 1, 1)
