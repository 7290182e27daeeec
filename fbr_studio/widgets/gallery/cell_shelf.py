"""The cells a gallery has read: it asks its source for a page at a time and remembers the last pages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from fbr_engine.errors import FbrError
from fbr_studio.widgets.gallery.cell import Cell, CellSource

LIMIT = 4096  # cells


class CellShelf:
    """Cells by id, read on demand."""

    def __init__(self) -> None:
        self._source: CellSource | None = None
        self._cells: dict[int, Cell] = {}

    def set_source(self, source: CellSource | None) -> None:
        """Read from another source; what was read is forgotten."""
        self._source = source
        self._cells.clear()

    def ensure(self, visible: Sequence[int], around: Sequence[int]) -> None:
        """Read what is missing of ``visible``, and if anything was, of ``around`` too, in one question."""
        if self._source is None or all(id in self._cells for id in visible):
            return
        if len(self._cells) > LIMIT:
            self._cells.clear()
        asked = [id for id in dict.fromkeys((*visible, *around)) if id not in self._cells]
        self._cells.update((id, Cell(id, "")) for id in asked)
        with contextlib.suppress(FbrError):  # the project closed meanwhile: the cells stay blank
            self._cells.update((cell.id, cell) for cell in self._source.cells(asked))

    def get(self, id: int) -> Cell:
        """Return the cell of ``id``, reading it alone if need be."""
        self.ensure((id,), ())
        return self._cells.get(id) or Cell(id, "")

    def forget(self, ids: Iterable[int] | None = None) -> None:
        """Read some, or all, anew when they are shown next."""
        if ids is None:
            self._cells.clear()
            return
        for id in ids:
            self._cells.pop(id, None)
