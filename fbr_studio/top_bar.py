"""The bar above the rooms: the project's name, the rooms, the search and the menu."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QPushButton, QWidget

from fbr_studio.actions import Actions, key_text
from fbr_studio.widgets.basics import ElidedLabel, action_button
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID, emphasised
from fbr_studio.window_specs import MENU, PALETTE, ROOMS, room_spec


class TopBar(QWidget):
    """Shows which room one is in, and asks for another; the actions must be in the table already."""

    room_asked = Signal(str)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.title = ElidedLabel("")
        self.title.setFont(emphasised(self.title.font()))
        self.tabs: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        row.addWidget(self.title, 1)
        row.addLayout(self._rooms(actions))
        right = QHBoxLayout()
        right.addStretch()
        right.addWidget(action_button(actions.get(PALETTE.id)))
        right.addWidget(self._menu_button(actions))
        row.addLayout(right, 1)

    def show_project(self, name: str) -> None:
        """Show a project's name and the rooms; without a project neither."""
        self.title.set_text(name)
        for tab in self.tabs.values():
            tab.setVisible(bool(name))

    def _rooms(self, actions: Actions) -> QHBoxLayout:
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(0)
        for number, (name, entry) in enumerate(ROOMS.items(), start=1):
            tab = QPushButton(icon(entry.icon), entry.name)
            tab.setProperty("kind", "tab")
            tab.setCheckable(True)
            tab.setToolTip(f"{entry.name} ({key_text(actions.get(room_spec(number, name).id))})")
            tab.clicked.connect(lambda _=False, name=name: self.room_asked.emit(name))
            group.addButton(tab)
            row.addWidget(tab)
            self.tabs[name] = tab
        return row

    def _menu_button(self, actions: Actions) -> QPushButton:
        menu = QMenu(self)
        for specs in MENU:
            for spec in specs:
                menu.addAction(actions.get(spec.id))
            menu.addSeparator()
        made = QPushButton(icon("more"), "")
        made.setProperty("kind", "quiet")
        made.setAccessibleName("Menu")
        made.setToolTip("Menu")
        made.setMenu(menu)
        return made
