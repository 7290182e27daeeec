"""Where everything lies: what is asked on the left, preview or report on the right, or that nothing is trained."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import button, hairline
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.theme import GRID

SIDE = 45 * GRID


class ExportPages(QStackedWidget):
    """``empty`` until there is a run; then the work, in whose ``right`` stand preview or report."""

    training_asked = Signal()

    def __init__(self, messages: QWidget, preview: QWidget, report: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.empty = EmptyState(
            "export",
            "There is nothing to export yet",
            "What is exported are masks, and a trained model makes them. Train one first.",
            button("Go to Training", self.training_asked.emit, "primary"),
        )
        self._preview, self._report = _scrolling(preview), _scrolling(report)
        self.right = QStackedWidget()
        self.right.addWidget(self._preview)
        self.right.addWidget(self._report)
        self._work = QWidget()
        self._messages = messages
        self.addWidget(self.empty)
        self.addWidget(self._work)

    def lay_out(self, questions: QWidget, *foot: QWidget) -> None:
        """Put the questions on the left, with ``foot`` below them, always in sight."""
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._messages)
        right.addWidget(self.right, 1)
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(_side(questions, foot))
        row.addWidget(hairline(vertical=True))
        row.addLayout(right, 1)

    def show_work(self, on: bool) -> None:
        """Show the work, or that there is nothing to export yet."""
        self.setCurrentWidget(self._work if on else self.empty)

    def show_preview(self) -> None:
        """Show what would be written."""
        self.right.setCurrentWidget(self._preview)

    def show_report(self) -> None:
        """Show what was written, from its beginning."""
        self.right.setCurrentWidget(self._report)
        self._report.verticalScrollBar().setValue(0)


def _side(questions: QWidget, foot: tuple[QWidget, ...]) -> QWidget:
    inside, below = QWidget(), QWidget()
    column, low = QVBoxLayout(inside), QVBoxLayout(below)
    for part, layout, above in ((inside, column, 3 * GRID), (below, low, 2 * GRID)):
        part.setProperty("kind", "panel")
        layout.setContentsMargins(3 * GRID, above, 3 * GRID, 2 * GRID)
    column.addWidget(questions)
    column.addStretch()
    for widget in foot:
        low.addWidget(widget)
    side = QWidget()
    side.setFixedWidth(SIDE)
    whole = QVBoxLayout(side)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    whole.addWidget(_scrolling(inside), 1)
    whole.addWidget(hairline())
    whole.addWidget(below)
    return side


def _scrolling(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    return area
