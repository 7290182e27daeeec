"""Where everything lies: the canvas with its strip of images, or the words in place of a run or of a picture."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fbr_studio.rooms.review.filmstrip import Filmstrip
from fbr_studio.rooms.review.over_canvas import OverCanvas
from fbr_studio.rooms.review.side_panel import SidePanel
from fbr_studio.rooms.review.tool_strip import ToolStrip
from fbr_studio.widgets.basics import button, hairline
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.theme import GRID


class Pages(QStackedWidget):
    """``no_runs`` until something is trained, then ``work``; in its ``middle`` the viewer, or ``broken``."""

    training_asked = Signal()
    again_asked = Signal()

    def __init__(
        self, viewer: QWidget, strips: tuple[MessageStrip, ...], readout: QWidget, filmstrip: Filmstrip
    ) -> None:
        super().__init__()
        self._readout, self._filmstrip = readout, filmstrip
        again = button("Try again", self.again_asked.emit)
        self.broken = EmptyState("broken-image", "This image cannot be shown", "", again)
        self.middle = QStackedWidget()
        self.middle.addWidget(viewer)
        self.middle.addWidget(self.broken)
        self.over = OverCanvas(self.middle, *strips)
        self.no_runs = EmptyState(
            "training",
            "Train a model first",
            "Review shows what a model saw and the masks it made of that.",
            button("Go to Training", self.training_asked.emit, "primary"),
        )
        self.work = QWidget()
        self.addWidget(self.no_runs)
        self.addWidget(self.work)

    def lay_out(self, room: QWidget, tools: ToolStrip, panel: SidePanel) -> None:
        """Fill the room."""
        whole = QVBoxLayout(room)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self)
        row = QHBoxLayout(self.work)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(tools)
        row.addWidget(hairline(vertical=True))
        row.addLayout(self._column(), 1)
        row.addWidget(hairline(vertical=True))
        row.addWidget(panel)

    def show_work(self, on: bool) -> None:
        """Show the work, or that nothing is trained yet."""
        self.setCurrentWidget(self.work if on else self.no_runs)

    def show_problem(self, problem: str) -> None:
        """Say why there is no picture, or show it."""
        self.middle.setCurrentIndex(1 if problem else 0)
        if problem:
            self.broken.say("This image cannot be shown", problem)

    def _column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.middle, 1)
        column.addWidget(hairline())
        column.addWidget(self._status_line())
        self._filmstrip.lay_out()
        column.addWidget(self._filmstrip)
        return column

    def _status_line(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(2 * GRID)
        row.addWidget(self._readout, 1)
        row.addLayout(self._filmstrip.head())
        return line
