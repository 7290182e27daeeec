"""The line below the canvas: what is under the pointer, or which image this is."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.pane import Pane
from fbr_studio.rooms.review.readout import Readout, as_html, as_text, read_pixel
from fbr_studio.rooms.review.viewer import Viewer
from fbr_studio.widgets.theme import small_font, theme

Point = tuple[float, float]


class PointerLine(QLabel):
    """Reads what the panes show; the NROI under the pointer stands out in them."""

    def __init__(self, desk: ReviewDesk, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._viewer = desk, viewer
        self._named: int | None = None
        self._last: tuple[Pane, Point] | None = None
        self.setProperty("kind", "muted")
        self.setFont(small_font(self))
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAccessibleName("Under the pointer")
        self.setMinimumWidth(1)
        viewer.hovered.connect(self._hover)

    def show_image(self) -> None:
        """Name the image, if it is another one; else read again what is under the pointer."""
        if self._desk.image_id != self._named:
            self._named, self._last = self._desk.image_id, None
            self.setText(self._at_rest())
        elif self._last is not None:
            self._hover(*self._last)

    def say_loading(self) -> None:
        """Say that another image is on its way, if it is."""
        if self._desk.loader.busy:
            self._named = self._last = None
            self.setText("Loading")

    def _hover(self, pane: Pane, point: Point | None) -> None:
        self._last = (pane, point) if point is not None else None
        found = self._read(pane, point) if point is not None else None
        self.setText(as_html(found, theme().muted.name()) if found else self._at_rest())
        self.setToolTip(as_text(found) if found else "")
        number = found.nroi if found is not None and self._desk.shown.layer("nroi").visible else None
        for other in self._viewer.panes:
            for side in ("left", "right"):
                other.highlight_nroi(side, number if other is pane and side == _side(pane, point) else None)

    def _at_rest(self) -> str:
        """Return the image's name and size."""
        material = self._desk.material
        if material is None:
            return ""
        size = f"&nbsp;&nbsp;&nbsp;{material.photo.size[1]} x {material.photo.size[0]} px" if material.photo else ""
        return html.escape(material.image.path.encode("utf-8", "replace").decode()) + size

    def _read(self, pane: Pane, point: Point) -> Readout | None:
        desk, content = self._desk, pane.content
        if content is None or content.photo is None or desk.material is None:
            return None
        run = content.left if _side(pane, point) == "left" else content.right
        mine = content.mine if desk.shown.layer("mine").visible else None
        mine = mine if mine is not None and mine.shape == content.photo.size else None
        run_mask = run.mask if run is not None else None
        return read_pixel(
            int(point[0]),
            int(point[1]),
            content.photo.size,
            names=desk.names,
            tagged=content.tagged,
            maps=run.look.maps if run is not None else None,
            labels=mine.classes if mine is not None else run_mask,
            source=mine.source if mine is not None else None,
        )


def _side(pane: Pane, point: Point | None) -> str:
    """Return on which side of the curtain a point lies."""
    curtain = pane.canvas.curtain
    if curtain is None or point is None:
        return "left"
    return "left" if pane.canvas.view_point(*point).x() < curtain * pane.canvas.viewport().width() else "right"
