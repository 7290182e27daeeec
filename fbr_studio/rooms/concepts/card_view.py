"""The board's cards, in as many columns as fit: only those in sight are drawn and have their crops made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QFrame, QListView

from fbr_studio.rooms.concepts.concept_card import CROPS, ConceptCard, concept_at
from fbr_studio.rooms.concepts.concept_list import ConceptList
from fbr_studio.rooms.concepts.crops import Crop, CropStore
from fbr_studio.widgets.theme import GRID

NARROWEST = 36 * GRID  # px of a card


class CardView(QListView):
    """The cards in as many columns as fit; ``activated_concept`` by Enter or a double click."""

    activated_concept = Signal(int)
    merge_asked = Signal()
    split_asked = Signal()

    def __init__(self, rows: ConceptList, store: CropStore, names: Sequence[str]) -> None:
        super().__init__()
        self._store = store
        self._rows = rows
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._want)
        self.setModel(rows)
        self.card = ConceptCard(self, store, names)
        self.setItemDelegate(self.card)
        self.setAccessibleName("Concepts")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMinimumWidth(NARROWEST + 2 * GRID)
        self.verticalScrollBar().setSingleStep(3 * GRID)
        self.verticalScrollBar().valueChanged.connect(self.want_soon)
        self.doubleClicked.connect(lambda index: self.activated_concept.emit(concept_at(index)))
        store.arrived.connect(self._arrived)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the focus without making the first card the current one, as Qt's lists do: nobody chose it."""
        QAbstractScrollArea.focusInEvent(self, event)
        self.viewport().update()

    def want_soon(self) -> None:
        """Have the crops of what is in sight made, once the view has settled."""
        self._soon.start()

    def _want(self) -> None:
        if not self.isVisible():
            return
        place = self.viewport().rect()
        beyond = place.adjusted(0, 0, 0, place.height() // 2)
        crops: list[Crop] = []
        for row, concept in enumerate(self._rows.ids):
            if self.visualRect(self._rows.index(row)).intersects(beyond):
                crops += self._store.typical(concept, CROPS)
        self._store.want(self, crops, round(self.card.crop_side * self.devicePixelRatioF()))

    def _arrived(self, crop: Crop) -> None:
        if crop.concept in self._rows.ids:
            self.update(self._rows.index(self._rows.ids.index(crop.concept)))

    def _fit(self) -> None:
        columns = max(1, self.viewport().width() // NARROWEST)
        self.card.width = (self.viewport().width() - 1) // columns
        if self.gridSize() != self.card.size:
            self.setGridSize(QSize(self.card.size))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the cards fill the width."""
        self._fit()
        super().resizeEvent(event)
        self.want_soon()

    def showEvent(self, event: QShowEvent) -> None:
        """Want the crops in sight."""
        super().showEvent(event)
        self.want_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Want nothing while nobody looks."""
        super().hideEvent(event)
        self._soon.stop()
        self._store.want(self, (), 0)

    def changeEvent(self, event: QEvent) -> None:
        """Follow dark and light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()

    def event(self, event: QEvent) -> bool:
        """Take F2 before the room does: here a name is written in place."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        if event.key() == Qt.Key.Key_F2 and self.currentIndex().isValid():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open, merge and split by key; letters are the room's."""
        key, ctrl = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated_concept.emit(concept_at(self.currentIndex()))
        elif ctrl and key == Qt.Key.Key_J:
            self.merge_asked.emit()
        elif ctrl and key == Qt.Key.Key_D:
            self.split_asked.emit()
        elif event.text().isalnum() and not ctrl:
            event.ignore()
        else:
            super().keyPressEvent(event)
