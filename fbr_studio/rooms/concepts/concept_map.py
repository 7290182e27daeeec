"""The map of concepts: like beside like; point to see, drag a line around dots to pick them, click to choose.

Imports pyqtgraph, which takes a while: import this module when the map is first shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fbr_engine.errors import FbrError
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.concepts.concept_order import can_merge, matters, suspicion_of
from fbr_studio.rooms.concepts.concept_words import sentence, verdict_of
from fbr_studio.rooms.concepts.family_marks import family_colour, family_shape
from fbr_studio.rooms.concepts.hover_card import HoverCard
from fbr_studio.rooms.concepts.lasso_box import LassoBox
from fbr_studio.rooms.concepts.map_legend import MapLegend
from fbr_studio.rooms.concepts.map_marks import SMALLEST_TICK, ring, tick
from fbr_studio.rooms.concepts.map_points import Layout, diameters, inside, lay_out, towards
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import button, hairline, label
from fbr_studio.widgets.theme import GRID, small_font, theme

SUSPICIOUS = 0.5  # from here on a dot has a ring
_NOTHING = Layout([], np.zeros((0, 2)))
_STEPS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


class ConceptMap(QWidget):
    """``concept_chosen``: a dot was clicked. ``picked``: a list of the concepts a line was drawn around.

    ``board_wanted`` asks for these on the board.
    """

    concept_chosen = Signal(int)
    picked = Signal(list)
    board_wanted = Signal(list)

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._layout = _NOTHING
        self._shown_set: object = None
        self.selection: list[int] = []
        self.pointed: int | None = None
        self._task = LatestTask(lay_out, self)
        self._task.done.connect(self._place)
        self._task.failed.connect(self._fail)
        self._box = LassoBox()
        self._box.lassoed.connect(self._lasso)
        self._plot = pg.PlotWidget(viewBox=self._box, background=None, useOpenGL=False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setAspectLocked(True)
        self._plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._plot.setAccessibleName("Map of concepts")
        self._plot.installEventFilter(self)
        for side in ("left", "bottom"):
            self._plot.hideAxis(side)
        self._rings, self._dots, self._ticks = (pg.ScatterPlotItem(pxMode=True) for _ in range(3))
        self._dots.setAcceptHoverEvents(True)
        self._dots.opts["hoverable"] = True
        self._dots.opts["tip"] = None
        self._dots.sigHovered.connect(self._hover)
        self._dots.sigClicked.connect(self._clicked)
        for item in (self._rings, self._dots, self._ticks):
            self._plot.addItem(item)
        self._names: list[pg.TextItem] = []
        self.legend = MapLegend()
        self.card = HoverCard(model, self._plot)
        self.note = label("", "muted")
        self.board_button = button("Show on the board", self._to_board, "quiet", "Show these concepts alone (Enter)")
        self.merge_button = button(
            "Merge", self._merge, "quiet", "Make one concept of these, all of one family (Ctrl+J)"
        )
        self.clear_button = button("Clear", lambda: self.select([]), "quiet", "Pick none (Esc)")
        self._compose()
        model.loaded.connect(self._loaded)
        model.changed.connect(self._draw)
        self._loaded()

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        top.setSpacing(GRID)
        top.addWidget(self.note, 1)
        for part in (self.board_button, self.merge_button, self.clear_button):
            top.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(hairline())
        column.addWidget(self._plot, 1)
        column.addWidget(hairline())
        column.addWidget(self.legend)

    # --- what is shown

    @property
    def ids(self) -> list[int]:
        """The concepts on the map; empty until it is computed."""
        return self._layout.ids

    def select(self, concepts: Sequence[int]) -> None:
        """Pick these concepts."""
        known = frozenset(self._layout.ids)
        self.selection = [concept for concept in concepts if concept in known]
        self._draw()
        self.picked.emit(self.selection)

    def point_at(self, concept: int | None) -> None:
        """Show what a dot is, or put the card away."""
        self.pointed = concept if concept in self._layout.ids else None
        if self.pointed is None:
            self.card.hide()
            return
        fact = self._model.facts.get(self.pointed)
        if fact is not None:
            self._plot.setAccessibleDescription(sentence(self._model, fact))
            self.card.show_concept(self.pointed, self._pixel_of(self.pointed))

    def close_down(self) -> None:
        """Compute nothing any more."""
        self._task.close()

    # --- following the model

    def _loaded(self) -> None:
        data = self._model.data
        self.point_at(None)
        if data is None:
            self._task.cancel()
            self._shown_set = None
            self._place(_NOTHING)
        elif data.set is not self._shown_set and self.isVisible():
            self._ask()
        else:
            self._draw()
        ids = data.set.class_ids.tolist() if data is not None else []
        self.legend.show_classes([(int(c), self._model.class_name(int(c))) for c in ids])

    def _ask(self) -> None:
        data = self._model.data
        if data is not None:
            self._shown_set = data.set
            self.note.setText("Laying out the map…")
            self._task.request(data.set)

    def _place(self, layout: Layout) -> None:
        self._layout = layout
        known = frozenset(layout.ids)
        self.selection = [concept for concept in self.selection if concept in known]
        self._draw()
        self._plot.setRange(xRange=(-1.05, 1.05), yRange=(-1.05, 1.05), padding=0.02)

    def _fail(self, error: FbrError) -> None:
        self.note.setText(str(error))

    def _draw(self) -> None:
        facts = [self._model.facts.get(concept) for concept in self._layout.ids]
        if any(fact is None for fact in facts):
            return  # another set is being laid out
        known = [fact for fact in facts if fact is not None]
        ids = [int(c) for c in self._model.data.set.class_ids] if self._model.data is not None else []
        sizes = diameters([fact.pixels for fact in known])
        colours = theme()
        dots, rings, ticks = [], [], []
        for fact, (x, y), size in zip(known, self._layout.places, sizes, strict=True):
            judged = verdict_of(self._model, fact)
            spot = {"pos": (x, y), "size": size, "data": fact.id}
            fill = family_colour(fact.family)
            fill.setAlpha(215)
            edge = pg.mkPen(colours.window, width=1)
            dots.append(spot | {"symbol": family_shape(fact.family, ids), "brush": pg.mkBrush(fill), "pen": edge})
            if fact.id in self.selection:
                rings.append(ring(spot, size + 9, colours.accent, 3))
            elif not judged and matters(fact) and suspicion_of(fact) >= SUSPICIOUS:
                rings.append(ring(spot, size + 6, colours.warning, 2))
            if judged:
                ticks.append(tick(spot, max(SMALLEST_TICK, size * 0.6), colours.text, colours.window))
        for item, spots in ((self._rings, rings), (self._dots, dots), (self._ticks, ticks)):
            item.setData(spots)
        self._write_names(sizes)
        self._tell()

    def _write_names(self, sizes: Sequence[float]) -> None:
        for item in self._names:
            self._plot.removeItem(item)
        self._names = []
        font = small_font(self)
        line = QFontMetrics(font).height() + GRID  # with the margins of pyqtgraph's text
        for concept, (x, y), size in zip(self._layout.ids, self._layout.places, sizes, strict=True):
            given = self._model.names.get(concept)
            if given:
                item = pg.TextItem(given, color=theme().text, anchor=(0.5, -size / 2 / line))
                item.setFont(font)
                item.setPos(x, y)
                self._plot.addItem(item, ignoreBounds=True)
                self._names.append(item)

    def _tell(self) -> None:
        count = len(self.selection)
        for part in (self.board_button, self.merge_button, self.clear_button):
            part.setVisible(count > 0)
        self.merge_button.setEnabled(can_merge(self._model.facts, self.selection))
        if count:
            self.note.setText(
                f"{count:,} picked" if count > 1 else f"{self._model.concept_name(self.selection[0])} picked"
            )
        elif self._layout.ids:
            self.note.setText("Drag a line around dots to pick them, click one to ask about it.")
        else:
            self.note.setText("")

    # --- mouse and keys

    def _hover(self, _: object, points: Sequence[pg.SpotItem]) -> None:
        self.point_at(int(points[0].data()) if len(points) else None)

    def _clicked(self, _: object, points: Sequence[pg.SpotItem], event: object = None) -> None:
        if not len(points):
            return
        concept = int(points[0].data())
        modifiers = event.modifiers() if event is not None else Qt.KeyboardModifier.NoModifier  # type: ignore[attr-defined]
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self._toggle(concept)
        else:
            self.concept_chosen.emit(concept)

    def _toggle(self, concept: int) -> None:
        kept = [one for one in self.selection if one != concept]
        self.select(kept if concept in self.selection else [*kept, concept])

    def _lasso(self, line: np.ndarray, add: bool) -> None:
        held = inside(line, self._layout.places)
        found = [concept for concept, is_held in zip(self._layout.ids, held, strict=True) if is_held]
        self.select(list(dict.fromkeys([*(self.selection if add else []), *found])))

    def _to_board(self) -> None:
        if self.selection:
            self.board_wanted.emit(list(self.selection))

    def _merge(self) -> None:
        if can_merge(self._model.facts, self.selection):
            self._model.merge(list(self.selection))

    def _pixel_of(self, concept: int) -> QPoint:
        x, y = self._layout.places[self._layout.ids.index(concept)]
        found: QPointF = self._box.mapViewToScene(QPointF(float(x), float(y)))
        return QPoint(self._plot.mapFromScene(found))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Walk from dot to dot by arrows; the card goes when the pointer leaves."""
        if event.type() == QEvent.Type.Leave:
            self.point_at(None)
        return event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._press(event)

    def _press(self, event: QKeyEvent) -> bool:
        key, ids = Qt.Key(event.key()), self._layout.ids
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _STEPS and ids:
            start = ids.index(self.pointed) if self.pointed in ids else -1
            self.point_at(ids[towards(self._layout.places, start, _STEPS[key])] if start >= 0 else ids[0])
        elif key == Qt.Key.Key_Space and self.pointed is not None:
            self._toggle(self.pointed)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selection:
            self._to_board()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointed is not None:
            self.concept_chosen.emit(self.pointed)
        elif key == Qt.Key.Key_J and ctrl:
            self._merge()
        elif key == Qt.Key.Key_Escape and (self.selection or self.pointed is not None):
            self.point_at(None)
            self.select([])
        else:
            return False
        return True

    # --- looks

    def showEvent(self, event: QShowEvent) -> None:
        """Take the keys, and lay out what came while nobody looked."""
        super().showEvent(event)
        self._plot.setFocus()
        data = self._model.data
        if data is not None and data.set is not self._shown_set:
            self._ask()

    def changeEvent(self, event: QEvent) -> None:
        """Follow dark and light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._plot.setBackground(None)
            self._draw()
