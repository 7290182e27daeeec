"""The bar above the board: search, family, judged or not, order; what can be done with the selected concepts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.rooms.concepts.concept_order import JUDGED, SORTS, Judged, Sort, Wanted
from fbr_studio.rooms.concepts.family_marks import draw_mark
from fbr_studio.widgets.basics import button, icon_button, label
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.tags.inline_field import InlineField
from fbr_studio.widgets.theme import GRID, small_font

SEARCH_MS = 120
ALL = -1  # of the family box


class BoardBar(QWidget):
    """``changed``: other concepts, or another order, are wanted."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._only: frozenset[int] | None = None
        self._classes: list[tuple[int, str]] = []
        self.search = InlineField("Search by name")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search"), InlineField.ActionPosition.LeadingPosition)
        self.family = _box("Family of the concepts", 8)
        self.judged = _box("Judged or not", 8)
        self.sort = _box("Order", 10)
        self.shown = label("", "muted")
        self.all_button = button("Show all", self.show_all, "link", "Show more than the concepts picked on the map")
        self.all_button.setFont(small_font(self.all_button))
        self.all_button.hide()
        self.rename_button = icon_button("rename", "Rename the concept (F2)")
        self.merge_button = icon_button("merge", "Merge the selected concepts, all of one family, into one (Ctrl+J)")
        self.split_button = icon_button("split", "Split the concept in two (Ctrl+D)")
        self.open_button = icon_button("photo", "See the concept on its images (Enter)")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MS)
        self._timer.timeout.connect(self.changed)
        self._lay_out()
        for text, box in ((JUDGED, self.judged), (SORTS, self.sort)):
            for value, words in text.items():
                box.addItem(words, value)
        self.show_classes([])
        self.search.textChanged.connect(lambda: self._timer.start())
        for box in (self.family, self.judged, self.sort):
            box.currentIndexChanged.connect(lambda: self.changed.emit())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        filters, below = QHBoxLayout(), QHBoxLayout()
        for row in (filters, below):
            row.setSpacing(GRID)
            column.addLayout(row)
        filters.addWidget(self.search, 2)
        for box in (self.family, self.judged, self.sort):
            filters.addWidget(box, 1)
        below.addWidget(self.shown)
        below.addWidget(self.all_button)
        below.addStretch()
        for part in (self.open_button, self.rename_button, self.merge_button, self.split_button):
            below.addWidget(part)

    @property
    def wanted(self) -> Wanted:
        """The filter as it stands."""
        family = self.family.currentData()
        judged: Judged = self.judged.currentData() or "all"
        return Wanted(None if family in (None, ALL) else int(family), judged, self.search.text(), self._only)

    @property
    def order(self) -> Sort:
        """The order as it stands."""
        found: Sort = self.sort.currentData() or "suspicion"
        return found

    def show_only(self, concepts: Sequence[int] | None) -> None:
        """Show these concepts alone, whatever the other filters; None: all again."""
        self._only = frozenset(concepts) if concepts is not None else None
        self.all_button.setVisible(self._only is not None)
        self.changed.emit()

    def show_all(self) -> None:
        """Take every filter away."""
        for box in (self.family, self.judged):
            box.setCurrentIndex(0)
        self.search.clear()
        self._timer.stop()
        self.show_only(None)

    def show_classes(self, classes: Sequence[tuple[int, str]]) -> None:
        """Offer the families of these classes (id, name); the one that is chosen stays."""
        if self.family.count() and list(classes) == self._classes:
            return
        self._classes = list(classes)
        kept = self.family.currentData()
        self.family.blockSignals(True)
        self.family.clear()
        self.family.addItem("Every family", ALL)
        self.family.addItem(_mark(0, classes), "Background", 0)
        for class_id, name in classes:
            self.family.addItem(_mark(class_id, classes), name, class_id)
        self.family.setCurrentIndex(max(0, self.family.findData(kept)))
        self.family.blockSignals(False)

    def show_counts(self, shown: int, total: int, selected: int, *, can_merge: bool) -> None:
        """Say how many concepts are shown, and offer what can be done with the selected ones."""
        words = f"{total:,} concepts" if shown == total else f"{shown:,} of {total:,} concepts"
        self.shown.setText(f"{words}, {selected:,} selected" if selected > 1 else words)
        self.merge_button.setEnabled(can_merge)
        for one in (self.split_button, self.rename_button, self.open_button):
            one.setEnabled(selected == 1)


def _box(name: str, letters: int) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setIconSize(QSize(12, 12))
    box.setMinimumContentsLength(letters)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return box


def _mark(family: int, classes: Sequence[tuple[int, str]]) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_mark(painter, QPointF(12, 12), 20, family, [class_id for class_id, _ in classes])
    painter.end()
    return QIcon(pixmap)
