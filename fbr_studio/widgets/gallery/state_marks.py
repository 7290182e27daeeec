"""The small mark in a cell's corner: each state has its own shape, so that colour never tells it alone."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from fbr_studio.widgets.theme import Theme, theme

MARK = 18  # px, the side of a mark
_COLOURS = {
    "untagged": "muted",
    "tagged": "accent",
    "empty": "text",
    "accepted": "good",
    "rejected": "danger",
    "problem": "warning",
    "corrected": "accent",
}
_FILLED = ("tagged", "corrected")


def state_mark(state: str, ratio: float) -> QPixmap:
    """Return the mark of ``state`` in the present theme for a screen of ``ratio`` device px per px."""
    return _mark(state, ratio, theme().dark)


@lru_cache(maxsize=64)
def _mark(state: str, ratio: float, dark: bool) -> QPixmap:
    colours = theme()
    pixmap = QPixmap(round(MARK * ratio), round(MARK * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colours.line, 1))
    painter.setBrush(colours.panel)
    painter.drawEllipse(QRectF(0.5, 0.5, MARK - 1, MARK - 1))
    _draw_shape(painter, state, colours)
    painter.end()
    return pixmap


def _draw_shape(painter: QPainter, state: str, colours: Theme) -> None:
    colour: QColor = getattr(colours, _COLOURS.get(state, "muted"))
    pen = QPen(colour, 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(colour if state in _FILLED else Qt.BrushStyle.NoBrush)
    painter.drawPath(shape_of(state))


def shape_of(state: str) -> QPainterPath:
    """Return the outline of a state's shape in a square of `MARK` px."""
    path = QPainterPath()
    if state in ("untagged", "tagged", "empty"):
        path.addEllipse(QPointF(9, 9), 3.5, 3.5)
    if state == "empty":
        _lines(path, ((5, 13), (13, 5)))
    elif state == "accepted":
        _lines(path, ((5.2, 9.4), (7.8, 12), (12.8, 6.2)))
    elif state == "rejected":
        _lines(path, ((6, 6), (12, 12)), ((12, 6), (6, 12)))
    elif state == "problem":
        _lines(path, ((9, 4.6), (9, 10)), ((9, 13), (9, 13.01)))
    elif state == "corrected":
        _lines(path, ((9, 5), (13, 9), (9, 13), (5, 9), (9, 5)))
    return path


def _lines(path: QPainterPath, *lines: tuple[tuple[float, float], ...]) -> None:
    for first, *others in lines:
        path.moveTo(*first)
        for point in others:
            path.lineTo(*point)


def draw_broken(painter: QPainter, middle: QPointF) -> None:
    """Draw the sign of a picture that cannot be read: a frame with a crack through it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(middle)
    pen = QPen(theme().warning, 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath()
    path.addRoundedRect(QRectF(-16, -12, 32, 24), 3, 3)
    _lines(path, ((2, -12), (-3, -4), (4, 2), (-1, 12)))
    painter.drawPath(path)
    painter.restore()
