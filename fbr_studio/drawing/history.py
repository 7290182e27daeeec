"""Undo and redo of one document, bounded by memory."""

from __future__ import annotations

from collections import deque

from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.edit import Edit
from fbr_studio.drawing.mask_document import MaskDocument

LIMIT_BYTES = 256 << 20


class History:
    """The edits of a document in order. Beyond ``limit_bytes`` the oldest are dropped; the newest always stays."""

    def __init__(self, document: MaskDocument, limit_bytes: int = LIMIT_BYTES) -> None:
        self._document = document
        self._limit = limit_bytes
        self._done: deque[Edit] = deque()
        self._undone: list[Edit] = []
        self._bytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes held by all edits, undone ones included."""
        return self._bytes

    @property
    def can_undo(self) -> bool:
        """Whether `undo` has something to do."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether `redo` has something to do."""
        return bool(self._undone)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, such as "brush stroke"; empty if nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again; empty if nothing."""
        return self._undone[-1].text if self._undone else ""

    @property
    def next_undo(self) -> Edit | None:
        """The edit that `undo` takes back; the journal wants to know."""
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> Edit | None:
        """The edit that `redo` does again."""
        return self._undone[-1] if self._undone else None

    def push(self, edit: Edit) -> None:
        """Remember an edit the document has already; what was undone can no longer be redone."""
        self._bytes += edit.nbytes - sum(undone.nbytes for undone in self._undone)
        self._undone.clear()
        self._done.append(edit)
        while self._bytes > self._limit and len(self._done) > 1:
            self._bytes -= self._done.popleft().nbytes

    def undo(self) -> Box | None:
        """Take the last edit back; return the box that changed, or None if there is none."""
        if not self._done:
            return None
        box = self._document.apply(self._done[-1], undo=True)
        self._undone.append(self._done.pop())
        return box

    def redo(self) -> Box | None:
        """Do the last undone edit again; return the box that changed, or None if there is none."""
        if not self._undone:
            return None
        box = self._document.apply(self._undone[-1], undo=False)
        self._done.append(self._undone.pop())
        return box

    def clear(self) -> None:
        """Forget all edits."""
        self._done.clear()
        self._undone.clear()
        self._bytes = 0
