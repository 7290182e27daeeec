"""From stored maps to what the heat and label layers draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.stages.stored_cams import StoredMaps
from fbr_studio.rooms.review.material import Labels

FOREGROUND = 255


def heat(maps: StoredMaps, cam_class: int | None, tagged: frozenset[int]) -> npt.NDArray[np.uint8] | None:
    """Return h x w CAM values: of one class, or the largest of the tagged ones (of all learnt ones without tags).

    None where the run has not learnt the class.
    """
    ids = [int(c) for c in maps.class_ids]
    if cam_class is None:
        chosen = [i for i, c in enumerate(ids) if c in tagged] or list(range(len(ids)))
    else:
        chosen = [i for i, c in enumerate(ids) if c == cam_class]
    if not chosen:
        return None
    values: npt.NDArray[np.uint8] = maps.cam[chosen].max(axis=0)
    return values


def nroi_labels(maps: StoredMaps) -> Labels | None:
    """Return which NROI each cell of the image belongs to, h' x w': numbers from 1, 0 where none; None without any."""
    if maps.nroi_labels.size == 0:
        return None
    numbers: Labels = maps.nroi_labels + np.uint8(1)  # FOREGROUND becomes 0
    return numbers


def histogram(maps: StoredMaps, tagged: frozenset[int], bins: int = 64) -> npt.NDArray[np.float64]:
    """Return the share of the image at each of ``bins`` levels of its largest CAM."""
    values = heat(maps, None, tagged)
    if values is None:
        return np.zeros(bins)
    counts = np.bincount(values.ravel().astype(np.intp) * bins // 256, minlength=bins).astype(np.float64)
    return counts / max(1, values.size)
