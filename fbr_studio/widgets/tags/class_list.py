"""The classes of the tag editor, one row each, in a column that scrolls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from fbr_studio.widgets.tags.class_row import ClassItem, ClassRow
from fbr_studio.widgets.tags.tag_summary import TagSummary

_NOTHING = TagSummary()


class ClassList(QScrollArea):
    """Rows are made anew only when the classes change."""

    value_asked = Signal(int, int)
    menu_asked = Signal(int, QPoint)
    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Classes")
        inside = QWidget()
        inside.setProperty("kind", "panel")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch()
        self.setWidget(inside)
        self._rows: dict[int, ClassRow] = {}

    @property
    def rows(self) -> list[ClassRow]:
        """The rows in their order."""
        return list(self._rows.values())

    def row(self, class_id: int) -> ClassRow:
        """Return the row of a class. Raises `KeyError`."""
        return self._rows[class_id]

    def set_classes(self, items: Sequence[ClassItem]) -> None:
        """Show these classes."""
        if [row.item for row in self._rows.values()] == list(items):
            return
        for row in self._rows.values():
            row.hide()
            row.deleteLater()
        self._rows = {item.id: self._made(item) for item in items}

    def show_tags(self, summaries: Mapping[int, TagSummary], predicted: Mapping[int, float]) -> None:
        """Show what is known of each class, by id, and the probabilities of a run where nothing is."""
        for class_id, row in self._rows.items():
            row.show_tags(summaries.get(class_id, _NOTHING), predicted.get(class_id))

    def _made(self, item: ClassItem) -> ClassRow:
        row = ClassRow(item)
        row.value_asked.connect(self.value_asked)
        row.menu_asked.connect(self.menu_asked)
        row.renamed.connect(self.renamed)
        self._column.insertWidget(self._column.count() - 1, row)
        return row
