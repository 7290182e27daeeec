"""Rings and ticks over the map's dots, as pyqtgraph takes them. Imports pyqtgraph."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QColor, QPainterPath

Spot = dict[str, object]

SMALLEST_TICK = 8.0


def ring(spot: Spot, size: float, colour: QColor, width: int) -> Spot:
    """Return a ring around a dot; sizes in px."""
    return spot | {"size": size, "symbol": "o", "brush": pg.mkBrush(None), "pen": pg.mkPen(colour, width=width)}


def tick(spot: Spot, size: float, colour: QColor, around: QColor) -> Spot:
    """Return a tick on a dot."""
    return spot | {"size": size, "symbol": _TICK, "brush": pg.mkBrush(colour), "pen": pg.mkPen(around, width=1)}


def _tick_path() -> QPainterPath:
    path = QPainterPath()
    corners = ((-0.5, 0.0), (-0.36, -0.16), (-0.14, 0.08), (0.38, -0.46), (0.52, -0.32), (-0.14, 0.36))
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.closeSubpath()
    return path


_TICK = _tick_path()
