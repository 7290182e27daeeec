"""The map's dots in plain values: where each concept lies, how large it is, which ones a drawn line holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.projection import projection

Points = npt.NDArray[np.float64]
SMALLEST, LARGEST = 11.0, 34.0  # px, the diameter of a dot


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """K concepts: ``ids``, and K x 2 ``places`` between -1 and 1."""

    ids: list[int]
    places: Points


def lay_out(concepts: ConceptSet) -> Layout:
    """Return where concepts lie on the map: those that look alike lie together. Takes up to a second."""
    ids = concepts.ids()
    if not ids:
        return Layout([], np.zeros((0, 2)))
    found = projection(np.stack([_centre(concepts, concept) for concept in ids]))
    places = np.asarray(found, dtype=np.float64) - np.mean(found, axis=0)
    return Layout(ids, places / max(float(np.abs(places).max()), 1e-9))


def _centre(concepts: ConceptSet, concept: int) -> npt.NDArray[np.float32]:
    atoms = concepts.atoms_of(concept)
    pixels = np.bincount(concepts.member_atom, weights=concepts.member_pixels, minlength=len(concepts.family))
    mean = (np.maximum(pixels[atoms], 1)[:, None] * concepts.centroids[atoms]).sum(axis=0)
    centre: npt.NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return centre


def diameters(pixels: Sequence[int]) -> list[float]:
    """Return the dots' diameters in px: areas grow with the concepts' pixels."""
    most = max(pixels, default=1) or 1
    return [max(SMALLEST, LARGEST * (count / most) ** 0.5) for count in pixels]


def inside(line: Points, places: Points) -> npt.NDArray[np.bool_]:
    """Return which of ``places`` (K x 2) lie inside the closed ``line`` (N x 2), in the same units."""
    if len(line) < 3:
        return np.zeros(len(places), dtype=np.bool_)
    contour = line.astype(np.float32).reshape(-1, 1, 2)
    held = [cv2.pointPolygonTest(contour, (float(x), float(y)), False) >= 0 for x, y in places]
    return np.array(held, dtype=np.bool_)


def towards(places: Points, start: int, step: tuple[float, float]) -> int:
    """Return the dot to go to from ``start`` in the direction ``step``: near, and not far off to the side."""
    moved = places - places[start]
    ahead = moved @ np.array(step)
    aside = np.abs(moved @ np.array([-step[1], step[0]]))
    cost = np.where(ahead > 1e-9, ahead + 2 * aside, np.inf)
    cost[start] = np.inf
    best = int(cost.argmin())
    return best if np.isfinite(cost[best]) else start
