"""A message strip that says when it asks for a decision."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal

from fbr_studio.widgets.message_strip import Kind, MessageStrip


class QuestionStrip(MessageStrip):
    """``asked`` when a message with remedies is shown."""

    asked = Signal()

    def say(self, text: str, kind: Kind = "info", *remedies: tuple[str, Callable[[], object]]) -> None:
        """Show ``text`` with its remedies as buttons."""
        super().say(text, kind, *remedies)
        if remedies:
            self.asked.emit()
