"""The board's concepts as Qt's item model: one row each, named, with a sentence for tooltips and readers."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from fbr_engine.concepts.facts import Concept
from fbr_studio.rooms.concepts.concept_words import sentence
from fbr_studio.rooms.concepts.model import ConceptsModel

Index = QModelIndex | QPersistentModelIndex
ID_ROLE = int(Qt.ItemDataRole.UserRole)
_EDITED = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole)


class ConceptList(QAbstractListModel):
    """Rows are concepts in the order that was given. Setting a name goes through the `ConceptsModel`."""

    def __init__(self, model: ConceptsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.concepts = model
        self.ids: list[int] = []

    def show_ids(self, ids: list[int]) -> None:
        """Show these concepts."""
        if ids != self.ids:
            self.beginResetModel()
            self.ids = ids
            self.endResetModel()

    def fact(self, index: Index) -> Concept | None:
        """Return what is known of a row's concept."""
        return self.concepts.facts.get(self.ids[index.row()]) if 0 <= index.row() < len(self.ids) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many concepts there are."""
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a concept's name, number or sentence."""
        fact = self.fact(index)
        if fact is None:
            return None
        if role == ID_ROLE:
            return fact.id
        if role == Qt.ItemDataRole.DisplayRole:
            return self.concepts.concept_name(fact.id)
        if role == Qt.ItemDataRole.EditRole:
            return self.concepts.names.get(fact.id, "")
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence(self.concepts, fact)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Name a concept; nothing takes its name away."""
        fact = self.fact(index)
        if fact is None or role not in _EDITED:
            return False
        if str(value).strip() != self.concepts.names.get(fact.id, ""):
            self.concepts.name(fact.id, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every concept can be selected and renamed."""
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable

    def refresh(self) -> None:
        """Names or verdicts are others now."""
        if self.ids:
            self.dataChanged.emit(self.index(0), self.index(len(self.ids) - 1))
