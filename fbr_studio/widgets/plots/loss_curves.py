"""Loss curves: every term by name, the smoothed line over the faint raw one, epoch marks, two runs on one plot.

Imports pyqtgraph, which takes a while: import this module when the room is made, not before.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import button, label
from fbr_studio.widgets.plots.legend import Legend
from fbr_studio.widgets.plots.series import Curves, Line, Series, every_nth, marks_to_draw, thinned
from fbr_studio.widgets.plots.series_colours import faint, series_colour
from fbr_studio.widgets.theme import GRID, small_font, theme

REDRAW_MS = 200
POINTS = 1500
MOST_MARKS = 40
FEW = 60
BEHIND = 0.25


class LossCurves(QWidget):
    """Shows `Curves` and follows them while they grow: call `refresh` as often as you like.

    The curve whose name is pointed at in the legend stands out from the others.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._main: Curves | None = None
        self._other: Curves | None = None
        self._names = ("", "")
        self._pointed = ""
        self._drawn: list[pg.GraphicsObject] = []
        self._stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        self.legend = Legend()
        self.legend.toggled.connect(lambda *_: self.redraw())
        self.legend.pointed.connect(self._point_at)
        self.log_button = button("Log scale", None, "quiet", "Show small and large losses on one logarithmic scale")
        self.log_button.setCheckable(True)
        self.log_button.toggled.connect(lambda _: self.redraw())
        self.compared = label("", "muted")
        self.compared.hide()
        self._plot = pg.PlotWidget(background=None, useOpenGL=False)
        self._plot.setAntialiasing(True)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setAccessibleName("Loss curves")
        self._plot.setMinimumHeight(14 * GRID)
        for name in ("left", "bottom"):
            self._plot.getAxis(name).enableAutoSIPrefix(False)
        self.note = label("", "muted")
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        over = QVBoxLayout(self._plot)
        over.setContentsMargins(6 * GRID, 0, 0, 4 * GRID)
        over.addWidget(self.note, 0, Qt.AlignmentFlag.AlignCenter)
        self.note.hide()
        self._compose()
        self._dress()

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self.legend, 1)
        top.addWidget(self.log_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        column.addWidget(self.compared)
        column.addWidget(self._plot, 1)

    # --- what is shown

    def show_curves(
        self, curves: Curves | None, other: Curves | None = None, names: tuple[str, str] = ("", "")
    ) -> None:
        """Show the curves of a run, and dashed behind them those of another; ``names`` of the two."""
        self._main, self._other, self._names = curves, other, names
        self.redraw()

    def set_note(self, text: str) -> None:
        """Say in the middle of the plot why there is no point yet; shown while there is none."""
        self.note.setText(text)

    def refresh(self) -> None:
        """Draw what was added to the curves, soon."""
        if not self._timer.isActive():
            self._timer.start()

    @property
    def point_count(self) -> int:
        """How many points of the shown run there are, over all terms."""
        return sum(len(s) for s in self._main.terms.values()) if self._main else 0

    @property
    def drawn_points(self) -> int:
        """How many points are drawn now."""
        return sum(len(item.xData) for item in self._drawn if isinstance(item, pg.PlotCurveItem) and len(item.xData))

    def redraw(self) -> None:
        """Draw everything anew."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        terms = list(dict.fromkeys([*_terms(self._main), *_terms(self._other)]))
        self.legend.set_names(terms)
        for name in terms:
            series = (self._main.terms if self._main else {}).get(name)
            self.legend.set_value(name, _newest(series, self._main is not None and self._main.coarse))
        for item in self._drawn:
            self._plot.removeItem(item)
        self._drawn = []
        empty = not any(len(series) for series in [*_terms(self._main).values(), *_terms(self._other).values()])
        self.note.setVisible(empty and bool(self.note.text()))
        self._plot.setLogMode(x=False, y=self.log_button.isChecked() and not empty)
        if empty:
            self._plot.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.02)
        else:
            self._plot.enableAutoRange()
        self._mark_epochs()
        for place, name in enumerate(terms):
            if self.legend.is_shown(name):
                self._draw(place, self._other, name, dashed=True)
                self._draw(place, self._main, name, dashed=False)
        self._tell_compared()

    def _draw(self, place: int, curves: Curves | None, name: str, *, dashed: bool) -> None:
        series = curves.terms.get(name) if curves else None
        if curves is None or series is None or not len(series):
            return
        colour = series_colour(theme(), place)
        if self.standing_out not in ("", name):
            colour = faint(colour, BEHIND)
        if not dashed and not curves.coarse:
            self._add(thinned(series.x, series.y, POINTS), pg.mkPen(faint(colour, 0.28 * colour.alphaF()), width=1))
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(
            faint(colour, 0.7 * colour.alphaF()) if dashed else colour, width=1.5 if dashed else 2, style=style
        )
        line = _main_line(series, curves.coarse)
        self._add(line, pen)
        if len(line[0]) <= FEW and curves.coarse:
            self._dots(line, colour)

    @property
    def standing_out(self) -> str:
        """The curve that stands out from the others, or nothing."""
        there = self._pointed in self.legend.buttons and self.legend.is_shown(self._pointed)
        return self._pointed if there else ""

    def _point_at(self, name: str) -> None:
        self._pointed = name
        self.redraw()

    def _add(self, line: Line, pen: object) -> None:
        x, y = self._on_scale(line)
        item = pg.PlotCurveItem(x, y, pen=pen, antialias=True)
        self._plot.addItem(item)
        self._drawn.append(item)

    def _dots(self, line: Line, colour: object) -> None:
        x, y = self._on_scale(line)
        item = pg.ScatterPlotItem(x, y, size=5, pen=None, brush=pg.mkBrush(colour))
        self._plot.addItem(item)
        self._drawn.append(item)

    def _on_scale(self, line: Line) -> Line:
        """Return a line in the plot's units: on the logarithmic scale without what has no logarithm."""
        x, y = line
        fine = np.isfinite(y)
        if self.log_button.isChecked():
            fine &= y > 0
            return x[fine], np.log10(y[fine])
        return x[fine], y[fine]

    def _mark_epochs(self) -> None:
        for mark in marks_to_draw(self._main.epochs if self._main else [], MOST_MARKS):
            line = pg.InfiniteLine(mark, angle=90, pen=pg.mkPen(faint(theme().line, 0.8), width=1))
            line.setZValue(-10)
            self._plot.addItem(line, ignoreBounds=True)
            self._drawn.append(line)

    def _tell_compared(self) -> None:
        main, other = self._names
        self.compared.setText(f"Solid: {main}. Dashed: {other}." if self._other is not None else "")
        self.compared.setVisible(self._other is not None)

    # --- looks

    def changeEvent(self, event: QEvent) -> None:
        """Follow dark and light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
            self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while nobody looked."""
        super().showEvent(event)
        if self._stale:
            self.redraw()

    def _dress(self) -> None:
        colours = theme()
        self._plot.setBackground(None)
        font = QFont(small_font(self))
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4)
        self._plot.getAxis("bottom").setLabel("step", color=colours.muted.name())
        self._plot.getAxis("left").setLabel("loss before weighting", color=colours.muted.name())

    def close_down(self) -> None:
        """Stop the timer for good."""
        self._timer.stop()


def _terms(curves: Curves | None) -> Mapping[str, Series]:
    return curves.terms if curves else {}


def _newest(series: Series | None, coarse: bool) -> str:
    if series is None or not len(series):
        return ""
    return f"{(series.y if coarse else series.smooth)[-1]:.3g}"


def _main_line(series: Series, coarse: bool) -> Line:
    return (series.x, series.y) if coarse else every_nth(series.x, series.smooth, POINTS)
