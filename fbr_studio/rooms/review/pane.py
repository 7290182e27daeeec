"""One canvas with the layers of up to two runs; applies only what differs from what it shows."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.mask_document import MaskDocument
from fbr_studio.rooms.review.changes import Changes
from fbr_studio.rooms.review.corner_tag import CornerTag
from fbr_studio.rooms.review.photo import Photo
from fbr_studio.rooms.review.run_layers import RunContent, RunLayers, fill
from fbr_studio.rooms.review.viewer_state import IMAGE, MINE, Shown
from fbr_studio.widgets.canvas import CanvasView, ImageLayer, LabelLayer
from fbr_studio.widgets.theme import GRID

FLASH_MS = 2500


@dataclass(frozen=True, slots=True, eq=False)
class PaneContent:
    """What one canvas shows. With ``right`` there is a curtain between two runs."""

    image: int | None
    photo: Photo | None
    left: RunContent | None
    right: RunContent | None
    mine: MaskDocument | None
    tagged: frozenset[int]


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
        self.sides = {"left": RunLayers("left"), "right": RunLayers("right")}
        self.mine = LabelLayer("mine")
        self.tags = {corner: CornerTag(self) for corner in ("left", "right", "badge", "hint")}
        self._standing = ""
        self._flash = QTimer(self, singleShot=True, interval=FLASH_MS)
        self._flash.timeout.connect(lambda: self._hint(self._standing))
        self._changes = Changes()
        self._erasing = False
        self._draws = False
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
        self._changes.forget()
        self.photo.set_pixels(None)
        for layers in self.sides.values():
            layers.forget()
        self.mine.set_labels(None)

    def apply(self, shown: Shown, content: PaneContent) -> None:
        """Show this; layers that stay the same are not touched."""
        self._content = content
        differs, photo, image, mine = self._changes.differs, content.photo, shown.layer(IMAGE), shown.layer(MINE)
        if differs("size", (content.image, photo.size if photo else None)):
            self._set_size(photo)
        if differs("photo", photo):
            self.photo.set_pixels(photo.pyramid if photo else None)
        if differs("photo seen", image):
            self.photo.visible, self.photo.opacity = image.visible, image.opacity
        alone = content.right is None
        self.sides["left"].apply(shown, content.left, content.tagged, "both" if alone else "left")
        self.sides["right"].apply(shown, content.right, content.tagged, "both" if alone else "right")
        if differs("mine", content.mine):
            self.mine.set_labels(None if content.mine is None else content.mine.classes)
        if differs("mine seen", (mine, content.mine is None)):
            self.mine.visible = mine.visible and content.mine is not None and mine.opacity > 0
            fill(self.mine, mine.opacity)
        if differs("curtain", not alone):
            self.canvas.set_curtain(None if alone else shown.curtain)

    def _set_size(self, photo: Photo | None) -> None:
        height, width = photo.size if photo else (0, 0)
        if (width, height) != self.canvas.image_size or self.canvas.image_size == (0, 0):
            self.canvas.set_image_size(width, height)
        else:
            self.canvas.fit()

    def highlight_nroi(self, side: str, number: int | None) -> None:
        """Let one NROI of a side stand out, or none."""
        self.sides[side].highlight_nroi(number)

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

    def hint(self, text: str) -> None:
        """Say something in the lower right corner for as long as it holds."""
        self._standing = text
        if not self._flash.isActive():
            self._hint(text)

    def flash(self, text: str) -> None:
        """Say something there for a moment."""
        self._flash.start()
        self._hint(text)

    def _hint(self, text: str) -> None:
        if text != self.tags["hint"].text:
            self.tags["hint"].say(text)
            self._place_tags()

    def hideEvent(self, event: QHideEvent) -> None:
        """A flash nobody sees is over."""
        super().hideEvent(event)
        self._flash.stop()
        self._hint(self._standing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the words in their corners."""
        super().resizeEvent(event)
        self._place_tags()

    def _place_tags(self) -> None:
        half, badge = max(8 * GRID, self.width() // 2 - 3 * GRID), self.tags["badge"]
        for corner, tag in self.tags.items():
            most = half if corner != "hint" else max(half, self.width() - self._badge_width() - 4 * GRID)
            tag.resize(tag.sizeHint().boundedTo(tag.sizeHint().__class__(most, tag.sizeHint().height())))
            tag.raise_()
        self.tags["left"].move(2 * GRID, 2 * GRID)
        self.tags["right"].move(self.width() - self.tags["right"].width() - 2 * GRID, 2 * GRID)
        badge.move(2 * GRID, self.height() - badge.height() - 2 * GRID)
        hint = self.tags["hint"]
        hint.move(self.width() - hint.width() - 2 * GRID, self.height() - hint.height() - 2 * GRID)

    def _badge_width(self) -> int:
        badge = self.tags["badge"]
        return 0 if badge.isHidden() else badge.width() + GRID

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
