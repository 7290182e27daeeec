"""What lies on the canvas, one thing above the other. A layer paints only what is asked for, in device pixels."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, QVariantAnimation, Signal

from fbr_studio.drawing import rendering
from fbr_studio.drawing.boxes import Box, is_empty
from fbr_studio.drawing.colours import Table, cam_table, class_table
from fbr_studio.drawing.disk_pyramid import DiskPyramid
from fbr_studio.drawing.pyramid import LabelPyramid, Levels, PixelPyramid
from fbr_studio.drawing.rendering import Argb, Frame

Side = Literal["both", "left", "right"]
FADE_MS = 120
_PATIENCE_S = 0.012
_SLICE_S = 0.008


class Part(NamedTuple):
    """A box in a grid of ``height`` x ``width`` that is stretched over the image."""

    box: Box
    height: int
    width: int


class Layer(QObject):
    """Base of the layers. ``changed`` says what must be painted again: a `Part`, or None for all.

    ``side`` is the side of the curtain it lies on; without a curtain all layers are whole.
    """

    changed = Signal(object)

    def __init__(self, name: str = "", parent: QObject | None = None, *, side: Side = "both") -> None:
        super().__init__(parent)
        self.name = name
        self._visible, self._opacity, self._side = True, 1.0, side
        self._fade: QVariantAnimation | None = None

    @property
    def visible(self) -> bool:
        """Whether it is painted."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.set_visible(visible)

    def set_visible(self, visible: bool) -> None:
        """Show or hide it at once."""
        if visible != self._visible:
            self._visible = visible
            self.changed.emit(None)

    @property
    def opacity(self) -> float:
        """From 0 (clear) to 1."""
        return self._opacity

    @opacity.setter
    def opacity(self, opacity: float) -> None:
        self.set_opacity(opacity)

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity at once; a fade ends."""
        self._stop_fade()
        self._show_opacity(opacity)

    def fade_to(self, opacity: float, milliseconds: int = FADE_MS) -> None:
        """Go to the opacity step by step."""
        self._stop_fade()
        fade = QVariantAnimation(self)
        fade.setDuration(milliseconds)
        fade.setStartValue(self._opacity)
        fade.setEndValue(float(min(max(opacity, 0.0), 1.0)))
        fade.valueChanged.connect(self._show_opacity)
        self._fade = fade
        fade.start()

    @property
    def side(self) -> Side:
        """The side of the curtain it lies on."""
        return self._side

    @side.setter
    def side(self, side: Side) -> None:
        self.set_side(side)

    def set_side(self, side: Side) -> None:
        """Put it on one side of the curtain, or on both."""
        if side != self._side:
            self._side = side
            self.changed.emit(None)

    def render(self, frame: Frame) -> Argb | None:
        """Return the pixels of ``frame`` (which lies on the image), alpha multiplied in; None if all are clear."""
        raise NotImplementedError

    def _show_opacity(self, opacity: float) -> None:
        opacity = min(max(float(opacity), 0.0), 1.0)
        if opacity != self._opacity:
            self._opacity = opacity
            self.changed.emit(None)

    def _stop_fade(self) -> None:
        if self._fade is not None:
            self._fade.stop()
            self._fade.deleteLater()
            self._fade = None


class _PyramidLayer(Layer):
    """A layer over a pyramid: what takes long to make is shown roughly first and made in slices between events."""

    def __init__(self, name: str = "", parent: QObject | None = None, *, side: Side = "both") -> None:
        super().__init__(name, parent, side=side)
        self._source: Levels | None = None
        self._wanted: tuple[int, Box] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._go_on)

    @property
    def complete(self) -> bool:
        """Whether what was last painted is as sharp as it gets."""
        return self._wanted is None

    def _replace(self, source: Levels | None) -> None:
        self._source = source
        self._wanted = None
        self._later.stop()
        self.changed.emit(None)

    def _want(self, frame: Frame) -> None:
        if self._source is not None:
            self._wanted = rendering.level_and_box(self._source, frame)
            self._later.start(0)

    def _go_on(self) -> None:
        if self._source is None or self._wanted is None:
            return
        if self._source.advance(*self._wanted, _SLICE_S):
            self._wanted = None
            self.changed.emit(None)
        else:
            self._later.start(0)


class ImageLayer(_PyramidLayer):
    """The photo. Pixels of another size than the image's (a preview) are stretched over it."""

    def set_pixels(self, pixels: PixelPyramid | DiskPyramid | None) -> None:
        """Show this photo, or none. Call `PixelPyramid.build` in the thread that decoded it."""
        self._replace(pixels)

    def render(self, frame: Frame) -> Argb | None:
        """Return the photo."""
        if self._source is None:
            return None
        pixels, complete = rendering.photo(self._source, frame, _PATIENCE_S)
        if not complete:
            self._want(frame)
        return pixels


class LabelLayer(_PyramidLayer):
    """A mask: coloured by a table, with an outline of one device pixel at any zoom."""

    def __init__(self, name: str = "", parent: QObject | None = None, *, side: Side = "both") -> None:
        super().__init__(name, parent, side=side)
        self._labels: LabelPyramid | None = None
        self._outlined = True
        self._set_table(class_table())

    def set_labels(
        self, labels: npt.NDArray[np.uint8] | LabelPyramid | None, table: Table | None = None, outline: bool = True
    ) -> None:
        """Show labels of any resolution over the whole image, or none.

        The array is shared: after it changed, call `update_labels`. A `LabelPyramid` built in another thread saves
        the GUI thread the work. Without ``table`` the last one stays. The outline takes the table's colours, opaque.
        """
        if table is not None:
            self._set_table(table)
        self._outlined = outline
        self._labels = LabelPyramid(labels) if isinstance(labels, np.ndarray) else labels
        self._replace(self._labels)

    def set_table(self, table: Table) -> None:
        """Colour the labels by another table (256 x 4)."""
        self._set_table(table)
        self.changed.emit(None)

    def update_labels(self, box: Box | None = None) -> None:
        """Follow a change of the shared array in ``box``, in pixels of the array; None for all of it."""
        if self._labels is None:
            return
        height, width = self._labels.shape
        box = (0, 0, height, width) if box is None else box
        if not is_empty(box):
            self._labels.update(box)
            self.changed.emit(Part(box, height, width))

    def render(self, frame: Frame) -> Argb | None:
        """Return fill and outline."""
        if self._source is None:
            return None
        outline = self._outline if self._outlined else None
        pixels, complete = rendering.labels(self._source, frame, self._fill, outline, _PATIENCE_S)
        if not complete:
            self._want(frame)
        return pixels

    def _set_table(self, table: Table) -> None:
        opaque = table.copy()
        opaque[:, 3] = np.where(table[:, 3] > 0, 255, 0)
        self._fill, self._outline = rendering.lookup(table), rendering.lookup(opaque)


class HeatLayer(Layer):
    """A small map of values 0 to 255, such as a CAM, stretched smoothly over the image."""

    def __init__(self, name: str = "", parent: QObject | None = None, *, side: Side = "both") -> None:
        super().__init__(name, parent, side=side)
        self._values: npt.NDArray[np.uint8] | None = None
        self._colours = rendering.lookup(cam_table())

    def set_values(self, values: npt.NDArray[np.uint8] | None, table: Table | None = None) -> None:
        """Show these values (h x w), or none; its outermost samples lie on the image's outermost pixels."""
        if values is not None and (values.ndim != 2 or 0 in values.shape or values.dtype != np.uint8):
            raise ValueError(f"values are uint8 h x w, not {values.dtype} {values.shape}")
        if table is not None:
            self._colours = rendering.lookup(table)
        self._values = values
        self.changed.emit(None)

    def set_table(self, table: Table) -> None:
        """Colour the values by another table (256 x 4)."""
        self._colours = rendering.lookup(table)
        self.changed.emit(None)

    def render(self, frame: Frame) -> Argb | None:
        """Return the coloured values."""
        return None if self._values is None else rendering.heat(self._values, frame, self._colours)
