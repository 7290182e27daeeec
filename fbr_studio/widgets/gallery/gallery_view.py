"""The gallery: a scrolling view of images that costs what its visible page costs, whatever their number."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from fbr_studio.widgets.gallery.cell import describe
from fbr_studio.widgets.gallery.cell_area import CellArea
from fbr_studio.widgets.gallery.dropped_paths import dropped_paths
from fbr_studio.widgets.gallery.id_order import IdOrder, Ids
from fbr_studio.widgets.gallery.layout import Step
from fbr_studio.widgets.gallery.rubber_band import RubberBand, edge_push
from fbr_studio.widgets.theme import theme

_EDGE_MS = 30
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


class GalleryView(CellArea):
    """Images by id, as a grid or as a strip of one row.

    It reads cells and thumbnails for the page in view and one page around it. A click, or a move by key, makes an
    image the current one and the only selected one; Ctrl and Shift select more.
    """

    current_changed = Signal(object)
    selection_changed = Signal()
    activated = Signal(int)
    files_dropped = Signal(list)
    context_requested = Signal(int, QPoint)
    _band: RubberBand | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edge_timer = self._timer(_EDGE_MS, self._pull_band_by_edge)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self.setAccessibleName("Images")

    def set_ids(self, ids: Sequence[int] | Ids) -> None:
        """Show these images in this order. The current image keeps its place on the screen if it is still there."""
        with self._telling():
            with self._keeping_place():
                self._selection.reorder(IdOrder(ids))
                self._lay_out()
            self._describe_current()

    def refresh(self, ids: Iterable[int] | None = None) -> None:
        """Read some cells, or all, anew."""
        self._cells.forget(ids)
        self._describe_current()
        self.viewport().update()

    def reload_thumbnails(self, ids: Iterable[int] | None = None) -> None:
        """Load some thumbnails, or all, anew, also those that failed."""
        self._feed.drop(None if ids is None else list(ids))
        self._ask_timer.start()
        self.viewport().update()

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

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the image under the pointer; by key, of the current one."""
        index, where = self._index_at(event.pos()), event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self._selection.order.index(self.current_id)
            if index is not None:
                where = self.viewport().mapToGlobal(self._box(index).center())
        if index is not None:
            self.context_requested.emit(self._selection.order[index], where)

    # The rectangle pulled up

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

    def _has_overlay(self) -> bool:
        return self._band is not None and self._band.pulled

    def _draw_overlay(self, painter: QPainter) -> None:
        if self._band is None:
            return
        corners = QRect(QPoint(*self._band.start), QPoint(*self._band.end)).normalized().translated(self._offset())
        fill = QColor(theme().accent)
        fill.setAlpha(40)
        painter.fillRect(corners, fill)
        painter.setPen(theme().accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(corners)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave off pulling a rectangle."""
        super().hideEvent(event)
        self._end_band()

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
