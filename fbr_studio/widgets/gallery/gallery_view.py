"""The gallery: a scrolling view of images that costs what its visible page costs, whatever their number."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QScrollBar, QToolTip, QWidget

from fbr_studio.widgets.gallery.cell import CellSource, ThumbnailSource, describe
from fbr_studio.widgets.gallery.cell_painter import CellPainter, Look
from fbr_studio.widgets.gallery.cell_shelf import CellShelf
from fbr_studio.widgets.gallery.dropped_paths import dropped_paths
from fbr_studio.widgets.gallery.id_order import IdOrder, Ids
from fbr_studio.widgets.gallery.layout import GalleryLayout, Step
from fbr_studio.widgets.gallery.rubber_band import RubberBand, edge_push
from fbr_studio.widgets.gallery.selection import Selection
from fbr_studio.widgets.gallery.thumbnail_feed import ThumbnailFeed
from fbr_studio.widgets.theme import small_font, theme

Orientation = Literal["grid", "strip"]
SMALLEST, LARGEST, SIDE_STEP = 96, 320, 16  # px of a thumbnail's side
_THROTTLE_MS = 100
_ASK_MS = 15
_EDGE_MS = 30
_NOTCH = 120  # QWheelEvent.angleDelta of one click of a wheel
_STEPS: dict[int, Step] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
    Qt.Key.Key_PageUp: "page_up",
    Qt.Key.Key_PageDown: "page_down",
}
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class GalleryView(QAbstractScrollArea):
    """Images by id, as a grid or as a strip of one row.

    It reads cells and thumbnails for the page in view and one page around it. A click, or a move by key, makes an
    image the current one and the only selected one; Ctrl and Shift select more.
    """

    current_changed = Signal(object)
    selection_changed = Signal()
    activated = Signal(int)
    visible_changed = Signal(list)
    files_dropped = Signal(list)
    context_requested = Signal(int, QPoint)
    thumbnail_side_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = CellShelf()
        self._feed = ThumbnailFeed(self)
        self._feed.arrived.connect(self._show_thumbnail)
        self._selection = Selection()
        self._orientation: Orientation = "grid"
        self._side = 160
        self._painter = CellPainter(small_font(self), self._side, chips=True)
        self._layout = GalleryLayout(0, self._painter.width, self._painter.height, 1, 1)
        self._band: RubberBand | None = None
        self._turned = 0.0
        self._told_visible: list[int] = []
        self._ask_timer = self._timer(_ASK_MS, self._ask)
        self._visible_timer = self._timer(_THROTTLE_MS, self._tell_visible)
        self._edge_timer = self._timer(_EDGE_MS, self._pull_band_by_edge)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Images")
        self._apply_orientation()

    # What is shown

    def set_ids(self, ids: Sequence[int] | Ids) -> None:
        """Show these images in this order. The current image keeps its place on the screen if it is still there."""
        with self._telling():
            with self._keeping_place():
                self._selection.reorder(IdOrder(ids))
                self._lay_out()
            self._describe_current()

    def set_source(self, source: CellSource | None) -> None:
        """Take what cells show from ``source``."""
        self._cells.set_source(source)
        self.viewport().update()

    def set_thumbnails(self, source: ThumbnailSource | None) -> None:
        """Take thumbnails from ``source``."""
        self._feed.set_source(source)
        self._ask_timer.start()
        self.viewport().update()

    def refresh(self, ids: Iterable[int] | None = None) -> None:
        """Read some cells, or all, anew."""
        self._cells.forget(ids)
        self._describe_current()
        self.viewport().update()

    def reload_thumbnails(self, ids: Iterable[int] | None = None) -> None:
        """Load some thumbnails, or all, anew, also those that failed."""
        self._feed.drop(ids)
        self._ask_timer.start()
        self.viewport().update()

    def visible_ids(self) -> list[int]:
        """Return the ids in view, in order, also those only partly in view."""
        return self._ids(self._layout.visible(self._scroll))

    @property
    def thumbnail_side(self) -> int:
        """Side of the square a thumbnail is fitted into, 96 to 320 px."""
        return self._side

    @thumbnail_side.setter
    def thumbnail_side(self, side: int) -> None:
        side = max(SMALLEST, min(LARGEST, int(side)))
        if side != self._side:
            self._side = side
            self._resize_cells()
            self.thumbnail_side_changed.emit(side)

    @property
    def orientation(self) -> Orientation:
        """``grid``, or ``strip`` for one horizontal row without tags."""
        return self._orientation

    @orientation.setter
    def orientation(self, orientation: Orientation) -> None:
        if orientation != self._orientation:
            with self._keeping_place():
                self._bar.setRange(0, 0)
                self._orientation = orientation
                self._apply_orientation()
                self._measure()

    # Current and selected

    @property
    def current_id(self) -> int | None:
        """The image that has the focus of the gallery."""
        return self._selection.current

    def set_current(self, id: int | None, reveal: bool = True) -> None:
        """Make an image current and, unless it is among the selected, the only selected one.

        An id that is not shown is ignored. ``reveal`` scrolls as little as shows all of it.
        """
        if id is not None and self._selection.order.index(id) is None:
            return
        with self._telling():
            self._selection.make_current(id)
        if reveal:
            self._reveal()

    def selected_ids(self) -> list[int]:
        """Return the selected ids in the gallery's order."""
        return self._selection.order.present(self._selection.selected)

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly those of ``ids`` that are shown; the current image stays."""
        with self._telling():
            self._selection.replace(ids)

    def select_all(self) -> None:
        """Select every image, in view or not."""
        with self._telling():
            self._selection.replace_all()

    def clear_selection(self) -> None:
        """Select none; the current image stays."""
        self.select(())

    # Layout and scrolling

    def sizeHint(self) -> QSize:
        """Return four cells by three; in a strip, the height of one cell and its scroll bar."""
        if self._orientation == "strip":
            return QSize(self._painter.width * 4, self.minimumSizeHint().height())
        return QSize(self._painter.width * 4, self._painter.height * 3)

    def minimumSizeHint(self) -> QSize:
        """Return the size of one cell and the scroll bar."""
        bar = self._bar.sizeHint()
        if self._orientation == "strip":
            return QSize(self._painter.width, self._painter.height + bar.height())
        return QSize(self._painter.width + bar.width(), self._painter.height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew; what was at the top stays there."""
        super().resizeEvent(event)
        with self._keeping_place():
            self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is painted; only what comes into view is painted anew."""
        if self._band is not None or self.devicePixelRatioF() % 1:
            self.viewport().update()
        else:
            self.viewport().scroll(dx, dy)
        self._moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll along the gallery; with Ctrl, change the thumbnails' side."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & _CTRL:
            self._turned += turn / _NOTCH
            steps = int(self._turned)
            self._turned -= steps
            self.thumbnail_side += steps * SIDE_STEP
        else:
            pixels = event.pixelDelta().y() or event.pixelDelta().x()
            by = pixels or turn * self._bar.singleStep() / _NOTCH
            self._bar.setValue(self._scroll - round(by))
        event.accept()

    @property
    def _bar(self) -> QScrollBar:
        return self.horizontalScrollBar() if self._orientation == "strip" else self.verticalScrollBar()

    @property
    def _scroll(self) -> int:
        return self._bar.value()

    def _apply_orientation(self) -> None:
        strip = self._orientation == "strip"
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(needed if strip else off)
        self.setVerticalScrollBarPolicy(off if strip else needed)

    def _resize_cells(self) -> None:
        """Measure cells anew (side, font, orientation); the current image stays on the screen."""
        with self._keeping_place():
            self._measure()

    def _measure(self) -> None:
        self._painter = CellPainter(small_font(self), self._side, chips=self._orientation == "grid")
        self.updateGeometry()
        self._lay_out()

    def _lay_out(self) -> None:
        view, painter = self.viewport().size(), self._painter
        strip = self._orientation == "strip"
        count = len(self._selection.order)
        self._layout = GalleryLayout(count, painter.width, painter.height, view.width(), view.height(), strip)
        self._bar.setRange(0, self._layout.scroll_end)
        self._bar.setPageStep(view.width() if strip else view.height())
        self._bar.setSingleStep(painter.width if strip else max(1, painter.height // 2))
        self._moved()

    def _moved(self) -> None:
        if self.isVisible():
            self._ask_timer.start()
            if not self._visible_timer.isActive():
                self._visible_timer.start()

    def _offset(self) -> QPoint:
        """Return what is added to a point of the content to find it in the viewport."""
        if self._orientation == "strip":
            return QPoint(-self._scroll, max(0, (self.viewport().height() - self._painter.height) // 2))
        return QPoint(0, -self._scroll)

    def _box(self, index: int) -> QRect:
        """Return where the cell at ``index`` lies in the viewport."""
        return QRect(*self._layout.box(index)).translated(self._offset())

    def _index_at(self, position: QPoint) -> int | None:
        point = position - self._offset()
        return self._layout.index_at(point.x(), point.y())

    def _ids(self, indexes: range) -> list[int]:
        ids: list[int] = self._selection.order.ids[indexes.start : indexes.stop].tolist()
        return ids

    def _places_on_screen(self) -> dict[int, int]:
        """Return where the cells in view begin along the scrolling direction, the current one first."""
        boxes = {i: self._layout.box(i) for i in self._layout.visible(self._scroll)}
        strip = self._orientation == "strip"
        places = {self._selection.order[i]: (b.x if strip else b.y) - self._scroll for i, b in boxes.items()}
        if self.current_id in places:
            return {self.current_id: places[self.current_id]} | places
        return places

    @contextmanager
    def _keeping_place(self) -> Iterator[None]:
        """Scroll after the block so that what was in view, the current image first, lies where it lay."""
        places = self._places_on_screen()
        was_in_view = self.current_id in places
        yield
        for id, place in places.items():
            index = self._selection.order.index(id)
            if index is not None:
                box = self._layout.box(index)
                self._bar.setValue((box.x if self._orientation == "strip" else box.y) - place)
                break
        if was_in_view:
            self._reveal()
        self.viewport().update()

    def _reveal(self) -> None:
        index = self._selection.order.index(self.current_id)
        if index is not None:
            self._bar.setValue(self._layout.scroll_to(index, self._scroll))

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells in view."""
        painter = QPainter(self.viewport())
        dirty = event.rect()
        painter.fillRect(dirty, theme().window)
        indexes = self._layout.visible(self._scroll)
        if not len(indexes):
            return
        self._cells.ensure(self._ids(indexes), self._ids(self._around(0.5)))
        painter.setFont(self._painter.font)
        for index in indexes:
            box = self._box(index)
            if box.intersects(dirty):
                self._draw_cell(painter, self._selection.order[index], box)
        if self._band is not None and self._band.pulled:
            self._draw_band(painter, self._band)

    def _draw_cell(self, painter: QPainter, id: int, box: QRect) -> None:
        shelf = self._feed.shelf
        current = id == self.current_id
        look = Look(id in self._selection.selected, current, current and self.hasFocus(), bool(shelf.reason(id)))
        self._painter.draw(painter, box.x(), box.y(), self._cells.get(id), shelf.pixmap(id), look)

    def _draw_band(self, painter: QPainter, band: RubberBand) -> None:
        corners = QRect(QPoint(*band.start), QPoint(*band.end)).normalized().translated(self._offset())
        fill = QColor(theme().accent)
        fill.setAlpha(40)
        painter.fillRect(corners, fill)
        painter.setPen(theme().accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(corners)

    def _update_cell(self, id: int | None) -> None:
        index = self._selection.order.index(id)
        if index is not None:
            self.viewport().update(self._box(index))

    # Thumbnails, and what is in view

    def _timer(self, interval: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(then)
        return timer

    def _around(self, pages: float) -> range:
        """Return the indexes in view and ``pages`` views before and after."""
        length = self._layout.view_width if self._orientation == "strip" else self._layout.view_height
        return self._layout.visible(self._scroll, round(length * pages))

    def _ask(self) -> None:
        if not self.isVisible():
            return
        seen, around = self._layout.visible(self._scroll), self._around(1)
        ratio = self.devicePixelRatioF()
        beside = sorted((*range(around.start, seen.start), *range(seen.stop, around.stop)), key=_distance_to(seen))
        order = self._selection.order
        self._feed.want([*self._ids(seen), *(order[i] for i in beside)], round(self._side * ratio), ratio)

    def _show_thumbnail(self, id: int) -> None:
        self._update_cell(id)

    def _tell_visible(self) -> None:
        visible = self.visible_ids()
        if self.isVisible() and visible != self._told_visible:
            self._told_visible = visible
            self.visible_changed.emit(visible)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to load."""
        super().showEvent(event)
        self._moved()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop loading, and any pulling of a rectangle."""
        super().hideEvent(event)
        self._end_band()
        for timer in (self._ask_timer, self._visible_timer):
            timer.stop()
        self._feed.want([], 0, 1.0)

    # Telling others

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Repaint and emit what the block changed of the current image and the selection."""
        current, selected = self._selection.current, self._selection.selected
        yield
        current_changed = current != self._selection.current
        if current_changed or selected != self._selection.selected:
            self.viewport().update()
            self._describe_current()
        if selected != self._selection.selected:
            self.selection_changed.emit()
        if current_changed:
            self.current_changed.emit(self._selection.current)

    def _describe_current(self) -> None:
        order = self._selection.order
        index = order.index(self.current_id)
        if index is None or self.current_id is None:
            self.setAccessibleDescription("")
            return
        words = self._words(self.current_id)
        words += [f"{index + 1} of {len(order)}"]
        words += ["selected" if self.current_id in self._selection.selected else "not selected"]
        self.setAccessibleDescription(", ".join(words))

    def _words(self, id: int) -> list[str]:
        return describe(self._cells.get(id), self._feed.shelf.reason(id))

    def tip_of(self, id: int) -> str:
        """Return what the tooltip of an image says, as rich text."""
        lines = (line.encode("utf-8", "replace").decode("utf-8") for line in self._words(id))
        return "<qt>" + "<br>".join(html.escape(line) for line in lines) + "</qt>"

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the tooltip of the cell under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._index_at(event.pos())
            if index is None:
                QToolTip.hideText()
            else:
                text = self.tip_of(self._selection.order[index])
                QToolTip.showText(event.globalPos(), text, self.viewport(), self._box(index))
            return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme, the font and the screen."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_painter"):
            self._resize_cells()
        elif event.type() in (QEvent.Type.PaletteChange, QEvent.Type.EnabledChange):
            self.viewport().update()

    def event(self, event: QEvent) -> bool:
        """Load thumbnails anew for a screen of another resolution."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.reload_thumbnails()
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus at the current cell."""
        super().focusInEvent(event)
        self._update_cell(self.current_id)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus left."""
        super().focusOutEvent(event)
        self._update_cell(self.current_id)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, select and activate; all other keys are the parent's."""
        if not self._press_key(event.key(), event.modifiers()):
            event.ignore()

    def _press_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        if not len(self._selection.order):
            return False
        if key == Qt.Key.Key_A and modifiers == _CTRL:
            self.select_all()
        elif key == Qt.Key.Key_Escape and self._band is not None:
            self._end_band()
        elif key in _STEPS and not modifiers & Qt.KeyboardModifier.AltModifier:
            return self._step(_STEPS[key], modifiers)
        elif self.current_id is None:
            return False
        elif key == Qt.Key.Key_Space and modifiers in (Qt.KeyboardModifier.NoModifier, _CTRL):
            self._click(self._selection.order.index(self.current_id), _CTRL)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not modifiers & ~Qt.KeyboardModifier.KeypadModifier:
            self.activated.emit(self.current_id)
        else:
            return False
        return True

    def _step(self, step: Step, modifiers: Qt.KeyboardModifier) -> bool:
        if self._orientation == "strip" and step in ("up", "down"):
            return False
        index = self._selection.order.index(self.current_id)
        start = self._layout.visible(self._scroll).start
        target = start if index is None and step not in ("home", "end") else self._layout.step(index or 0, step)
        with self._telling():
            if modifiers & _SHIFT:
                self._selection.extend(target, add=bool(modifiers & _CTRL))
            elif target != index or not self._selection.selected:
                self._selection.go(target)
        self._reveal()
        return True

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Make the image under the pointer current; Ctrl toggles it, Shift extends to it."""
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton:
            modifiers = event.modifiers()
            kept = self._selection.selected if modifiers & (_CTRL | _SHIFT) else frozenset()
            point = event.position().toPoint() - self._offset()
            self._band = RubberBand(point.toTuple(), kept, point.toTuple())
            self._click(index, modifiers)
        elif event.button() == Qt.MouseButton.RightButton:
            if index is not None and self._selection.order[index] not in self._selection.selected:
                self._click(index, Qt.KeyboardModifier.NoModifier)
        else:
            event.ignore()

    def _click(self, index: int | None, modifiers: Qt.KeyboardModifier) -> None:
        with self._telling():
            if index is None:
                if not modifiers & (_CTRL | _SHIFT):
                    self._selection.replace(())
            elif modifiers & _SHIFT:
                self._selection.extend(index, add=bool(modifiers & _CTRL))
            elif modifiers & _CTRL:
                self._selection.toggle(index)
            else:
                self._selection.go(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pull the rectangle."""
        if self._band is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._pull_band(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep what the rectangle selected; a click reveals its image."""
        if event.button() != Qt.MouseButton.LeftButton or self._band is None:
            event.ignore()
            return
        clicked = not self._band.pulled
        self._end_band()
        if clicked and self._index_at(event.position().toPoint()) is not None:
            self._reveal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Activate the image under the pointer."""
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._end_band()
            self._click(index, Qt.KeyboardModifier.NoModifier)
            self.activated.emit(self._selection.order[index])

    def _pull_band(self, position: QPoint) -> None:
        if self._band is None:
            return
        point = position - self._offset()
        if not self._band.pull(point.x(), point.y(), QApplication.startDragDistance()):
            return
        touched = self._layout.inside(*self._band.start, *self._band.end)
        with self._telling():
            self._selection.selected = self._band.selected(self._selection.order.ids[touched].tolist())
        self.viewport().update()
        if self._push(position):
            self._edge_timer.start()

    def _pull_band_by_edge(self) -> None:
        """Scroll on while the pointer is held outside of the view."""
        if self._band is not None:
            position = self.viewport().mapFromGlobal(self.cursor().pos())
            self._bar.setValue(self._scroll + self._push(position))
            self._pull_band(position)

    def _push(self, position: QPoint) -> int:
        if self._orientation == "strip":
            return edge_push(position.x(), self.viewport().width())
        return edge_push(position.y(), self.viewport().height())

    def _end_band(self) -> None:
        self._band = None
        self._edge_timer.stop()
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the image under the pointer; by key, of the current one."""
        index, where = self._index_at(event.pos()), event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self._selection.order.index(self.current_id)
            if index is not None:
                where = self.viewport().mapToGlobal(self._box(index).center())
        if index is not None:
            self.context_requested.emit(self._selection.order[index], where)

    # Files dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders of this machine."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept them anywhere."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say which were dropped."""
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _distance_to(seen: range) -> Callable[[int], int]:
    return lambda index: seen.start - index if index < seen.start else index - seen.stop + 1
