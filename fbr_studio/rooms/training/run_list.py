"""The list of runs on the right, and below it what the shown run's config and figures are, or how two differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from fbr_engine.project import RunInfo
from fbr_studio.rooms.training.fact_table import FactTable
from fbr_studio.rooms.training.run_card import CardState, RunCard
from fbr_studio.rooms.training.run_facts import RunDisk, compare, differences, figures
from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import hairline, label
from fbr_studio.widgets.theme import GRID

WIDTH = 300


class RunList(QFrame):
    """The newest run stands first. Signals carry names of runs."""

    chosen = Signal(str)
    compare_asked = Signal(str, bool)
    resume_asked = Signal(str)
    again_asked = Signal(str)
    maps_asked = Signal(str)
    renamed = Signal(str, str)
    delete_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setFixedWidth(WIDTH)
        self.cards: dict[str, RunCard] = {}
        self.name_problem: Callable[[str, str], str] = lambda new, old: ""
        self.title = label("Runs", "title")
        self.empty = label("No run yet. A training makes one.", "muted", wrap=True)
        self.table_title = label("", "title", wrap=True)
        self.table = FactTable()
        self.config_title = label("", "muted", wrap=True)
        self.config_table = FactTable()
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch()
        self._compose()

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        for text in (self.title, self.empty):
            text.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
            column.addWidget(text)
        cards = QWidget()
        cards.setLayout(self._list)
        column.addWidget(_scrolling(cards, self), 3)
        column.addWidget(hairline())
        self._facts = QWidget()
        facts = QVBoxLayout(self._facts)
        facts.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        facts.setSpacing(GRID)
        for part in (self.table_title, self.table, self.config_title, self.config_table):
            facts.addWidget(part)
        facts.addStretch()
        column.addWidget(_scrolling(self._facts, self), 2)

    def show_runs(self, states: Sequence[CardState]) -> None:
        """Show the runs, newest first; cards of runs that stay are kept, so that the focus is not lost."""
        wanted = [state.info.name for state in reversed(states)]
        for name in [name for name in self.cards if name not in wanted]:
            card = self.cards.pop(name)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, state in enumerate(reversed(states)):
            card = self.cards.get(state.info.name) or self._new_card(state)
            card.show_state(state)
            if self._list.indexOf(card) != place:
                self._list.removeWidget(card)
                self._list.insertWidget(place, card)
        self.empty.setVisible(not wanted)

    def refuse_name(self, name: str, reason: str) -> None:
        """Say in a run's card why it cannot be renamed."""
        if name in self.cards:
            self.cards[name].refuse(reason)

    def show_facts(self, info: RunInfo | None, other: RunInfo | None, disk: RunDisk | None = None) -> None:
        """Show a run's figures and how its config differs from the defaults, or from ``other``."""
        self._facts.setVisible(info is not None)
        if info is None:
            return
        if other is None:
            self.table_title.setText(info.name)
            measured = [*disk.maps.rows, ("On the disk", formatting.byte_size(disk.disk))] if disk else []
            self.table.show_rows([*figures(info), *measured])
            own = [row[:2] for row in differences(info.config)]
            self.config_title.setText("Differs from the defaults in:" if own else "Trained with the defaults.")
            self.config_table.show_rows(own)
        else:
            self.table_title.setText(f"{info.name} against {other.name}")
            self.table.show_rows(compare(info, other), ("", info.name, other.name))
            rows = differences(info.config, other.config)
            self.config_title.setText("Trained differently in:" if rows else "Trained with the same options.")
            self.config_table.show_rows(rows)

    def _new_card(self, state: CardState) -> RunCard:
        card = RunCard(state, lambda new, old: self.name_problem(new, old))
        for name in ("chosen", "compare_asked", "resume_asked", "again_asked", "maps_asked", "renamed", "delete_asked"):
            getattr(card, name).connect(getattr(self, name))
        self.cards[state.info.name] = card
        return card


def _scrolling(inside: QWidget, parent: QWidget) -> QScrollArea:
    area = QScrollArea(parent)
    area.setWidget(inside)
    area.setWidgetResizable(True)
    inside.setAutoFillBackground(False)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
