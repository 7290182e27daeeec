"""Of several strips that may ask, only the last one does."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from fbr_studio.widgets.tags.narrow_strip import NarrowStrip
from fbr_studio.widgets.tags.question_strip import QuestionStrip

Strip = QuestionStrip | NarrowStrip


class OneQuestion(QObject):
    """Puts the other questions of a room away when one is asked; reports without remedies stay."""

    def __init__(self, parent: QObject, *strips: Strip) -> None:
        super().__init__(parent)
        self._strips = strips
        for strip in strips:
            strip.asked.connect(partial(self._keep_only, strip))

    def dismiss(self) -> bool:
        """Put all messages away; return whether there were any."""
        shown = [strip for strip in self._strips if not strip.isHidden()]
        for strip in shown:
            strip.hide()
        return bool(shown)

    def _keep_only(self, kept: Strip) -> None:
        for strip in self._strips:
            if strip is not kept and strip.remedies:
                strip.hide()
