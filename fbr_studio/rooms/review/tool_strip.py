"""The tools, at the left of the canvas."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from fbr_studio.drawing.brush import pixels_across
from fbr_studio.widgets.basics import action_button, hairline, label
from fbr_studio.widgets.theme import GRID


class ToolStrip(QFrame):
    """Groups of actions, one below the other; the second group has the brush's size between its two buttons."""

    def __init__(self, groups: Sequence[Sequence[QAction]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.size_text = label("", "muted")
        self.size_text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID // 2, GRID, GRID // 2, GRID)
        column.setSpacing(GRID // 2)
        for place, group in enumerate(groups):
            if place:
                column.addWidget(hairline())
            for action in group:
                column.addWidget(action_button(action), 0, Qt.AlignmentFlag.AlignHCenter)
                if place == 1 and action is group[0]:
                    column.addWidget(self.size_text)
        column.addStretch(1)
        self.setFixedWidth(6 * GRID)

    def show_radius(self, radius: float) -> None:
        """Show the brush's size."""
        across = pixels_across(radius)
        self.size_text.setText(f"{across} px")
        self.size_text.setToolTip(f"The brush is {across} image pixels wide")
