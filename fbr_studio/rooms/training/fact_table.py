"""A small table of facts: a name, and one or two values beside it. Rows of words, no grid."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from fbr_studio.widgets.basics import label
from fbr_studio.widgets.theme import GRID, emphasised, small_font


class FactTable(QWidget):
    """Shows what `show_rows` gives it; words are wrapped, never cut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID // 2)
        self.rows: list[Sequence[str]] = []

    def show_rows(self, rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> None:
        """Show rows of two or three texts, under ``heads`` if they are given."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = [tuple(row) for row in rows]
        lines = ([heads] if heads else []) + list(rows)
        columns = max((len(line) for line in lines), default=1)
        for column in range(4):
            self._grid.setColumnStretch(column, 0 if column >= columns else 3 if column == 0 else 2)
        for place, line in enumerate(lines):
            for column, text in enumerate(line):
                cell = self._cell(text, column, head=bool(heads) and place == 0)
                self._grid.addWidget(cell, place, column, Qt.AlignmentFlag.AlignTop)

    def _cell(self, text: str, column: int, *, head: bool) -> QLabel:
        made = label(_breakable(text), "muted" if column == 0 and not head else "", wrap=True)
        made.setFont(emphasised(small_font(made)) if head else small_font(made))
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made


def _breakable(text: str) -> str:
    """Let long paths and names break behind slashes, dashes and underscores."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b").replace("-", "-\u200b")
