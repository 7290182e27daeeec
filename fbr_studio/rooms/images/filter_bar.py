"""The bar above the gallery: search, state, split, order, how many are shown, and tags as filters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from fbr_engine.project import ImageFilter
from fbr_engine.project.gallery import Order, State
from fbr_studio.rooms.images.listing import Counts
from fbr_studio.widgets.basics import button, label
from fbr_studio.widgets.formatting import count, counted
from fbr_studio.widgets.gallery.state_marks import state_mark
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.tags.class_row import ClassItem
from fbr_studio.widgets.tags.filter_chips import FilterChips
from fbr_studio.widgets.tags.inline_field import InlineField
from fbr_studio.widgets.theme import GRID, small_font

SEARCH_MS = 150
STATES: dict[State, str] = {
    "all": "All images",
    "untagged": "Untagged",
    "tagged": "Tagged",
    "empty": "Confirmed empty",
    "accepted": "Mask accepted",
    "rejected": "Mask rejected",
    "corrected": "Mask corrected",
    "problem": "Broken",
}
ORDERS: dict[Order, str] = {
    "added": "As added",
    "recent": "Newest first",
    "name": "Name, A to Z",
    "name_desc": "Name, Z to A",
}


class FilterBar(QWidget):
    """``changed`` when another filter or order is wanted; what the person types is gathered for 150 ms."""

    changed = Signal()
    update_asked = Signal()
    left = Signal()

    def __init__(self, *buttons: QToolButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = Counts()
        self.search = InlineField("Search by name")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), InlineField.ActionPosition.LeadingPosition)
        self.search.setMinimumWidth(18 * GRID)
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.search.setMaximumWidth(30 * GRID)
        self.state = _box("State of the images", 17)
        self.split = _box("Split", 11)
        self.order = _box("Order", 13)
        self.shown = label("", "muted")
        self.shown.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.stale = button("Update", self.update_asked.emit, "link", "Some images no longer match the filter")
        self.stale.setFont(small_font(self.stale))
        self.stale.hide()
        self.chips = FilterChips()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MS)
        self._lay_out(buttons)
        self._fill()
        self._connect()

    def _lay_out(self, buttons: Sequence[QToolButton]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.search, 1)
        for box in (self.state, self.split, self.order):
            row.addWidget(box)
        row.addStretch()
        row.addWidget(self.stale)
        row.addWidget(self.shown)
        for made in buttons:
            row.addWidget(made)
        column.addLayout(row)
        column.addWidget(self.chips)

    def _fill(self) -> None:
        for state, text in STATES.items():
            self.state.addItem(text, state)
        for order, text in ORDERS.items():
            self.order.addItem(text, order)
        self.set_counts(self._counts)

    def _connect(self) -> None:
        self._timer.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda: self._timer.start())
        self.search.entered.connect(self._leave_search)
        self.search.cancelled.connect(self._give_up_search)
        for box in (self.state, self.split, self.order):
            box.currentIndexChanged.connect(lambda: self.changed.emit())
        self.chips.changed.connect(self.changed)

    @property
    def wanted(self) -> ImageFilter:
        """The filter as it stands."""
        state: State = self.state.currentData() or "all"
        split = str(self.split.currentData() or "")
        return ImageFilter(self.search.text().strip(), split, self.chips.pressed, (), state)

    @property
    def sorted_by(self) -> Order:
        """The order as it stands."""
        found: Order = self.order.currentData() or "added"
        return found

    def set_classes(self, items: Sequence[ClassItem]) -> None:
        """Show chips for these classes."""
        if self.chips.set_classes(items):
            self.changed.emit()

    def set_counts(self, counts: Counts) -> None:
        """Show how many images each state, split and tag has."""
        self._counts = counts
        ratio = self.devicePixelRatioF()
        for index in range(self.state.count()):
            state: State = self.state.itemData(index)
            number = count(counts.states.get(state, 0))
            self.state.setItemText(index, f"{STATES[state]}  {number}" if counts.images else STATES[state])
            if state != "all":
                self.state.setItemIcon(index, QIcon(state_mark(state, ratio)))
        self._fill_splits(counts.splits)
        self.chips.set_counts(counts.tags)

    def _fill_splits(self, splits: dict[str, int]) -> None:
        wanted = str(self.split.currentData() or "")
        self.split.blockSignals(True)
        self.split.clear()
        self.split.addItem("All splits", "")
        for name, images in splits.items():
            self.split.addItem(f"{name}  {count(images)}", name)
        self.split.setCurrentIndex(max(0, self.split.findData(wanted)))
        self.split.blockSignals(False)
        self.split.setVisible(bool(splits))

    def show_numbers(self, shown: int, selected: int) -> None:
        """Say how many images are shown and selected."""
        total = max(self._counts.images, shown)
        text = counted(total, "image") if shown == total else f"{count(shown)} of {counted(total, 'image')}"
        self.shown.setText(f"{text}, {count(selected)} selected" if selected > 1 else text)

    def set_stale(self, stale: bool) -> None:
        """Offer to apply the filter anew: tags changed meanwhile."""
        self.stale.setVisible(stale)

    def clear(self) -> None:
        """Show all images."""
        was = self.wanted
        parts = (self.search, self.state, self.split)
        for part in parts:
            part.blockSignals(True)
        self.search.clear()
        self.state.setCurrentIndex(0)
        self.split.setCurrentIndex(0)
        for part in parts:
            part.blockSignals(False)
        self.chips.press(())
        self._timer.stop()
        if was != self.wanted:
            self.changed.emit()

    def stop(self) -> None:
        """Gather nothing any more."""
        self._timer.stop()

    def _leave_search(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self.changed.emit()
        self.left.emit()

    def _give_up_search(self) -> None:
        self.search.clear()
        self._leave_search()


def _box(name: str, least: int) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setIconSize(QSize(16, 16))
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.setMinimumWidth(least * GRID)
    box.view().setTextElideMode(Qt.TextElideMode.ElideRight)
    return box
