"""A message in place, with its remedy as a button: what this window has instead of modal dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from fbr_studio.widgets.basics import button, icon_button, label, set_kind
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID

Kind = Literal["info", "good", "warning", "danger"]
_ICONS = {"info": "info", "good": "check", "warning": "warning", "danger": "warning"}
_TEXT_KINDS = {"info": "", "good": "good", "warning": "warning", "danger": "danger"}


class MessageStrip(QFrame):
    """Hidden until `say`; a later message replaces an earlier one, and the person can put it away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self._picture = QLabel()
        self._text = label("", wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons: list[QPushButton] = []
        self._row = row
        row.addWidget(self._picture)
        row.addWidget(self._text, 1)
        row.addWidget(icon_button("close", "Put the message away", self.hide))
        self.hide()

    @property
    def text(self) -> str:
        """The message shown now."""
        return self._text.text()

    @property
    def remedies(self) -> list[QPushButton]:
        """The buttons of the message shown now."""
        return list(self._buttons)

    def say(self, text: str, kind: Kind = "info", *remedies: tuple[str, Callable[[], object]]) -> None:
        """Show ``text``; each remedy is a button's text and what it does. The message goes when one is pressed."""
        for old in self._buttons:
            old.deleteLater()
        self._buttons = []
        for caption, act in remedies:
            made = button(caption, lambda act=act: self._remedy(act))  # type: ignore[misc]
            self._row.insertWidget(self._row.count() - 1, made)
            self._buttons.append(made)
        self._picture.setPixmap(icon(_ICONS[kind]).pixmap(QSize(18, 18)))
        set_kind(self._text, _TEXT_KINDS[kind])
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()

    def _remedy(self, act: Callable[[], object]) -> None:
        self.hide()
        act()
