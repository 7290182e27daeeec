"""The board of all concepts: only the cards in view are drawn and only their crops are made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from fbr_engine.concepts.names import starter_names
from fbr_studio.rooms.concepts.board_bar import BoardBar
from fbr_studio.rooms.concepts.card_view import CardView
from fbr_studio.rooms.concepts.concept_card import concept_at
from fbr_studio.rooms.concepts.concept_list import ConceptList
from fbr_studio.rooms.concepts.concept_order import can_merge, ordered
from fbr_studio.rooms.concepts.concept_view import ConceptView
from fbr_studio.rooms.concepts.concept_words import verdict_of
from fbr_studio.rooms.concepts.crops import CropStore
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import hairline, label


class ConceptBoard(QWidget):
    """All concepts as cards, or one of them on its images.

    ``concept_chosen`` carries the concept a person made the current one, ``image_wanted`` an image to go to.
    """

    concept_chosen = Signal(int)
    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._store = CropStore.of(model)
        self.bar = BoardBar()
        self.list = ConceptList(model, self)
        self.cards = CardView(self.list, self._store, starter_names())
        self.nothing = label("No concept passes these filters.", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.view = ConceptView(model)
        self._pages = QStackedWidget()
        self._compose()
        self.bar.changed.connect(self._order)
        self.bar.rename_button.clicked.connect(self.rename_current)
        self.bar.merge_button.clicked.connect(self.merge_selected)
        self.bar.split_button.clicked.connect(self.split_current)
        self.bar.open_button.clicked.connect(self.open_current)
        self.cards.activated_concept.connect(self.open_concept)
        self.cards.selectionModel().currentChanged.connect(self._current_changed)
        self.cards.selectionModel().selectionChanged.connect(self._count)
        self.cards.merge_asked.connect(self.merge_selected)
        self.cards.split_asked.connect(self.split_current)
        self.view.closed.connect(self.close_view)
        self.view.image_wanted.connect(self.image_wanted)
        model.loaded.connect(self._loaded)
        model.changed.connect(self._changed)
        self._quiet = False
        self._loaded()

    def _compose(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(hairline())
        column.addWidget(self.nothing, 1)
        column.addWidget(self.cards, 1)
        for one in (page, self.view):
            self._pages.addWidget(one)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)

    # --- what is shown

    @property
    def current(self) -> int | None:
        """The concept that has the focus of the board."""
        return concept_at(self.cards.currentIndex()) or None

    def selected(self) -> list[int]:
        """Return the selected concepts in the board's order."""
        return [concept_at(index) for index in sorted(self.cards.selectedIndexes(), key=lambda i: i.row())]

    def select(self, concepts: Sequence[int]) -> None:
        """Select these concepts, those that are shown, and bring the first into sight. Nothing is emitted."""
        wanted = frozenset(concepts)
        rows = [row for row, concept in enumerate(self.list.ids) if concept in wanted]
        found = QItemSelection()
        for row in rows:
            found.select(self.list.index(row), self.list.index(row))
        self._quiet = True
        chosen = self.cards.selectionModel()
        chosen.select(found, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            chosen.setCurrentIndex(self.list.index(rows[0]), QItemSelectionModel.SelectionFlag.NoUpdate)
            self.cards.scrollTo(self.list.index(rows[0]))
        self._quiet = False

    def show_only(self, concepts: Sequence[int] | None) -> None:
        """Show these concepts alone, such as a lasso's; None: all."""
        self.close_view()
        self.bar.show_only(concepts)

    def open_concept(self, concept: int, images: Sequence[int] | None = None) -> None:
        """Show a concept on its full images: these, or those that show it best first."""
        self.view.show_concept(concept, images)
        if self.view.concept is not None:
            self._pages.setCurrentWidget(self.view)
            self.view.setFocus()

    def close_view(self) -> None:
        """Go back from the full image to the cards."""
        if self._pages.currentWidget() is self.view:
            self._pages.setCurrentIndex(0)
            self.view.leave()
            self.cards.setFocus()

    # --- what can be done

    def open_current(self) -> None:
        """Show the current concept on its full images."""
        if self.current is not None:
            self.open_concept(self.current)

    def rename_current(self) -> None:
        """Edit the current concept's name in place."""
        if self.cards.currentIndex().isValid():
            self.cards.edit(self.cards.currentIndex())

    def merge_selected(self) -> None:
        """Make one concept of those that are selected, two or more."""
        chosen = self.selected()
        if can_merge(self._model.facts, chosen):
            self._model.merge(chosen)

    def split_current(self) -> None:
        """Split the one selected concept."""
        chosen = self.selected()
        if len(chosen) == 1:
            self._model.split(chosen[0])

    def showEvent(self, event: QShowEvent) -> None:
        """Give the keys to the cards: answers are letters, and the search would take them."""
        super().showEvent(event)
        (self.view if self._pages.currentWidget() is self.view else self.cards).setFocus()

    def close_down(self) -> None:
        """Read nothing any more."""
        self.view.close_down()

    # --- following the model

    def _loaded(self) -> None:
        data = self._model.data
        self._store.show_set(data.project if data else None, data.set if data else None)
        learnt = data.set.class_ids.tolist() if data else []
        self.bar.show_classes([(int(c), self._model.class_name(int(c))) for c in learnt])
        if self._pages.currentWidget() is self.view and self.view.concept not in self._model.facts:
            self.close_view()
        self._order()

    def _changed(self) -> None:
        if self.bar.wanted.judged != "all" or self.bar.wanted.text or self.bar.order == "name":
            self._order()
        self.list.refresh()

    def _order(self) -> None:
        facts = self._model.facts
        judged = {one.id for one in facts.values() if verdict_of(self._model, one)}
        ids = ordered(facts, self._model.concept_name, judged, self.bar.wanted, self.bar.order)
        if ids != self.list.ids:
            current, chosen = self.current, self.selected()
            self.list.show_ids(ids)
            self.select([one for one in (current, *chosen) if one is not None])
            self.cards.want_soon()
        self.nothing.setVisible(not ids and bool(facts))
        self.cards.setVisible(bool(ids) or not facts)
        self._count()

    def _count(self, *_: object) -> None:
        chosen, facts = self.selected(), self._model.facts
        self.bar.show_counts(len(self.list.ids), len(facts), len(chosen), can_merge=can_merge(facts, chosen))

    def _current_changed(self, current: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet and current.isValid():
            self.concept_chosen.emit(concept_at(current))
