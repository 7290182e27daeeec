"""What a room shows when there is nothing yet: one sentence and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import Picture, label
from fbr_studio.widgets.theme import GRID


class EmptyState(QWidget):
    """An icon, a title, a sentence, and the buttons that do what the sentence says."""

    def __init__(self, icon_name: str, title: str, sentence: str, *buttons: QPushButton) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(2 * GRID)
        column.addStretch()
        column.addWidget(Picture(icon_name, 48), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = label(title, "title")
        column.addWidget(self.title, 0, Qt.AlignmentFlag.AlignHCenter)
        self.sentence = label(sentence, "", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence.setMaximumWidth(60 * GRID)
        middle = QHBoxLayout()  # an alignment would make the label as low as one line
        middle.addStretch(1)
        middle.addWidget(self.sentence, 4)
        middle.addStretch(1)
        column.addLayout(middle)
        row = QHBoxLayout()
        row.addStretch()
        for made in buttons:
            row.addWidget(made)
        row.addStretch()
        column.addLayout(row)
        column.addStretch()

    def say(self, title: str, sentence: str) -> None:
        """Say something else."""
        self.title.setText(title)
        self.sentence.setText(sentence)
