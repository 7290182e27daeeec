"""The scrolling part of a gallery: cells laid out by arithmetic, of which only those in view are read and painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollBar, QWidget

from fbr_studio.widgets.gallery.cell import CellSource, ThumbnailSource
from fbr_studio.widgets.gallery.cell_painter import CellPainter, Look
from fbr_studio.widgets.gallery.cell_shelf import CellShelf
from fbr_studio.widgets.gallery.layout import GalleryLayout
from fbr_studio.widgets.gallery.selection import Selection
from fbr_studio.widgets.gallery.thumbnail_feed import ThumbnailFeed
from fbr_studio.widgets.theme import small_font, theme

Orientation = Literal["grid", "strip"]
SMALLEST, LARGEST, SIDE_STEP = 96, 320, 16  # px of a thumbnail's side
_THROTTLE_MS = 100
_ASK_MS = 15
_NOTCH = 120  # QWheelEvent.angleDelta of one click of a wheel


class CellArea(QAbstractScrollArea):
    """Paints the cells of a `Selection`'s order as a grid or as a strip of one row, and asks for what it paints."""

    visible_changed = Signal(list)
    thumbnail_side_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = CellShelf()
        self._feed = ThumbnailFeed(self)
        self._feed.arrived.connect(self._update_cell)
        self._selection = Selection()
        self._orientation: Orientation = "grid"
        self._side = 160
        self._painter = CellPainter(small_font(self), self._side, chips=True)
        self._layout = GalleryLayout(0, self._painter.width, self._painter.height, 1, 1)
        self._turned = 0.0
        self._told_visible: list[int] = []
        self._ask_timer = self._timer(_ASK_MS, self._ask)
        self._visible_timer = self._timer(_THROTTLE_MS, self._tell_visible)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._apply_orientation()

    def set_source(self, source: CellSource | None) -> None:
        """Take what cells show from ``source``."""
        self._cells.set_source(source)
        self.viewport().update()

    def set_thumbnails(self, source: ThumbnailSource | None) -> None:
        """Take thumbnails from ``source``."""
        self._feed.set_source(source)
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
        if self._has_overlay() or self.devicePixelRatioF() % 1:
            self.viewport().update()
        else:
            self.viewport().scroll(dx, dy)
        self._moved()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll along the gallery; with Ctrl, change the thumbnails' side."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
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
        current = self._selection.current
        return {current: places[current]} | places if current in places else places

    @contextmanager
    def _keeping_place(self) -> Iterator[None]:
        """Scroll after the block so that what was in view, the current image first, lies where it lay."""
        places = self._places_on_screen()
        was_in_view = self._selection.current in places
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
        index = self._selection.order.index(self._selection.current)
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
        if self._has_overlay():
            self._draw_overlay(painter)

    def _draw_cell(self, painter: QPainter, id: int, box: QRect) -> None:
        shelf = self._feed.shelf
        current = id == self._selection.current
        look = Look(id in self._selection.selected, current, current and self.hasFocus(), bool(shelf.reason(id)))
        self._painter.draw(painter, box.x(), box.y(), self._cells.get(id), shelf.pixmap(id), look)

    def _update_cell(self, id: int | None) -> None:
        index = self._selection.order.index(id)
        if index is not None:
            self.viewport().update(self._box(index))

    def _has_overlay(self) -> bool:
        """Return whether something is drawn over the cells."""
        return False

    def _draw_overlay(self, painter: QPainter) -> None:
        """Draw over the cells."""

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
            self._feed.drop()
            self._ask_timer.start()
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus at the current cell."""
        super().focusInEvent(event)
        self._update_cell(self._selection.current)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus left."""
        super().focusOutEvent(event)
        self._update_cell(self._selection.current)

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
        """Stop loading."""
        super().hideEvent(event)
        for timer in (self._ask_timer, self._visible_timer):
            timer.stop()
        self._feed.want([], 0, 1.0)


def _distance_to(seen: range) -> Callable[[int], int]:
    return lambda index: seen.start - index if index < seen.start else index - seen.stop + 1
