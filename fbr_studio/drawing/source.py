"""Who gave a pixel its class."""

from __future__ import annotations

from enum import IntEnum

IGNORE = 255


class Source(IntEnum):
    """Who gave a pixel its class. Numbers are stored: they never change, later tools take new ones."""

    RUN = 0
    REFINED = 1
    BRUSH = 2
    ERASER = 3

    @property
    def text(self) -> str:
        """What undo and redo call an edit of this tool."""
        return _TEXTS[self]


_TEXTS = {
    Source.RUN: "mask of the run",
    Source.REFINED: "refinement",
    Source.BRUSH: "brush stroke",
    Source.ERASER: "eraser stroke",
}
