"""Layers over one image, seen through a view that pans and zooms.

The view's own cached background holds the layers at the screen's resolution. What changed is painted again, what
was only covered or moved is copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QRegion, QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.rendering import Frame
from fbr_studio.widgets.canvas.layers import Layer, Part
from fbr_studio.widgets.canvas.view_state import ViewState
from fbr_studio.widgets.canvas.viewport_math import Look
from fbr_studio.widgets.theme import GRID, theme

_MARGIN = 2 * GRID
# Around a changed box: outline, rounding and the coarser pixels of lower levels.
_SPILL = 3
_MOST_PARTS = 8


class LayerView(QGraphicsView):
    """Shows layers over an image of any size. Scene coordinates are image pixels, so items may be added to `scene`.

    Image coordinates are floats: pixel (column, row) reaches from (column, row) to (column + 1, row + 1).
    """

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self._look = Look()
        self._layers: list[Layer] = []
        self._fitted = True
        self._curtain: float | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)

    # What is shown

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of the image, (0, 0) without one."""
        return self._look.width, self._look.height

    def set_image_size(self, width: int, height: int) -> None:
        """Lay the layers over an image of that size, and fit it into the view."""
        self._look.width, self._look.height = width, height
        self.fit()
        self._repaint()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers from the lowest to the highest."""
        return tuple(self._layers)

    def add_layer(self, layer: Layer) -> None:
        """Lay a layer over the others. One without a parent becomes the view's."""
        if layer in self._layers:
            return
        if layer.parent() is None:
            layer.setParent(self)
        self._layers.append(layer)
        layer.changed.connect(self._layer_changed)
        self._repaint()

    def remove_layer(self, layer: Layer) -> None:
        """Take a layer away; it is not deleted."""
        self._layers.remove(layer)
        layer.changed.disconnect(self._layer_changed)
        self._repaint()

    # Where the view looks

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel: 1 shows each pixel of the image on one of the screen."""
        return self._look.zoom

    def set_zoom(self, scale: float) -> None:
        """Zoom around the middle of the view."""
        self.zoom_by(scale / self._look.zoom)

    def zoom_by(self, factor: float, around: QPointF | QPoint | None = None) -> None:
        """Zoom by a factor; the image point under ``around`` (viewport coordinates) stays there."""
        ratio, middle = self._ratio(), QPointF(self.viewport().width() / 2, self.viewport().height() / 2)
        away = (QPointF(around) - middle) * ratio if around is not None else QPointF()
        self._fitted = False
        self._look.zoom_to(self._look.zoom * factor, self._look.fit_zoom(*self._room()), away.x(), away.y())
        self._place()
        self.view_changed.emit()

    def fit(self) -> None:
        """Show the whole image, and go on doing so when the view's size changes."""
        self._fitted = True
        self._look.fit(*self._room())
        self._place()
        self.view_changed.emit()

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the view over the image, in viewport pixels."""
        scale = self._look.zoom / self._ratio()
        self._fitted = False
        self._look.move_to(self._look.centre_x + dx / scale, self._look.centre_y + dy / scale)
        self._place()
        self.view_changed.emit()

    def view_state(self) -> ViewState:
        """Return where the view looks."""
        return self._look.state

    def set_view_state(self, state: ViewState) -> None:
        """Look there; ``view_changed`` stays silent, so linked canvases do not answer each other."""
        if state == self._look.state:
            return
        self._fitted = False
        self._look.zoom = state.zoom
        self._look.move_to(state.centre_x, state.centre_y)
        self._place()

    def image_point(self, position: QPointF | QPoint) -> tuple[float, float]:
        """Return the image coordinates of a point of the viewport; they may lie outside of the image."""
        transform = self.viewportTransform()
        position = QPointF(position)
        return (position.x() - transform.dx()) / transform.m11(), (position.y() - transform.dy()) / transform.m22()

    def view_point(self, x: float, y: float) -> QPointF:
        """Return the viewport coordinates of an image point."""
        transform = self.viewportTransform()
        return QPointF(x * transform.m11() + transform.dx(), y * transform.m22() + transform.dy())

    def visible_box(self) -> Box:
        """Return the part of the image in sight: top, left, bottom, right in image pixels."""
        left, top = self.image_point(QPointF(0, 0))
        right, bottom = self.image_point(QPointF(self.viewport().width(), self.viewport().height()))
        width, height = self.image_size
        return (
            min(max(floor(top), 0), height),
            min(max(floor(left), 0), width),
            min(max(ceil(bottom), 0), height),
            min(max(ceil(right), 0), width),
        )

    # Painting

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint the layers in ``rect``; Qt keeps the result until something changes."""
        painter.save()
        painter.resetTransform()
        exposed = painter.clipRegion() if painter.hasClipping() else QRegion(self.viewport().rect())
        # Panning exposes two strips: painted one by one, they cost less than the rectangle around both.
        few = exposed.rectCount() <= _MOST_PARTS
        parts = cast(Iterable[QRect], exposed) if few else (exposed.boundingRect(),)
        for part in parts:
            self._paint_part(painter, part.intersected(self.viewport().rect()))
        painter.restore()

    def _paint_part(self, painter: QPainter, part: QRect) -> None:
        ratio, transform = self._ratio(), self.viewportTransform()
        frame = Frame(
            left=floor(part.left() * ratio),
            top=floor(part.top() * ratio),
            right=ceil((part.left() + part.width()) * ratio),
            bottom=ceil((part.top() + part.height()) * ratio),
            origin_x=transform.dx() * ratio,
            origin_y=transform.dy() * ratio,
            zoom=transform.m11() * ratio,
            image_width=self._look.width,
            image_height=self._look.height,
        )
        painter.setOpacity(1.0)
        painter.fillRect(part, theme().canvas)
        for layer in self._layers:
            if layer.visible and layer.opacity > 0:
                self._paint_layer(painter, layer, frame, ratio)

    def _paint_layer(self, painter: QPainter, layer: Layer, frame: Frame, ratio: float) -> None:
        frame = self._of_side(layer, frame.on_image(), ratio)
        pixels = None if frame.empty else layer.render(frame)
        if pixels is None:
            return
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        painter.setOpacity(layer.opacity)
        painter.drawImage(QPointF(frame.left / ratio, frame.top / ratio), image)

    def _of_side(self, layer: Layer, frame: Frame, ratio: float) -> Frame:
        if self._curtain is None or layer.side == "both":
            return frame
        at = round(self._curtain * self.viewport().width() * ratio)
        left, right = (frame.left, at) if layer.side == "left" else (at, frame.right)
        return frame.within(left, frame.top, right, frame.bottom)

    def _layer_changed(self, part: Part | None) -> None:
        if part is None:
            self._repaint()
            return
        width, height = self.image_size
        top, left, bottom, right = part.box
        across, along = width / part.width, height / part.height
        first, last = self.view_point(left * across, top * along), self.view_point(right * across, bottom * along)
        self._repaint(QRectF(first, last).toAlignedRect().adjusted(-_SPILL, -_SPILL, _SPILL, _SPILL))

    def _repaint(self, rect: QRect | None = None) -> None:
        """Paint the layers again, in all of the viewport or a part of it."""
        if rect is None:
            self.resetCachedContent()
            self.viewport().update()
            return
        rect = rect.intersected(self.viewport().rect())
        if not rect.isEmpty():
            corner, scale = self.image_point(rect.topLeft()), self.viewportTransform().m11()
            area = QRectF(*corner, rect.width() / scale, rect.height() / scale)
            self.invalidateScene(area, QGraphicsScene.SceneLayer.BackgroundLayer)

    def _ratio(self) -> float:
        return self.viewport().devicePixelRatioF()

    def _room(self) -> tuple[float, float]:
        """Return the device pixels an image is fitted into."""
        ratio, size = self._ratio(), self.viewport().size()
        return max(size.width() - 2 * _MARGIN, 1) * ratio, max(size.height() - 2 * _MARGIN, 1) * ratio

    def _place(self) -> None:
        """Bring Qt's transform and scroll bars in line with where the view looks."""
        scale, size = self._look.zoom / self._ratio(), self.viewport().size()
        if self.transform().m11() != scale:
            self.setTransform(QTransform.fromScale(scale, scale))
        # Half a view around the image lets its corners reach the middle.
        beyond_x, beyond_y = (size.width() / 2 + 2) / scale, (size.height() / 2 + 2) / scale
        width, height = self.image_size
        area = QRectF(-beyond_x, -beyond_y, width + 2 * beyond_x, height + 2 * beyond_y)
        if self.sceneRect() != area:
            self.setSceneRect(area)
        self.horizontalScrollBar().setValue(round(self._look.centre_x * scale - size.width() / 2))
        self.verticalScrollBar().setValue(round(self._look.centre_y * scale - size.height() / 2))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move the picture; with a curtain, or on screens of fractional scale, it must be painted again."""
        super().scrollContentsBy(dx, dy)
        if self._curtain is not None or self._ratio() != round(self._ratio()):
            self._repaint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the image fitted, or the same point in the middle."""
        super().resizeEvent(event)
        if self._fitted:
            self._look.fit(*self._room())
        self._place()
        self.view_changed.emit()

    def event(self, event: QEvent) -> bool:
        """Follow a move to a screen of another scale."""
        done = super().event(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._place()
            self._repaint()
        return done

    def changeEvent(self, event: QEvent) -> None:
        """Follow dark and light."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._repaint()
