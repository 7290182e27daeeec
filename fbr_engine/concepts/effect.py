"""What judgements do to a CAM: a shift in log-odds where pixels are like what was judged.

The *cast* of a class is all that its pixels are compared with: the atoms of its own activation, the atoms of other
concepts that were judged for it, and the pixels of judgements that fall on no concept. Only the judged members shift
the CAM; the others draw pixels to themselves that nobody spoke about.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OBJECT = 1.0  # by how much part of the object is shifted up, in log-odds
BACKGROUND = 1.5  # by how much background is shifted down; measured on photos: more, or zeroing, hurts
TEMPERATURE = 0.05  # of the softmax over cosines
PUT_BACK = 0.5  # CAM that background judged part of the object is raised to
EDGE = 0.004  # CAM values nearer to 0 or 1 count as this far away

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """What pixels of one class are compared with; ``own`` members of K are the class's own activation, and come first.

    ``centroids``: K x D, of unit length. ``sign``: K int8, 1 for part of the object, -1 for background, 0 if nobody
    said. ``put_back``: K bool, the background concepts that were judged part of the object.
    """

    centroids: Floats
    own: int
    sign: npt.NDArray[np.int8]
    put_back: npt.NDArray[np.bool_]

    @property
    def acts(self) -> bool:
        """Whether it changes any CAM."""
        return bool(self.sign.any())

    @property
    def strength(self) -> Floats:
        """The shift of each member, K, in log-odds."""
        found: Floats = np.where(self.sign > 0, OBJECT, np.where(self.sign < 0, -BACKGROUND, 0)).astype(np.float32)
        return found

    def digest(self) -> str:
        """Return a hash of all that the change of a CAM follows from, besides the CAM and the features."""
        found = hashlib.sha256(repr((OBJECT, BACKGROUND, TEMPERATURE, PUT_BACK, EDGE, self.own)).encode())
        for array in (self.centroids, self.sign, self.put_back):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]


def likeness(points: Floats, centroids: Floats) -> Floats:
    """Return P x K logits: cosines by `TEMPERATURE`; ``points``: P x D, ``centroids``: K x D, of unit length."""
    logits: Floats = (points @ centroids.T - 1) / np.float32(TEMPERATURE)
    return logits


def weights(points: Floats, cast: Cast) -> Floats:
    """Return how much each pixel belongs to each member, P x K: a softmax of `likeness`."""
    logits = likeness(points, cast.centroids)
    found: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return found


def shift_and_lift(points: Floats, cast: Cast) -> tuple[Floats, Floats]:
    """Return, P each, the shift in log-odds, and the CAM value that a pixel is raised to first."""
    found = weights(points, cast)
    return found @ cast.strength, PUT_BACK * (found @ cast.put_back.astype(np.float32))


def shifted(cam: Floats, shift: Floats, lift: Floats) -> Floats:
    """Return a CAM in [0, 1] raised to ``lift`` and shifted by ``shift`` log-odds where it is above 0; any one shape.

    Without lift and shift it comes out as it was.
    """
    raised = np.maximum(cam, lift)
    inside = np.clip(raised, EDGE, 1 - EDGE)
    odds = inside / (1 - inside) * np.exp(shift)
    found: Floats = np.where(raised > 0, np.clip(raised + odds / (1 + odds) - inside, 0, 1), 0).astype(np.float32)
    return found
