"""Asks a `ThumbnailSource` for what a gallery is missing, and takes in what comes."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from fbr_studio.widgets.gallery.cell import ThumbnailSource
from fbr_studio.widgets.gallery.thumbnail_shelf import ThumbnailShelf


class ThumbnailFeed(QObject):
    """Keeps a shelf filled with the wanted thumbnails; says which one came or failed."""

    arrived = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shelf = ThumbnailShelf()
        self._source: ThumbnailSource | None = None
        self._wanted: frozenset[int] = frozenset()
        self._side = 0
        self._ratio = 1.0
        self._asked: tuple[list[int], int] = ([], 0)

    def set_source(self, source: ThumbnailSource | None) -> None:
        """Take thumbnails from another source; those of the old one are dropped."""
        if self._source is not None:
            self._source.ready.disconnect(self._take)
            self._source.failed.disconnect(self._note)
        self._source = source
        self.drop()
        if source is not None:
            source.ready.connect(self._take, Qt.ConnectionType.QueuedConnection)
            source.failed.connect(self._note, Qt.ConnectionType.QueuedConnection)

    def want(self, ids: list[int], side: int, ratio: float) -> None:
        """Ask for those of ``ids``, most wanted first, that are missing at ``side`` device px."""
        self._wanted, self._side, self._ratio = frozenset(ids), side, ratio
        missing = self.shelf.missing(ids, side)
        if self._source is not None and (missing, side) != self._asked:
            self._asked = (missing, side)
            self._source.request(missing, side)

    def drop(self, ids: Iterable[int] | None = None) -> None:
        """Forget thumbnails and failures, so that they are asked for again."""
        self.shelf.drop(ids)
        self._asked = ([], 0)

    def _take(self, id: int, image: QImage) -> None:
        if id in self._wanted:
            self.shelf.put(id, image, self._side, self._ratio, self._wanted)
            self.arrived.emit(id)

    def _note(self, id: int, reason: str) -> None:
        if id in self._wanted:
            self.shelf.fail(id, reason)
            self.arrived.emit(id)
