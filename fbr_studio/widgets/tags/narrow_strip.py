"""A message in place for a narrow panel: the sentence above, its buttons below."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import button, hairline, icon_button, label, set_kind
from fbr_studio.widgets.message_strip import Kind
from fbr_studio.widgets.theme import GRID


class NarrowStrip(QFrame):
    """Works as a `QuestionStrip`: hidden until `say`, a later message replaces an earlier one."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._text = label("", wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(GRID)
        self._row.addStretch()
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self._text, 1)
        top.addWidget(icon_button("close", "Put the message away", self.hide), 0, Qt.AlignmentFlag.AlignTop)
        inside = QVBoxLayout()
        inside.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        inside.setSpacing(GRID)
        inside.addLayout(top)
        inside.addLayout(self._row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(inside)
        column.addWidget(hairline())
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
            old.hide()
            old.deleteLater()
        self._buttons = [button(caption, lambda act=act: self._remedy(act)) for caption, act in remedies]  # type: ignore[misc]
        for place, made in enumerate(self._buttons):
            self._row.insertWidget(place, made)
        set_kind(self._text, "" if kind == "info" else kind)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        if remedies:
            self.asked.emit()

    def _remedy(self, act: Callable[[], object]) -> None:
        self.hide()
        act()
