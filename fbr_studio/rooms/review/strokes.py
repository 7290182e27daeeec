"""From the pointer to the person's masks: strokes, their undo, and the way back to the run's mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from fbr_engine.errors import FbrError, ReadError
from fbr_engine.project import ImageInfo
from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.brush import Point
from fbr_studio.rooms.review.kept_mask import KeptMask
from fbr_studio.rooms.review.mask_keeper import MaskKeeper
from fbr_studio.rooms.review.material import Labels, fitted
from fbr_studio.rooms.review.painting import Painter


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What is painted on: an image, its photo's size (height, width), and the mask that shows if there is one."""

    image: ImageInfo
    size: tuple[int, int]
    shown: Labels | None


class Strokes(QObject):
    """One stroke at a time. ``began`` before its first pixels are told, ``painted(box)`` when pixels of a mask changed.

    ``changed``: there may be more or less to undo. ``failed`` carries the error of a stroke that could not begin.
    """

    began = Signal()
    painted = Signal(object)
    changed = Signal()
    failed = Signal(object)

    def __init__(self, painter: Painter, keeper: MaskKeeper, parent: QObject) -> None:
        super().__init__(parent)
        self._painter, self._keeper = painter, keeper
        self._kept: KeptMask | None = None

    def mine(self, image: int | None) -> KeptMask | None:
        """Return the person's mask of an image, also one of which the first stroke is being drawn, or None."""
        kept = self._keeper.get(image)
        if kept is not None and (kept.is_mine or self._painter.document is kept.document):
            return kept
        return None

    # --- one stroke

    def begin(self, sheet: Sheet, at: Point, radius: float, class_id: int, *, erase: bool, line: bool) -> bool:
        """Begin a stroke in the person's mask, made of the mask that shows if there is none; whether it began."""
        try:
            self._kept = self._document(sheet)
        except FbrError as error:
            self.failed.emit(error)
            return False
        box = self._painter.begin(self._kept.document, at, radius, class_id, erase=erase, line=line)
        self.began.emit()
        self._tell(box)
        return True

    def move(self, x: float, y: float) -> None:
        """Draw on."""
        self._tell(self._painter.move((x, y)))

    def end(self) -> None:
        """Keep the stroke."""
        edit, kept = self._painter.end(), self._kept
        self._kept = None
        if edit is not None and kept is not None and self._keeper.get(kept.image) is kept:
            self._keeper.push(kept, edit)
        self.changed.emit()

    def cancel(self) -> None:
        """Put everything back."""
        self._kept = None
        self._tell(self._painter.cancel())
        self.changed.emit()

    # --- what was done

    def undo(self, image: int | None) -> None:
        """Take the last stroke of an image back."""
        kept = self._keeper.get(image)
        if kept is not None and not self._painter.active:
            self._tell(self._keeper.undo(kept))

    def redo(self, image: int | None) -> None:
        """Do it again."""
        kept = self._keeper.get(image)
        if kept is not None and not self._painter.active:
            self._tell(self._keeper.redo(kept))

    def go_back(self, image: int | None, shown: Labels | None) -> bool:
        """Remove the person's mask of an image until that is undone; ``shown`` is the run's. Whether there was one."""
        self.cancel()
        kept = self.mine(image)
        if kept is None:
            return False
        shape = kept.document.shape
        base = np.zeros(shape, np.uint8) if shown is None else fitted(shown, shape)
        self._tell(self._keeper.go_back(kept, base))
        return True

    def can_undo(self, image: int | None) -> bool:
        """Whether there is a stroke to take back."""
        kept = self._keeper.get(image)
        return kept is not None and kept.history.can_undo

    def can_redo(self, image: int | None) -> bool:
        """Whether there is one to do again."""
        kept = self._keeper.get(image)
        return kept is not None and kept.history.can_redo

    def _document(self, sheet: Sheet) -> KeptMask:
        """Return the document to paint in; a copy nobody has painted in is made anew, of the mask that shows now."""
        kept = self._keeper.get(sheet.image.id)
        if kept is not None and (kept.is_mine or kept.history.can_redo):
            if kept.document.shape != sheet.size:
                raise ReadError(
                    f"{sheet.image.path}: your mask was painted on a photo of another size; "
                    "put that photo back, or go back to the run's mask"
                )
            return kept
        base = np.zeros(sheet.size, np.uint8) if sheet.shown is None else fitted(sheet.shown, sheet.size)
        return self._keeper.begin(sheet.image, base)

    def _tell(self, box: Box | None) -> None:
        if box is not None:
            self.painted.emit(box)
