"""One canvas with the layers of up to two runs; applies only what differs from what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_engine.stages.stored_cams import StoredMaps
from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.colours import cam_table, class_table, nroi_table
from fbr_studio.drawing.mask_document import MaskDocument
from fbr_studio.rooms.review.cam_values import heat, nroi_labels
from fbr_studio.rooms.review.corner_tag import CornerTag
from fbr_studio.rooms.review.material import Labels, RunLook
from fbr_studio.rooms.review.photo import Photo
from fbr_studio.rooms.review.viewer_state import CAM, IMAGE, MASK, MINE, NROI, Shown
from fbr_studio.widgets.canvas import CanvasView, HeatLayer, ImageLayer, LabelLayer
from fbr_studio.widgets.canvas.layers import Side
from fbr_studio.widgets.theme import GRID

_STRONG = 1.6  # how much stronger the NROI under the pointer is


@dataclass(frozen=True, slots=True, eq=False)
class RunContent:
    """What one side shows of a run."""

    look: RunLook
    mask: Labels | None


@dataclass(frozen=True, slots=True, eq=False)
class PaneContent:
    """What one canvas shows. With ``right`` there is a curtain between two runs."""

    image: int | None
    photo: Photo | None
    left: RunContent | None
    right: RunContent | None
    mine: MaskDocument | None
    tagged: frozenset[int]


class _RunLayers:
    """CAM, NROI and mask of one run."""

    def __init__(self, side: str) -> None:
        self.cam = HeatLayer(f"cam {side}")
        self.nroi = LabelLayer(f"nroi {side}")
        self.mask = LabelLayer(f"mask {side}")


class Pane(QWidget):
    """A canvas and what lies on it.

    Strokes carry image coordinates; ``stroke_began(x, y, erase, line)``. ``hovered`` carries (x, y) or None.
    """

    hovered = Signal(object)
    stroke_began = Signal(float, float, bool, bool)
    stroke_moved = Signal(float, float)
    stroke_ended = Signal()
    stroke_cancelled = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = CanvasView(self)
        self.canvas.setAccessibleName(name)
        self.photo = ImageLayer("photo")
        self.sides = {"left": _RunLayers("left"), "right": _RunLayers("right")}
        self.mine = LabelLayer("mine")
        self.tags = {corner: CornerTag(self) for corner in ("left", "right", "badge")}
        self._known: dict[str, Any] = {}
        self._erasing = False
        self._draws = False
        self._nrois: dict[str, tuple[int, float]] = {}
        self._content: PaneContent | None = None
        self._stack_layers()
        self._connect()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)

    def _stack_layers(self) -> None:
        both = self.sides.values()
        layers = [self.photo, *(s.cam for s in both), *(s.nroi for s in both), *(s.mask for s in both), self.mine]
        for layer in layers:
            self.canvas.add_layer(layer)

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.hovered.connect(self.hovered)
        canvas.stroke_began.connect(self._left_pressed)
        canvas.stroke_moved.connect(self.stroke_moved)
        canvas.stroke_ended.connect(self.stroke_ended)
        canvas.stroke_cancelled.connect(self.stroke_cancelled)
        canvas.viewport().installEventFilter(self)

    # --- what is shown

    @property
    def content(self) -> PaneContent | None:
        """What it shows now."""
        return self._content

    @property
    def image(self) -> int | None:
        """The number of the image it shows."""
        return self._content.image if self._content is not None else None

    def forget(self) -> None:
        """Let go of everything."""
        self.canvas.cancel_stroke()
        self._content = None
        self._known.clear()
        self.photo.set_pixels(None)
        for layers in self.sides.values():
            layers.cam.set_values(None)
            layers.nroi.set_labels(None)
            layers.mask.set_labels(None)
        self.mine.set_labels(None)

    def apply(self, shown: Shown, content: PaneContent) -> None:
        """Show this; layers that stay the same are not touched."""
        self._content = content
        photo = content.photo
        self._once("size", (content.image, photo.size if photo else None), lambda: self._set_size(photo))
        self._once("photo", photo, lambda: self.photo.set_pixels(photo.pyramid if photo else None))
        self._once("photo seen", shown.layer(IMAGE), lambda: self._see(self.photo, shown, IMAGE))
        self._apply_side("left", shown, content.left, content)
        self._apply_side("right", shown, content.right, content)
        self._once("mine", content.mine, lambda: self._set_mask(self.mine, content.mine))
        self._once("mine seen", (shown.layer(MINE), content.mine is None), lambda: self._see_labels(shown, content))
        self._once("curtain", content.right is not None, lambda: self._set_curtain(shown, content))

    def _apply_side(self, side: str, shown: Shown, run: RunContent | None, content: PaneContent) -> None:
        layers = self.sides[side]
        place: Side = "both" if content.right is None else ("left" if side == "left" else "right")
        self._once(f"{side} side", place, lambda: self._place(layers, place))
        maps = run.look.maps if run else None
        seen = {name: shown.layer(name) for name in (CAM, NROI, MASK)}
        if seen[CAM].visible:
            self._once(
                f"{side} cam",
                (maps, shown.cam_class, content.tagged),
                lambda: _set_heat(layers.cam, maps, shown.cam_class, content.tagged),
            )
        if seen[NROI].visible:
            self._once(f"{side} nroi", maps, lambda: self._set_nroi(side, maps, seen[NROI].opacity))
            self._once(f"{side} nroi table", seen[NROI].opacity, lambda: self._recolour_nroi(side, seen[NROI].opacity))
        mask = run.mask if run else None
        if seen[MASK].visible:
            self._once(f"{side} mask", mask, lambda: layers.mask.set_labels(mask))
            self._once(f"{side} mask table", seen[MASK].opacity, lambda: _fill(layers.mask, seen[MASK].opacity))
        self._once(f"{side} seen", (tuple(seen.items()), run is None), lambda: self._see_run(layers, shown, run))

    def _once(self, key: str, value: object, act: Callable[[], object]) -> None:
        """Do it if ``value`` is another than the last time."""
        if key not in self._known or not _same(self._known[key], value):
            self._known[key] = value
            act()

    def _set_size(self, photo: Photo | None) -> None:
        height, width = photo.size if photo else (0, 0)
        if (width, height) != self.canvas.image_size or self.canvas.image_size == (0, 0):
            self.canvas.set_image_size(width, height)
        else:
            self.canvas.fit()

    def _set_mask(self, layer: LabelLayer, document: MaskDocument | None) -> None:
        layer.set_labels(None if document is None else document.classes)

    def _see(self, layer: ImageLayer, shown: Shown, name: str) -> None:
        layer.visible = shown.layer(name).visible
        layer.opacity = shown.layer(name).opacity

    def _see_labels(self, shown: Shown, content: PaneContent) -> None:
        mine = shown.layer(MINE)
        self.mine.visible = mine.visible and content.mine is not None and mine.opacity > 0
        _fill(self.mine, mine.opacity)

    def _see_run(self, layers: _RunLayers, shown: Shown, run: RunContent | None) -> None:
        cam, nroi, mask = (shown.layer(name) for name in (CAM, NROI, MASK))
        layers.cam.visible = cam.visible and run is not None
        layers.cam.opacity = cam.opacity
        layers.nroi.visible = nroi.visible and run is not None and nroi.opacity > 0
        layers.mask.visible = mask.visible and run is not None and mask.opacity > 0

    def _set_nroi(self, side: str, maps: StoredMaps | None, opacity: float) -> None:
        labels = nroi_labels(maps) if maps is not None else None
        count = 0 if maps is None else len(maps.nroi_sizes)
        self._nrois[side] = (count, opacity)
        self.sides[side].nroi.set_labels(labels, nroi_table(count, opacity))

    def _recolour_nroi(self, side: str, opacity: float, number: int | None = None) -> None:
        count, _ = self._nrois.get(side, (0, opacity))
        self._nrois[side] = (count, opacity)
        table = nroi_table(count, opacity)
        if number is not None and number <= count:
            table[number, 3] = min(255, round(255 * opacity * _STRONG))
            table[1 : count + 1, 3] = np.where(
                np.arange(1, count + 1) == number, table[number, 3], table[1 : count + 1, 3] * 0.6
            )
        self.sides[side].nroi.set_table(table)

    def _place(self, layers: _RunLayers, place: Side) -> None:
        for layer in (layers.cam, layers.nroi, layers.mask):
            layer.side = place

    def _set_curtain(self, shown: Shown, content: PaneContent) -> None:
        self.canvas.set_curtain(shown.curtain if content.right is not None else None)

    def highlight_nroi(self, side: str, number: int | None) -> None:
        """Let one NROI of a side stand out, or none."""
        if self._known.get(f"{side} lit") != number and self.sides[side].nroi.visible:
            self._known[f"{side} lit"] = number
            self._recolour_nroi(side, self._nrois.get(side, (0, 0.5))[1], number)

    def mine_changed(self, box: Box) -> None:
        """Pixels of the person's mask changed."""
        self.mine.update_labels(box)

    def say(self, left: str = "", right: str = "") -> None:
        """Name the sides."""
        self.tags["left"].say(left)
        self.tags["right"].say(right)
        self._place_tags()

    def badge(self, text: str, icon_name: str = "", kind: str = "text") -> None:
        """Say what was decided, in the lower left corner."""
        self.tags["badge"].say(text, icon_name, kind)
        self._place_tags()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the words in their corners."""
        super().resizeEvent(event)
        self._place_tags()

    def _place_tags(self) -> None:
        most = max(8 * GRID, self.width() // 2 - 3 * GRID)
        for tag in self.tags.values():
            tag.resize(tag.sizeHint().boundedTo(tag.sizeHint().__class__(most, tag.sizeHint().height())))
            tag.raise_()
        self.tags["left"].move(2 * GRID, 2 * GRID)
        self.tags["right"].move(self.width() - self.tags["right"].width() - 2 * GRID, 2 * GRID)
        badge = self.tags["badge"]
        badge.move(2 * GRID, self.height() - badge.height() - 2 * GRID)

    # --- drawing

    def set_tool(self, draws: bool, radius: float) -> None:
        """Let the pointer draw, or pan."""
        self._draws = draws
        self.canvas.set_tool("draw" if draws else "pan", radius)

    def _left_pressed(self, x: float, y: float, modifiers: Qt.KeyboardModifier) -> None:
        self.stroke_began.emit(
            x,
            y,
            bool(modifiers & Qt.KeyboardModifier.AltModifier),
            bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the right button erase."""
        if not isinstance(event, QMouseEvent) or not self._draws:
            return False
        kind, right = event.type(), event.button() == Qt.MouseButton.RightButton
        if right and kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            if event.buttons() == Qt.MouseButton.RightButton:
                self._erasing = True
                line = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self.stroke_began.emit(*self.canvas.image_point(event.position()), True, line)
            return True
        if self._erasing and kind == QEvent.Type.MouseMove:
            self.stroke_moved.emit(*self.canvas.image_point(event.position()))
        if self._erasing and right and kind == QEvent.Type.MouseButtonRelease:
            self._erasing = False
            self.stroke_ended.emit()
            return True
        return self._erasing and kind == QEvent.Type.MouseButtonPress

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc takes a stroke of the right button back."""
        if event.key() == Qt.Key.Key_Escape and self._erasing:
            self._erasing = False
            self.stroke_cancelled.emit()
        else:
            super().keyPressEvent(event)


def _set_heat(layer: HeatLayer, maps: StoredMaps | None, cam_class: int | None, tagged: frozenset[int]) -> None:
    layer.set_values(None if maps is None else heat(maps, cam_class, tagged), cam_table())


def _fill(layer: LabelLayer, opacity: float) -> None:
    """Let the fill be as strong as the slider says; the outline stays."""
    layer.set_table(class_table(max(opacity, 0.004)))


def _same(first: object, second: object) -> bool:
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(_same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return first is second
    return first is second or bool(first == second)
