"""The canvas: layers over one image, with pan, zoom, brush strokes and a curtain.

The view's own cached background holds the layers at the screen's resolution. What changed is painted again, what
was only covered or moved is copied.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QRegion,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.rendering import Frame
from fbr_studio.widgets.canvas.curtain import CurtainHandle
from fbr_studio.widgets.canvas.layers import Layer, Part
from fbr_studio.widgets.canvas.view_state import ViewState
from fbr_studio.widgets.canvas.viewport_math import Look
from fbr_studio.widgets.theme import GRID, theme

__all__ = ["CanvasView", "ViewState"]

Mode = Literal["pan", "draw"]
_MARGIN = 2 * GRID
_ARROW_STEP = 8 * GRID
_KEY_ZOOM = 1.25
_WHEEL_DOUBLES = 400.0  # eighths of a degree
_CLICK_REACH = 4
# Around a changed box: outline, rounding and the coarser pixels of lower levels.
_SPILL = 3
_MOST_PARTS = 8


class CanvasView(QGraphicsView):
    """Shows layers over an image of any size. Scene coordinates are image pixels, so items may be added to `scene`.

    Image coordinates are floats: pixel (column, row) reaches from (column, row) to (column + 1, row + 1).
    """

    hovered = Signal(object)
    stroke_began = Signal(float, float, object)
    stroke_moved = Signal(float, float)
    stroke_ended = Signal()
    stroke_cancelled = Signal()
    clicked = Signal(float, float)
    view_changed = Signal()
    curtain_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self._look = Look()
        self._layers: list[Layer] = []
        self._fitted = True
        self._mode: Mode = "pan"
        self._radius: float | None = None
        self._pointer: QPointF | None = None
        self._stroking = False
        self._space = False
        self._pan_from: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._curtain: float | None = None
        self._handle = CurtainHandle(self)
        self._handle.moved.connect(self._curtain_dragged)
        self._handle.wheeled.connect(self._handle_wheeled)
        self._set_up()

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Canvas")
        self._set_cursor()

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

    # Tools and curtain

    def set_tool(self, mode: Mode, radius: float | None = None) -> None:
        """Let the left button pan, or draw with a round brush of that radius in image pixels (None: a cross)."""
        if mode != "draw":
            self.cancel_stroke()
        self._update_circle()
        self._mode, self._radius = mode, radius
        self._set_cursor()
        self._update_circle()

    def cancel_stroke(self) -> bool:
        """End a stroke in progress with ``stroke_cancelled``; return whether there was one."""
        if not self._stroking:
            return False
        self._stroking = False
        self.stroke_cancelled.emit()
        return True

    @property
    def curtain(self) -> float | None:
        """The curtain's place as a share of the view's width, or None."""
        return self._curtain

    def set_curtain(self, x: float | None) -> None:
        """Put the curtain at that share of the view's width, or take it away."""
        if x is not None:
            x = min(max(x, 0.0), 1.0)
        if x == self._curtain:
            return
        before, self._curtain = self._curtain, x
        self._handle.setVisible(x is not None)
        self._place_curtain()
        if before is None or x is None:
            self._repaint()
        else:
            edges = sorted((before * self.viewport().width(), x * self.viewport().width()))
            self._repaint(QRect(floor(edges[0]) - 1, 0, ceil(edges[1] - edges[0]) + 3, self.viewport().height()))

    # Painting

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint the layers in ``rect``; Qt keeps the result until something changes."""
        painter.save()
        painter.resetTransform()
        exposed = painter.clipRegion() if painter.hasClipping() else QRegion(self.viewport().rect())
        # Panning exposes two strips: painted one by one, they cost less than the rectangle around both.
        parts = list(exposed) if exposed.rectCount() <= _MOST_PARTS else [exposed.boundingRect()]
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

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint the brush's circle."""
        circle = self._circle()
        if circle is None:
            return
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((theme().canvas, 3.0), (theme().text, 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(circle)
        painter.restore()

    def _circle(self) -> QRectF | None:
        if self._mode != "draw" or self._radius is None or self._pointer is None or self._pan_from is not None:
            return None
        reach = max(self._radius * self._look.zoom / self._ratio(), 1.5)
        return QRectF(self._pointer.x() - reach, self._pointer.y() - reach, 2 * reach, 2 * reach)

    def _update_circle(self) -> None:
        circle = self._circle()
        if circle is not None:
            self.viewport().update(circle.adjusted(-3, -3, 3, 3).toAlignedRect())

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
        self._update_circle()
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
        self._update_circle()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move the picture; with a curtain, or on screens of fractional scale, it must be painted again."""
        super().scrollContentsBy(dx, dy)
        if self._curtain is not None or self._ratio() != round(self._ratio()):
            self._repaint()
        self._hover()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the image fitted, or the same point in the middle."""
        super().resizeEvent(event)
        if self._fitted:
            self._look.fit(*self._room())
        self._place()
        self._place_curtain()
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

    def _place_curtain(self) -> None:
        if self._curtain is not None:
            self._handle.place(self._curtain, self.viewport().width(), self.viewport().height())
            self._handle.raise_()

    def _curtain_dragged(self, share: float) -> None:
        self.set_curtain(share)
        self.curtain_moved.emit(share)

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke or a pan."""
        self._pointer = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        if self._stroking or self._pan_from is not None:
            event.accept()
        elif event.button() == Qt.MouseButton.MiddleButton or (left and (self._space or self._mode == "pan")):
            self._update_circle()
            self._pan_from = event.position()
            self._pressed_at = event.position() if left and not self._space else None
            self._set_cursor()
            event.accept()
        elif left:
            self._stroking = True
            self.stroke_began.emit(*self.image_point(event.position()), event.modifiers())
            event.accept()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Count as a press: two quick dabs are two dabs."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke or the pan."""
        self._update_circle()
        self._pointer = event.position()
        if self._pan_from is not None:
            self._pan(event.position())
        elif self._stroking:
            self.stroke_moved.emit(*self.image_point(event.position()))
        self._update_circle()
        self._hover()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke or the pan."""
        if self._pan_from is not None and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pan_from = None
            pressed, self._pressed_at = self._pressed_at, None
            self._set_cursor()
            if pressed is not None:
                self.clicked.emit(*self.image_point(pressed))
        elif self._stroking and event.button() == Qt.MouseButton.LeftButton:
            self._stroking = False
            self.stroke_ended.emit()
        event.accept()

    def _pan(self, position: QPointF) -> None:
        if self._pan_from is None:
            return
        if self._pressed_at is not None:
            if (position - self._pressed_at).manhattanLength() < _CLICK_REACH:
                return
            self._pressed_at = None
        moved, self._pan_from = self._pan_from - position, position
        self.pan_by(moved.x(), moved.y())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; with Shift, scroll."""
        self._wheel(event, event.position())

    def _handle_wheeled(self, event: QWheelEvent) -> None:
        self._wheel(event, self._handle.mapToParent(event.position()))

    def _wheel(self, event: QWheelEvent, position: QPointF) -> None:
        event.accept()
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            moved = event.pixelDelta() if not event.pixelDelta().isNull() else turned / 2
            # A wheel has one axis: with Shift it scrolls sideways.
            dx, dy = (moved.x(), moved.y()) if moved.x() else (moved.y(), 0)
            self.pan_by(-dx, -dy)
        elif turned.y():
            self.zoom_by(2 ** (turned.y() / _WHEEL_DOUBLES), position)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the circle and tell that nothing is under the pointer."""
        self._update_circle()
        self._pointer = None
        self.hovered.emit(None)
        super().leaveEvent(event)

    def _hover(self) -> None:
        if self._pointer is None:
            return
        x, y = self.image_point(self._pointer)
        width, height = self.image_size
        self.hovered.emit((x, y) if 0 <= x < width and 0 <= y < height else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, plus and minus zoom, Space makes the left button pan, Esc takes back a stroke in progress."""
        pans = {
            Qt.Key.Key_Left: (-_ARROW_STEP, 0),
            Qt.Key.Key_Right: (_ARROW_STEP, 0),
            Qt.Key.Key_Up: (0, -_ARROW_STEP),
            Qt.Key.Key_Down: (0, _ARROW_STEP),
        }
        zooms = {Qt.Key.Key_Plus: _KEY_ZOOM, Qt.Key.Key_Equal: _KEY_ZOOM, Qt.Key.Key_Minus: 1 / _KEY_ZOOM}
        key = Qt.Key(event.key())
        if key in pans:
            self.pan_by(*pans[key])
        elif key in zooms:
            self.zoom_by(zooms[key])
        elif key == Qt.Key.Key_Space:
            self._space = True
            self._set_cursor()
        elif key != Qt.Key.Key_Escape or not self.cancel_stroke():
            event.ignore()
            return
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of Space."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._set_cursor()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a held Space: its release goes elsewhere."""
        self._space = False
        self._set_cursor()
        super().focusOutEvent(event)

    def _set_cursor(self) -> None:
        if self._pan_from is not None and self._pressed_at is None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or self._mode == "pan":
            shape = Qt.CursorShape.OpenHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        self.viewport().setCursor(shape)
