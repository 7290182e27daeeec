"""The middle of the room: the run's name and figures, its curves, the strip of fixed images, what was reported."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fbr_studio.rooms.training.notice_list import NoticeList
from fbr_studio.rooms.training.preview_strip import PreviewStrip
from fbr_studio.widgets.basics import ElidedLabel, button, hairline, label
from fbr_studio.widgets.empty_state import EmptyState
from fbr_studio.widgets.message_strip import MessageStrip
from fbr_studio.widgets.plots.loss_curves import LossCurves
from fbr_studio.widgets.theme import GRID, emphasised


class Centre(QWidget):
    """Shows one of three pages: curves, nothing trained yet, nothing tagged yet. Messages stand above all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages = MessageStrip()
        self.title = ElidedLabel("")
        self.title.setFont(emphasised(self.title.font()))
        self.status = label("", "muted")
        self.figures = label("", "muted", wrap=True)
        self.curves = LossCurves()
        self.strip = PreviewStrip()
        self.notices = NoticeList()
        self.start_button = button("Start training", None, "primary")
        self.images_button = button("Go to Images", None, "primary")
        self.no_runs = EmptyState(
            "training",
            "Nothing trained yet",
            "The form holds what suits this project: start it.",
            self.start_button,
        )
        self.no_tags = EmptyState(
            "tag",
            "Tag some images first",
            "A model learns which classes are in which image.",
            self.images_button,
        )
        self.pages = QStackedWidget()
        self.shown = self._make_page()
        for page in (self.shown, self.no_runs, self.no_tags):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.pages, 1)

    def _make_page(self) -> QWidget:
        page = QWidget()
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.title, 1)
        head.addWidget(self.status)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self.figures)
        column.addWidget(self.curves, 3)
        column.addWidget(hairline())
        column.addWidget(self.strip, 2)
        column.addWidget(self.notices)
        return page

    def close_down(self) -> None:
        """End timers and background work."""
        self.curves.close_down()
        self.strip.close_down()
