"""What one command changed: small patches with the values before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.boxes import Box

Plane = npt.NDArray[Any]
Classes = npt.NDArray[np.uint8]
Instances = npt.NDArray[np.uint16]
PLANES = ("classes", "instances", "source")


@dataclass(frozen=True, slots=True)
class Values:
    """The three planes inside a patch; None where the plane did not change."""

    classes: Classes | None = None
    instances: Instances | None = None
    source: Classes | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held by the planes."""
        return sum(plane.nbytes for plane in (self.classes, self.instances, self.source) if plane is not None)


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of an edit that lies in one block of the mask."""

    box: Box
    before: Values
    after: Values

    @property
    def nbytes(self) -> int:
        """Bytes held by both sides."""
        return self.before.nbytes + self.after.nbytes


@dataclass(frozen=True, slots=True)
class Edit:
    """One command a person can undo. ``box`` holds all patches; ``text`` names it, such as "brush stroke"."""

    box: Box
    patches: tuple[Patch, ...]
    text: str

    @property
    def nbytes(self) -> int:
        """Bytes held by all patches."""
        return sum(patch.nbytes for patch in self.patches)
