"""A message in place, with its remedy as a button: what this window has instead of modal dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from fbr_studio.widgets.basics import Picture, button, icon_button, label, set_kind
from fbr_studio.widgets.theme import GRID

SHORT = 90
Kind = Literal["info", "good", "warning", "danger"]
_ICONS = {"info": "info", "good": "check", "warning": "warning", "danger": "warning"}
_TEXT_KINDS = {"info": "", "good": "good", "warning": "warning", "danger": "danger"}


class MessageStrip(QFrame):
    """Hidden until `say`; a later message replaces an earlier one, and the person can put it away.

    A click on its buttons leaves the focus where it is; when it goes it gives the focus back to what had it before.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        column.addLayout(row)
        self._picture = Picture("info", 18)
        self._text = label("", wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons: list[QPushButton] = []
        self._kind: Kind = "info"
        self._former: QWidget | None = None
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()
        row.addWidget(self._picture)
        row.addWidget(self._text, 1)
        row.addLayout(self._beside)
        row.addWidget(icon_button("close", "Put the message away", self.hide))
        column.addLayout(self._below)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

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
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.append(made)
        self._place_buttons(len(text) <= SHORT)
        self._picture.set_name(_ICONS[kind])
        set_kind(self._text, _TEXT_KINDS[kind])
        self._kind = kind
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()

    def leave(self) -> None:
        """Go if what is said is only information: the person has gone elsewhere."""
        if self._kind == "info":
            self.hide()

    def take_back(self, text: str) -> None:
        """Go if it is this text that is said: it is true no longer."""
        if text == self.text:
            self.hide()

    def _place_buttons(self, beside: bool) -> None:
        """Put the buttons beside a short text, below a long one, which would be squeezed."""
        row = self._beside if beside else self._below
        while self._below.count():
            self._below.takeAt(0)
        if not beside:
            row.addSpacing(18 + GRID)
        for made in self._buttons:
            row.addWidget(made)
        if not beside:
            row.addStretch()

    def _remedy(self, act: Callable[[], object]) -> None:
        self.hide()
        act()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the focus back to what had it before."""
        super().hideEvent(event)
        former = self._former
        if former is None or not isValid(former) or not self.isHidden():
            return
        if self._holds(self.window().focusWidget()) and former.isVisible() and former.isEnabled():
            former.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_moved(self, old: QWidget | None, now: QWidget | None) -> None:
        """Remember where the focus came from."""
        if self._holds(now) and old is not None and not self._holds(old):
            self._former = old

    def _holds(self, widget: QWidget | None) -> bool:
        return widget is not None and (widget is self or self.isAncestorOf(widget))
