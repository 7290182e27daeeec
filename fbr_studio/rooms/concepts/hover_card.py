"""What a dot of the map is, beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from fbr_studio.rooms.concepts.concept_order import suspicion_of
from fbr_studio.rooms.concepts.concept_words import shares_line, verdict_line
from fbr_studio.rooms.concepts.crop_grid import CropGrid
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import ElidedLabel, label
from fbr_studio.widgets.theme import GRID, emphasised, theme


class HoverCard(QFrame):
    """What a dot is: its crops, its name, its numbers. Lies over the map and lets the mouse through."""

    def __init__(self, model: ConceptsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._over = model, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.crops = CropGrid(model, 1, 4)
        self.name = ElidedLabel()
        self.name.setFont(emphasised(self.name.font()))
        self.facts = label("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        for part in (self.crops, self.name, self.facts):
            column.addWidget(part)
        self.setFixedWidth(42 * GRID)
        self.crops.setFixedHeight(80)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground and a hairline around it."""
        painter = QPainter(self)
        painter.setPen(theme().line)
        painter.setBrush(theme().panel)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def show_concept(self, concept: int, where: QPoint) -> None:
        """Show a concept beside a point of the map."""
        fact = self._model.facts[concept]
        self.name.set_text(self._model.concept_name(concept))
        judged = verdict_line(self._model, fact)
        lines = [shares_line(self._model, fact), f"suspicion {100 * suspicion_of(fact):.0f} %, {fact.images:,} images"]
        self.facts.setText("\n".join([*lines, *([judged] if judged else [])]))
        self.crops.show_concept(concept)
        self.adjustSize()
        room = self._over.rect()
        x = (
            where.x() + 2 * GRID
            if where.x() + 2 * GRID + self.width() <= room.width()
            else where.x() - 2 * GRID - self.width()
        )
        y = min(max(where.y() - self.height() // 2, GRID), room.height() - self.height() - GRID)
        self.move(max(GRID, x), max(GRID, y))
        self.show()
        self.raise_()
