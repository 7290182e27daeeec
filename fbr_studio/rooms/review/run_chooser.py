"""Which run is looked at, which it is compared with, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fbr_engine.project import RunInfo
from fbr_studio.widgets.basics import action_button, label
from fbr_studio.widgets.theme import GRID


class RunChooser(QWidget):
    """Two lists of runs and three ways to see them. ``run_chosen`` and ``compare_chosen`` carry a name."""

    run_chosen = Signal(str)
    compare_chosen = Signal(str)

    def __init__(self, modes: Sequence[QAction], swap: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run, self.compare = _combo("Run"), _combo("Compare with")
        self._runs: tuple[tuple[str, str], ...] = ()
        self.modes = [action_button(mode) for mode in modes]
        self.swap = action_button(swap)
        self._other = label("Other", "muted")
        self.run.activated.connect(lambda place: self.run_chosen.emit(self.run.itemData(place)))
        self.compare.activated.connect(lambda place: self.compare_chosen.emit(self.compare.itemData(place)))
        self._lay_out()

    def show_runs(self, runs: Sequence[RunInfo], run: str | None, compare: str | None) -> None:
        """Show the project's runs, newest first, and the two that are chosen."""
        listed = tuple((info.name, info.method) for info in reversed(runs))
        if listed != self._runs:
            self._runs = listed
            for combo in (self.run, self.compare):
                combo.clear()
                for name, method in listed:
                    combo.addItem(f"{name}  ({method})", name)
        for combo, chosen in ((self.run, run), (self.compare, compare)):
            combo.setCurrentIndex(combo.findData(chosen) if chosen else -1)
        self.compare.setEnabled(len(runs) > 1)

    def show_comparing(self, comparing: bool) -> None:
        """Show the second list only while two runs are seen."""
        for widget in (self.compare, self._other, self.swap):
            widget.setVisible(comparing)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.addWidget(label("Run", "muted"), 0, 0)
        grid.addWidget(self.run, 0, 1)
        grid.addWidget(self._other, 1, 0)
        grid.addWidget(self.compare, 1, 1)
        grid.setColumnStretch(1, 1)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        for made in self.modes:
            row.addWidget(made)
        row.addStretch(1)
        row.addWidget(self.swap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(grid)
        column.addLayout(row)


def _combo(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return combo
