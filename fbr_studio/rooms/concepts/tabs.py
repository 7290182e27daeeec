"""The centre of the room: four views of the same concepts; each is made when it is first shown."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from fbr_studio.actions import key_text
from fbr_studio.rooms.concepts import specs
from fbr_studio.rooms.concepts.effect_view import EffectView
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import hairline
from fbr_studio.widgets.theme import GRID

LATER = {  # modules that take a while to import
    specs.BOARD.id: "fbr_studio.rooms.concepts.board:ConceptBoard",
    specs.MAP.id: "fbr_studio.rooms.concepts.concept_map:ConceptMap",
    specs.TAGS.id: "fbr_studio.rooms.concepts.tag_check:TagCheck",
}


class ConceptTabs(QWidget):
    """``concept_chosen`` and ``image_wanted`` come from any of the views."""

    concept_chosen = Signal(int)
    image_wanted = Signal(int)

    def __init__(
        self,
        model: ConceptsModel,
        actions: Mapping[str, QAction],
        foot: Sequence[QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.effect = EffectView(model, foot)
        self.effect.image_wanted.connect(self.image_wanted)
        self.views: dict[str, QWidget] = {specs.EFFECT.id: self.effect}
        self.stack = QStackedWidget()
        self.stack.addWidget(self.effect)
        self.buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(0)
        for spec in specs.TABS:
            tab = QPushButton(spec.text)
            tab.setProperty("kind", "tab")
            tab.setCheckable(True)
            tab.setToolTip(f"{spec.help} ({key_text(actions[spec.id])})")
            tab.clicked.connect(lambda _=False, name=spec.id: self.show_tab(name))
            group.addButton(tab)
            row.addWidget(tab)
            self.buttons[spec.id] = tab
        row.addStretch()
        self.extra = row
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(hairline())
        column.addWidget(self.stack, 1)
        self.buttons[specs.EFFECT.id].setChecked(True)

    @property
    def tab(self) -> str:
        """The id of the action whose view is shown."""
        return next(name for name, view in self.views.items() if view is self.stack.currentWidget())

    def show_tab(self, name: str) -> None:
        """Show a view by the id of its action."""
        if name not in self.views:
            self.views[name] = self._make(name)
            self.stack.addWidget(self.views[name])
        self.buttons[name].setChecked(True)
        self.stack.setCurrentWidget(self.views[name])

    def close_down(self) -> None:
        """End what the views do in the background."""
        for view in self.views.values():
            if hasattr(view, "close_down"):
                view.close_down()

    def _make(self, name: str) -> QWidget:
        module, class_name = LATER[name].split(":")
        made: QWidget = getattr(importlib.import_module(module), class_name)(self._model)
        for signal in ("concept_chosen", "image_wanted"):
            if hasattr(made, signal):
                getattr(made, signal).connect(getattr(self, signal))
        if hasattr(made, "board_wanted"):
            made.board_wanted.connect(self._show_on_board)
        return made

    def _show_on_board(self, concepts: list[int]) -> None:
        self.show_tab(specs.BOARD.id)
        self.views[specs.BOARD.id].show_only(concepts)  # type: ignore[attr-defined]
