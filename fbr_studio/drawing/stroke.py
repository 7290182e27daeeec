"""Many dabs, one edit: paints at once and remembers only the blocks it touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fbr_studio.drawing.boxes import Box, Mask, bounds, clip, is_empty, union, window
from fbr_studio.drawing.edit import Edit, Patch, Plane, Values
from fbr_studio.drawing.source import Source

if TYPE_CHECKING:
    from fbr_studio.drawing.mask_document import MaskDocument

BLOCK = 256


class Stroke:
    """Paints one class into a document; `finish` makes one `Edit` of all that was added.

    While a stroke that painted something is open, no other edit, undo or stroke may change the document
    (RuntimeError). ``instance`` as in `MaskDocument.edit`.
    """

    def __init__(
        self,
        document: MaskDocument,
        class_id: int,
        source: Source,
        *,
        instance: int | None = None,
        text: str | None = None,
    ) -> None:
        if not 0 <= class_id <= 255:
            raise ValueError(f"class {class_id} is not between 0 and 255")
        if instance is not None and not 0 <= instance <= 65535:
            raise ValueError(f"instance {instance} is not between 0 and 65535")
        self._document = document
        self._class_id, self._source, self._instance = class_id, source, instance
        self._text = source.text if text is None else text
        self._before: dict[Box, Values] = {}
        self._was_dirty = document.dirty
        self._done = False

    def add(self, box: Box, pixels: Mask) -> Box:
        """Paint the true ``pixels`` of ``box`` at once; return the box that changed, empty if none did."""
        if self._done:
            raise RuntimeError("the stroke is over")
        if pixels.shape != (box[2] - box[0], box[3] - box[1]):
            raise ValueError(f"the pixels are {pixels.shape}, the box is {box}")
        inside = clip(box, *self._document.shape)
        nothing = (inside[0], inside[1], inside[0], inside[1])
        if is_empty(inside):
            return nothing
        wanted = pixels[inside[0] - box[0] : inside[2] - box[0], inside[1] - box[1] : inside[3] - box[1]]
        changing = self._changing(inside, wanted)
        touched = bounds(changing, inside[0], inside[1])
        if touched is None:
            return nothing
        self._remember(touched)
        self._paint(inside, changing)
        return touched

    def finish(self) -> Edit | None:
        """End the stroke; return what it changed, or None."""
        self._end()
        patches = [patch for box, before in self._before.items() if (patch := self._patch(box, before))]
        box: Box | None = None
        for patch in patches:
            box = union(box, patch.box)
        self._before.clear()
        return None if box is None else Edit(box, tuple(patches), self._text)

    def cancel(self) -> Box:
        """End the stroke and put everything back as it was; return the box that changed, empty if none did."""
        self._end()
        touched: Box | None = None
        for box, before in self._before.items():
            self._document._put(box, before)
            touched = union(touched, box)
        if touched is None:
            return (0, 0, 0, 0)
        self._before.clear()
        self._document._touched()
        self._document.dirty = self._was_dirty
        return touched

    def _end(self) -> None:
        if self._done:
            raise RuntimeError("the stroke is over")
        self._done = True
        if self._document._stroke is self:
            self._document._stroke = None

    def _changing(self, box: Box, wanted: Mask) -> Mask:
        cut = window(box)
        other: Mask = self._document._classes[cut] != self._class_id
        if self._instance is not None:
            instances = self._document._instances
            other |= self._instance != (0 if instances is None else instances[cut])
        other &= wanted
        return other

    def _remember(self, box: Box) -> None:
        if self._document._stroke is not self:
            self._document._must_be_free()
            self._document._stroke = self
        if self._instance:
            self._document._make_instances()
        for block in _blocks(box, self._document.shape):
            if block not in self._before:
                self._before[block] = self._now(block)

    def _now(self, block: Box) -> Values:
        document, cut = self._document, window(block)
        instances = None if document._instances is None else document._instances[cut].copy()
        return Values(document._classes[cut].copy(), instances, document._source[cut].copy())

    def _paint(self, box: Box, changing: Mask) -> None:
        document, cut = self._document, window(box)
        np.putmask(document._classes[cut], changing, self._class_id)
        np.putmask(document._source[cut], changing, self._source)
        if document._instances is not None:
            np.putmask(document._instances[cut], changing, self._instance or 0)
        document._touched()

    def _patch(self, block: Box, before: Values) -> Patch | None:
        after = self._now(block)
        planes = [(before.classes, after.classes), (before.instances, after.instances), (before.source, after.source)]
        changed = [None if old is None or new is None else old != new for old, new in planes]
        box: Box | None = None
        for plane in changed:
            box = box if plane is None else union(box, bounds(plane, block[0], block[1]))
        if box is None:
            return None
        cut = window((box[0] - block[0], box[1] - block[1], box[2] - block[0], box[3] - block[1]))
        olds: list[Plane | None] = []
        news: list[Plane | None] = []
        for plane, (old, new) in zip(changed, planes, strict=True):
            differs = plane is not None and old is not None and new is not None and bool(plane.any())
            olds.append(old[cut].copy() if differs and old is not None else None)
            news.append(new[cut].copy() if differs and new is not None else None)
        return Patch(box, Values(*olds), Values(*news))


def _blocks(box: Box, shape: tuple[int, int]) -> Iterator[Box]:
    for top in range(box[0] // BLOCK * BLOCK, box[2], BLOCK):
        for left in range(box[1] // BLOCK * BLOCK, box[3], BLOCK):
            yield clip((top, left, top + BLOCK, left + BLOCK), *shape)
