"""Accept or reject, and how far the review is."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import action_button, label
from fbr_studio.widgets.formatting import count
from fbr_studio.widgets.theme import GRID


class ReviewBar(QWidget):
    """Two large buttons, the state of the image, the progress over all images."""

    def __init__(self, accept: QAction, reject: QAction, back: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.accept, self.reject = action_button(accept, text=True), action_button(reject, text=True)
        self.back = action_button(back)
        self.progress_text = label("", "muted")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Images reviewed")
        self.auto_next = QCheckBox("On to the next")
        self.auto_next.setToolTip("Go to the next image after accepting or rejecting")
        for made in (self.accept, self.reject):
            made.setProperty("kind", "")
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lay_out()

    def show_review(self, review: str) -> None:
        """Show what was decided on the image."""
        for made, state in ((self.accept, "accepted"), (self.reject, "rejected")):
            made.setDown(review == state)
        self.back.setVisible(review != "new")

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show how many images there are in each state."""
        accepted, rejected = counts.get("accepted", 0), counts.get("rejected", 0)
        total = counts.get("all", 0)
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(accepted + rejected)
        self.progress_text.setText(f"{count(accepted + rejected)} of {count(total)} reviewed")
        self.progress_text.setToolTip(f"{count(accepted)} accepted, {count(rejected)} rejected")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.accept)
        row.addWidget(self.reject)
        row.addWidget(self.back)
        column.addLayout(row)
        state = QHBoxLayout()
        state.addWidget(self.auto_next, 1)
        state.addWidget(self.progress_text)
        column.addLayout(state)
        column.addWidget(self.progress)
