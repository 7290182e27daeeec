"""The panel at the right: runs, layers, threshold, classes, and the decision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from fbr_engine.refinement import NONE
from fbr_studio.drawing.colours import class_colour
from fbr_studio.rooms.review.cam_values import histogram
from fbr_studio.rooms.review.class_list import ClassLine, ClassList
from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.material import RunLook
from fbr_studio.rooms.review.review_bar import ReviewBar
from fbr_studio.rooms.review.run_chooser import RunChooser
from fbr_studio.rooms.review.specs import LAYER_HELP, LAYER_KEYS, LAYER_TITLES
from fbr_studio.rooms.review.threshold_box import ThresholdBox
from fbr_studio.rooms.review.viewer_state import CAM, IMAGE, LAYERS, MASK, MINE, mask_is_covered
from fbr_studio.widgets.basics import action_button, hairline, label
from fbr_studio.widgets.layers import LayerDescription, LayerList, LayerState
from fbr_studio.widgets.theme import GRID

WIDTH = 300


class SidePanel(QFrame):
    """Shows the desk's state; its parts report what the person asks for."""

    def __init__(
        self,
        modes: Sequence[QAction],
        swap: QAction,
        restore: QAction,
        review: tuple[QAction, QAction, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.runs = RunChooser(modes, swap)
        self.layers = LayerList([_described(name) for name in LAYERS])
        self.restore = action_button(restore, text=True)
        self.threshold = ThresholdBox()
        self.class_list = ClassList()
        self.review = ReviewBar(*review)
        self._histogram_of: tuple[RunLook | None, frozenset[int]] | None = None
        self.setFixedWidth(WIDTH)
        self._lay_out()

    def refresh(self, desk: ReviewDesk) -> None:
        """Show what the desk holds now."""
        self.runs.show_comparing(desk.shown.comparing)
        self._show_layers(desk)
        self._show_threshold(desk)
        self._show_classes(desk)
        self.review.show_review(desk.material.image.review if desk.material else "new")

    def _show_layers(self, desk: ReviewDesk) -> None:
        facts, panel = desk.facts, desk.panel
        covered = mask_is_covered(facts, panel)
        look = desk.look
        there = {
            IMAGE: desk.material is not None and desk.material.photo is not None,
            CAM: look is not None and look.maps is not None,
            "nroi": look is not None and look.maps is not None,
            MASK: desk.run_mask is not None,
            MINE: facts.mine,
        }
        notes = {MASK: "under mine" if covered else "", MINE: "" if facts.mine else "not painted"}
        if there[CAM]:
            chosen = desk.shown.cam_class
            notes[CAM] = "all" if chosen is None else desk.names.get(chosen, "")
        states = {}
        for name in LAYERS:
            setting = panel.layers[name]
            states[name] = LayerState(
                setting.visible, setting.opacity, panel.solo == name, there[name], notes.get(name, "")
            )
        self.layers.show_states(states)

    def _show_threshold(self, desk: ReviewDesk) -> None:
        facts, shown, look = desk.facts, desk.shown, desk.look
        maps = look.maps if look is not None else None
        self.threshold.setEnabled(maps is not None)
        self.threshold.show_covered(mask_is_covered(facts, desk.panel))
        self.threshold.show_state(
            desk.threshold,
            facts.run_threshold,
            refine=shown.refine != NONE,
            chain=desk.chain,
            making=desk.making and shown.refine != NONE and shown.threshold is not None,
            changed=shown.threshold is not None,
        )
        tagged = desk.material.tagged if desk.material else frozenset()
        if self._histogram_of is None or self._histogram_of[0] is not look or self._histogram_of[1] != tagged:
            self._histogram_of = (look, tagged)
            self.threshold.histogram.set_shares(histogram(maps, tagged) if maps is not None else _NOTHING)

    def _show_classes(self, desk: ReviewDesk) -> None:
        tagged = desk.facts.tagged
        lines = [ClassLine(None, "All classes", None, "0", False)]
        for number, found in enumerate(desk.classes, start=1):
            key = str(number) if number <= 9 else ""
            lines.append(ClassLine(found.id, found.name, class_colour(found.id), key, found.id in tagged))
        self.class_list.show_classes(lines, desk.shown.cam_class, desk.shown.brush_class)

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.runs)
        _section(column, "", self.layers)
        column.addWidget(self.restore, 0, Qt.AlignmentFlag.AlignLeft)
        _section(column, "", self.threshold)
        _section(column, "CAM shown, and what the brush paints", self.class_list)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(hairline())
        whole.addWidget(self.review)


_NOTHING = np.zeros(0)


def _described(name: str) -> LayerDescription:
    key = LAYER_KEYS[name]
    return LayerDescription(name, LAYER_TITLES[name], LAYER_HELP[name], key, f"Shift+{key}")


def _section(column: QVBoxLayout, title: str, content: QWidget) -> None:
    column.addWidget(hairline())
    if title:
        column.addWidget(label(title, "muted"))
    column.addWidget(content)
