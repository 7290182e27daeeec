"""The map's ground: a line drawn with the left button picks dots, the wheel zooms, other buttons move the map.

Imports pyqtgraph.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from fbr_studio.widgets.theme import theme


class LassoBox(pg.ViewBox):  # type: ignore[misc]
    """Left drag draws a line around dots, the wheel zooms, the middle and right button move the map.

    ``lassoed`` carries the line (N x 2, in the map's units) and whether to add to what is picked (Shift).
    """

    lassoed = Signal(object, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self._line: list[tuple[float, float]] = []
        self._curve = pg.PlotCurveItem()
        self._curve.setZValue(50)
        self.addItem(self._curve, ignoreBounds=True)

    def mouseDragEvent(self, ev, axis=None) -> None:  # type: ignore[no-untyped-def]
        """Draw the line, or move the map."""
        if ev.button() != Qt.MouseButton.LeftButton:
            if ev.button() == Qt.MouseButton.RightButton:
                moved = self.mapToView(ev.pos()) - self.mapToView(ev.lastPos())
                self.translateBy(x=-moved.x(), y=-moved.y())
                ev.accept()
                return
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if ev.isStart():
            first = self.mapToView(ev.buttonDownPos())
            self._line = [(first.x(), first.y())]
        point = self.mapToView(ev.pos())
        self._line.append((point.x(), point.y()))
        if ev.isFinish():
            self._curve.setData([], [])
            self.lassoed.emit(np.array(self._line), bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            self._line = []
            return
        line = np.array([*self._line, self._line[0]])
        fill = QColor(theme().accent)
        fill.setAlpha(40)
        self._curve.setPen(pg.mkPen(theme().accent, width=1.5))
        self._curve.setBrush(pg.mkBrush(fill))
        self._curve.setFillLevel(None)
        self._curve.setData(line[:, 0], line[:, 1])
