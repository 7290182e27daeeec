"""What judgements say of the pixels of one photo, and of a crop of it. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

UNSURE = 255
STEP = 4  # px of a crop from one point of its planes to the next


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPlane:
    """``seeds``: h x w uint8, 0 background, 1 + class, 255 unsure, of any size, its corners on those of the photo.

    ``forced``: for each class (its index) that anything of this photo was judged for, h' x w' int8: 1 part of the
    object, -1 background, 0 nobody said.
    """

    seeds: npt.NDArray[np.uint8]
    forced: dict[int, npt.NDArray[np.int8]]

    def at(self, rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]) -> JudgedPlane:
        """Return what lies nearest to P rows and Q columns, given as shares of the way across the photo.

        Outside of it everything is unsure, and nothing forced.
        """
        forced = {index: _nearest(plane, rows, columns, 0) for index, plane in self.forced.items()}
        return JudgedPlane(_nearest(self.seeds, rows, columns, UNSURE), forced)


def points(side: int) -> int:
    """Return how many points the planes of a crop of ``side`` px have along each side."""
    return (side - 1) // STEP + 1


def shares(offset: int, length: int, side: int, mirrored: bool) -> npt.NDArray[np.float64]:
    """Return where the points of a crop lie on one axis of its photo: 0 its first pixel, 1 its last, or outside.

    The photo is ``length`` px long, the crop begins at ``offset`` and may reach past either end.
    """
    inside = np.linspace(0, side - 1, points(side))
    place = offset + (inside[::-1] if mirrored else inside)
    found: npt.NDArray[np.float64] = place / max(1, length - 1)
    return found


def _nearest(
    plane: npt.NDArray[Any], rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64], outside: int
) -> npt.NDArray[Any]:
    (y, has_y), (x, has_x) = (_places(s, n) for s, n in zip((rows, columns), plane.shape, strict=True))
    return np.where(has_y[:, None] & has_x[None], plane[y][:, x], np.asarray(outside, dtype=plane.dtype))


def _places(share: npt.NDArray[np.float64], length: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    place = np.clip(share, 0, 1) * (length - 1)
    return place.round().astype(np.intp), (share >= 0) & (share <= 1)
