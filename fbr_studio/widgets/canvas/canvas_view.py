"""The canvas: layers over one image, with pan, zoom, brush strokes and a curtain."""

from __future__ import annotations

from math import ceil, floor
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from fbr_studio.widgets.canvas.curtain import CurtainHandle
from fbr_studio.widgets.canvas.layer_view import LayerView
from fbr_studio.widgets.canvas.view_state import ViewState
from fbr_studio.widgets.theme import GRID, theme

__all__ = ["CanvasView", "ViewState"]

Mode = Literal["pan", "draw"]
_ARROW_STEP = 8 * GRID
_KEY_ZOOM = 1.25
_WHEEL_DOUBLES = 400.0  # eighths of a degree
_CLICK_REACH = 4


class CanvasView(LayerView):
    """A view one can paint on: turns mouse and keys into strokes, clicks, pan and zoom.

    ``hovered`` gives (x, y) in image pixels, or None outside of the image; ``stroke_began`` x, y and the keyboard's
    modifiers. Strokes may begin and go outside of the image.
    """

    hovered = Signal(object)
    stroke_began = Signal(float, float, object)
    stroke_moved = Signal(float, float)
    stroke_ended = Signal()
    stroke_cancelled = Signal()
    clicked = Signal(float, float)
    curtain_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = "pan"
        self._radius: float | None = None
        self._pointer: QPointF | None = None
        self._stroking = False
        self._space = False
        self._pan_from: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._handle = CurtainHandle(self)
        self._handle.moved.connect(self._curtain_dragged)
        self._handle.wheeled.connect(self._handle_wheeled)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Canvas")
        self._set_cursor()

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

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Keep the circle under the pointer."""
        self._update_circle()
        super().scrollContentsBy(dx, dy)
        self._update_circle()
        self._hover()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the curtain at its share of the width."""
        super().resizeEvent(event)
        self._place_curtain()

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
