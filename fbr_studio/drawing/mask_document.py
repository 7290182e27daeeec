"""The mask a person works on: three planes, changed by edits that can be undone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.boxes import Box, Mask, window
from fbr_studio.drawing.edit import Classes, Edit, Instances, Patch, Plane, Values
from fbr_studio.drawing.source import IGNORE, Source
from fbr_studio.drawing.stroke import Stroke

__all__ = ["IGNORE", "Box", "Edit", "MaskDocument", "Patch", "Snapshot", "Source", "Stroke", "Values"]

_FINGERPRINT_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the planes to be saved by another thread, and which state of the document it is."""

    classes: Classes
    instances: Instances | None
    source: Classes
    revision: int
    fingerprint: int


class MaskDocument:
    """Class, instance and source of each pixel of one image.

    ``classes`` is uint8 H x W: 0 background, 1 to 254 classes, 255 `IGNORE`. ``instances`` is uint16, 0 where no
    instance is told; the plane is made when an edit first names one. ``source`` is uint8 of `Source`; without it,
    all pixels are from the run. The arrays are copied. Used by one thread.

    ``dirty`` tells whether there are edits since the last save, ``revision`` grows with every change, ``base`` is
    the `fingerprint` of the last saved (or first) state.
    """

    def __init__(self, classes: Classes, instances: Instances | None = None, source: Classes | None = None) -> None:
        if classes.ndim != 2 or classes.dtype != np.uint8:
            raise ValueError(f"classes are uint8 H x W, not {classes.dtype} {classes.shape}")
        self.shape: tuple[int, int] = (classes.shape[0], classes.shape[1])
        self._classes: Classes = classes.copy(order="C")
        self._instances = None if instances is None else self._own(instances, np.dtype(np.uint16))
        self._source = np.zeros(self.shape, np.uint8) if source is None else self._own(source, np.dtype(np.uint8))
        self.dirty = False
        self.revision = 0
        self.base = self.fingerprint()
        self._stroke: Stroke | None = None

    @property
    def classes(self) -> Classes:
        """Read-only view of the class plane; it shows later edits."""
        return _read_only(self._classes)

    @property
    def instances(self) -> Instances | None:
        """Read-only view of the instance plane, or None if no instance was ever told."""
        return None if self._instances is None else _read_only(self._instances)

    @property
    def source(self) -> Classes:
        """Read-only view of the source plane."""
        return _read_only(self._source)

    def edit(
        self,
        box: Box,
        pixels: Mask,
        class_id: int,
        source: Source,
        instance: int | None = None,
        *,
        text: str | None = None,
    ) -> Edit | None:
        """Give the true ``pixels`` of ``box`` the class; return the edit, or None if nothing changed.

        ``pixels`` has the shape of ``box``; what lies outside of the image is left out. A pixel that has the class
        (and instance) already keeps its source. Without ``instance``, pixels that change class lose theirs.
        """
        stroke = Stroke(self, class_id, source, instance=instance, text=text)
        stroke.add(box, pixels)
        return stroke.finish()

    def apply(self, edit: Edit, *, undo: bool) -> Box:
        """Put the values from before (``undo``) or after the edit in place; return the box that changed."""
        self._must_be_free()
        for patch in edit.patches:
            self._put(patch.box, patch.before if undo else patch.after)
        self._touched()
        return edit.box

    def snapshot(self) -> Snapshot:
        """Return a copy of everything, to be saved elsewhere while painting goes on.

        With a stroke open it holds a part of that stroke: the document stays dirty then, even if it is cancelled.
        """
        if self._stroke is not None:
            self._stroke._was_dirty = True
        instances = None if self._instances is None else self._instances.copy()
        return Snapshot(self._classes.copy(), instances, self._source.copy(), self.revision, self.fingerprint())

    def mark_saved(self, revision: int | None = None) -> bool:
        """Say that the state at ``revision`` (the present one, if not given) is on the disk.

        Returns False and stays dirty if the document has changed since.
        """
        if revision is not None and revision != self.revision:
            return False
        self.dirty = False
        self.base = self.fingerprint()
        return True

    def fingerprint(self) -> int:
        """Return a checksum of the class plane; of a large one, of evenly spaced rows."""
        step = max(1, -(-self._classes.nbytes // _FINGERPRINT_BYTES))
        return zlib.crc32(self._classes[::step].tobytes(), zlib.crc32(repr(self.shape).encode()))

    def write_pixels(self, box: Box, pixels: Mask, values: Values) -> Box:
        """Give the true ``pixels`` of ``box`` the values, one for each of them in row order; for the journal."""
        self._must_be_free()
        cut = window(box)
        if values.classes is not None:
            self._classes[cut][pixels] = values.classes
        if values.instances is not None:
            self._make_instances()[cut][pixels] = values.instances
        if values.source is not None:
            self._source[cut][pixels] = values.source
        self._touched()
        return box

    def _own(self, plane: npt.NDArray[np.generic], kind: np.dtype[np.generic]) -> Plane:
        if plane.shape != self.shape or plane.dtype != kind:
            raise ValueError(f"the plane is {plane.dtype} {plane.shape}, not {kind} {self.shape}")
        return plane.copy(order="C")

    def _make_instances(self) -> Instances:
        if self._instances is None:
            self._instances = np.zeros(self.shape, np.uint16)
        return self._instances

    def _put(self, box: Box, values: Values) -> None:
        cut = window(box)
        if values.classes is not None:
            self._classes[cut] = values.classes
        if values.instances is not None:
            self._make_instances()[cut] = values.instances
        if values.source is not None:
            self._source[cut] = values.source

    def _touched(self) -> None:
        self.dirty = True
        self.revision += 1

    def _must_be_free(self) -> None:
        if self._stroke is not None:
            raise RuntimeError("a stroke is open: finish or cancel it first")


def _read_only(plane: Plane) -> Plane:
    view = plane.view()
    view.flags.writeable = False
    return view
