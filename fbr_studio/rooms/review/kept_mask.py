"""A person's mask of one image with its undo and its journal; the last images visited keep theirs."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from fbr_engine.errors import FbrError
from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.history import History
from fbr_studio.drawing.journal import Journal
from fbr_studio.drawing.mask_document import Edit, MaskDocument
from fbr_studio.rooms.review.removal import is_removal

LOG = logging.getLogger(__name__)
MOST_KEPT = 16
MOST_BYTES = 1 << 30
_UNDO_BYTES = 64 << 20


@dataclass(slots=True, eq=False)
class KeptMask:
    """``fresh``: the document began as a copy of the run's mask, so without any edit left there is no person's mask.

    ``on_disk`` is the revision of the document that was saved last, -1 for none.
    ``journal_problem`` says why the last strokes are not in the journal; they are still saved with the mask.
    """

    image: int
    path: str
    document: MaskDocument
    journal: Journal
    fresh: bool
    depth: int = 0
    base_saved: bool = False
    on_disk: int = -1
    journal_problem: str = ""
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.document, _UNDO_BYTES)

    @property
    def nbytes(self) -> int:
        """Bytes of the planes and of the undo."""
        document = self.document
        instances = document.instances
        planes = document.classes.nbytes + document.source.nbytes + (0 if instances is None else instances.nbytes)
        return planes + self.history.nbytes

    @property
    def is_mine(self) -> bool:
        """Whether there is anything of the person in it."""
        return not self.removed and (not self.fresh or self.depth > 0)

    @property
    def removed(self) -> bool:
        """Whether the last thing done was to go back to the run's mask."""
        return is_removal(self.history.next_undo)

    def push(self, edit: Edit) -> None:
        """Remember an edit that the document has got."""
        self.history.push(edit)
        self.depth += 1
        self._write_down(edit, undo=False)

    def undo(self) -> Box | None:
        """Take the last edit back; return the box that changed."""
        edit = self.history.next_undo
        box = self.history.undo()
        if edit is not None:
            self.depth -= 1
            self._write_down(edit, undo=True)
        return box

    def redo(self) -> Box | None:
        """Do the last undone edit again; return the box that changed."""
        edit = self.history.next_redo
        box = self.history.redo()
        if edit is not None:
            self.depth += 1
            self._write_down(edit, undo=False)
        return box

    def _write_down(self, edit: Edit, *, undo: bool) -> None:
        try:
            self.journal.append(self.document, edit, undo=undo)
            self.journal_problem = ""
        except FbrError as error:
            LOG.warning("journal: %s", error)
            self.journal_problem = str(error)


class KeptMasks:
    """The masks of the images visited last. One with unsaved strokes never leaves."""

    def __init__(self, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[int, KeptMask] = OrderedDict()

    def get(self, image: int | None) -> KeptMask | None:
        """Return an image's mask, now the one visited last, or None."""
        found = self._kept.get(image) if image is not None else None
        if found is not None:
            self._kept.move_to_end(found.image)
        return found

    def put(self, kept: KeptMask) -> None:
        """Keep a mask."""
        self._kept[kept.image] = kept
        may_go = [other for other in self._kept.values() if not other.document.dirty and other is not kept]
        while may_go and self._too_much():
            self.drop(may_go.pop(0).image)

    def _too_much(self) -> bool:
        return len(self._kept) > self._most or sum(kept.nbytes for kept in self._kept.values()) > self._most_bytes

    def drop(self, image: int) -> None:
        """Forget an image's mask and its undo."""
        gone = self._kept.pop(image, None)
        if gone is not None:
            gone.journal.close()

    def dirty(self) -> list[KeptMask]:
        """Return the masks with strokes that are not saved."""
        return [kept for kept in self._kept.values() if kept.document.dirty]

    def clear(self) -> None:
        """Forget everything; what is dirty stays in its journal."""
        for kept in self._kept.values():
            kept.journal.close()
        self._kept.clear()
