"""The part of a form under "More": fields that always count first, then those of each part that is chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import label
from fbr_studio.widgets.forms.field_row import FieldRow
from fbr_studio.widgets.forms.field_spec import part_words
from fbr_studio.widgets.theme import GRID, emphasised


class MoreFields(QWidget):
    """Rows in the order given; those that count with the same parts only stand under a heading that names them."""

    def __init__(self, rows: Iterable[FieldRow]) -> None:
        super().__init__()
        self._groups: dict[tuple[str, ...], list[FieldRow]] = {}
        for row in rows:
            self._groups.setdefault(row.spec.option.only_with, []).append(row)
        self._headings: dict[tuple[str, ...], QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        for parts, group in self._groups.items():
            if parts:
                self._headings[parts] = heading = label("")
                heading.setFont(emphasised(heading.font()))
                column.addWidget(heading)
            for row in group:
                column.addWidget(row)

    def show_parts(self, chosen: Collection[str]) -> None:
        """Name the ``chosen`` parts above their fields, each once where several groups come of the same ones."""
        told = ""
        for parts, heading in self._headings.items():
            words = part_words([part for part in parts if part in chosen])
            shown = any(not row.isHidden() for row in self._groups[parts])
            heading.setText(f"With {words}")
            heading.setVisible(shown and words != told)
            told = words if shown else told

    @property
    def headings(self) -> list[str]:
        """The headings that are shown, in order."""
        return [heading.text() for heading in self._headings.values() if not heading.isHidden()]

    @property
    def count(self) -> int:
        """How many fields count at the moment."""
        return sum(not row.isHidden() for group in self._groups.values() for row in group)
