"""The thumbnails a gallery holds: those in and near its view, and the last ones seen as far as memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

LIMIT = 64 * 2**20  # bytes


class _Kept(NamedTuple):
    pixmap: QPixmap
    side: int  # device px the longer side was asked for
    bytes: int


class ThumbnailShelf:
    """Pixmaps by id, the least recently seen leaving first; and why some images have none."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._reasons: dict[int, str] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, id: int, image: QImage, side: int, ratio: float, needed: Iterable[int]) -> None:
        """Keep ``image``, scaled down to ``side`` device px. What is ``needed`` stays, whatever the limit."""
        self.drop((id,))
        if max(image.width(), image.height()) > side:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            image = image.scaled(side, side, keep, smooth)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        size = pixmap.width() * pixmap.height() * 4
        self._kept[id] = _Kept(pixmap, side, size)
        self._bytes += size
        if self._bytes > self._limit:
            self._shrink(frozenset(needed) | {id})

    def fail(self, id: int, reason: str) -> None:
        """Note that ``id`` has no thumbnail, and why."""
        self.drop((id,))
        self._reasons[id] = reason

    def pixmap(self, id: int) -> QPixmap | None:
        """Return the thumbnail of ``id``, of whatever side it is."""
        kept = self._kept.get(id)
        if kept is None:
            return None
        self._kept.move_to_end(id)
        return kept.pixmap

    def reason(self, id: int) -> str:
        """Return why ``id`` has no thumbnail; empty where it has, or may still come."""
        return self._reasons.get(id, "")

    def missing(self, ids: Sequence[int], side: int) -> list[int]:
        """Return those of ``ids``, in their order, that have no thumbnail of at least ``side`` device px."""
        return [
            id for id in ids if id not in self._reasons and ((kept := self._kept.get(id)) is None or kept.side < side)
        ]

    def drop(self, ids: Iterable[int] | None = None) -> None:
        """Forget some, or all."""
        if ids is None:
            self._kept.clear()
            self._reasons.clear()
            self._bytes = 0
            return
        for id in ids:
            self._reasons.pop(id, None)
            kept = self._kept.pop(id, None)
            self._bytes -= kept.bytes if kept else 0

    def _shrink(self, needed: frozenset[int]) -> None:
        for id in list(self._kept):
            if self._bytes <= self._limit:
                return
            if id not in needed:
                self._bytes -= self._kept.pop(id).bytes
