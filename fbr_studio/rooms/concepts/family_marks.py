"""One mark per family of concepts: a colour and a shape, so that nobody has to tell classes by colour alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from fbr_studio.drawing.colours import class_colour
from fbr_studio.widgets.theme import theme

_Corner = tuple[float, float]


def family_colour(family: int) -> QColor:
    """Return the colour of a class, of background concepts the window's grey."""
    return QColor(*class_colour(family)) if family else QColor(theme().muted)


def family_shape(family: int, class_ids: Sequence[int]) -> QPainterPath:
    """Return the shape of a family, 1 x 1 around the origin: a ring for background, else one by the class's place."""
    if not family:
        return _ring()
    place = list(class_ids).index(family) if family in class_ids else 0
    return _SHAPES[place % len(_SHAPES)]()


def draw_mark(painter: QPainter, middle: QPointF, side: float, family: int, class_ids: Sequence[int]) -> None:
    """Draw a family's mark."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(middle)
    painter.scale(side, side)
    painter.setPen(QPen(QColor(0, 0, 0, 0)))
    painter.setBrush(family_colour(family))
    painter.drawPath(family_shape(family, class_ids))
    painter.restore()


def _ring() -> QPainterPath:
    path = _disc()
    path.addEllipse(QRectF(-0.27, -0.27, 0.54, 0.54))  # the odd-even rule makes it a hole
    return path


def _disc() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(-0.5, -0.5, 1, 1))
    return path


def _polygon(corners: Sequence[_Corner]) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    path.closeSubpath()
    return path


def _around(corners: int, turned: float = 0.0, inner: float = 0.0) -> QPainterPath:
    """Return a regular polygon, or with ``inner`` a star."""
    count = corners * (2 if inner else 1)
    found = []
    for i in range(count):
        angle = 2 * math.pi * (i / count + turned) - math.pi / 2
        reach = inner if inner and i % 2 else 0.54
        found.append((reach * math.cos(angle), reach * math.sin(angle)))
    return _polygon(found)


def _cross() -> QPainterPath:
    a, b = 0.17, 0.5
    return _polygon(
        [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]
    )


_SHAPES = (
    _disc,
    lambda: _polygon([(-0.44, -0.44), (0.44, -0.44), (0.44, 0.44), (-0.44, 0.44)]),
    lambda: _polygon([(0, -0.52), (0.52, 0.42), (-0.52, 0.42)]),
    lambda: _polygon([(0, -0.55), (0.5, 0), (0, 0.55), (-0.5, 0)]),
    lambda: _around(5, inner=0.24),
    lambda: _polygon([(0, 0.52), (0.52, -0.42), (-0.52, -0.42)]),
    _cross,
    lambda: _around(6),
)
