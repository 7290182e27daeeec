"""Boxes of pixels: (top, left, bottom, right), the last two outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Box = tuple[int, int, int, int]
Mask = npt.NDArray[np.bool_]


def is_empty(box: Box) -> bool:
    """Return whether no pixel lies in the box."""
    return box[2] <= box[0] or box[3] <= box[1]


def clip(box: Box, height: int, width: int) -> Box:
    """Return the part of the box inside an image of that size; empty boxes stay empty."""
    top, left = min(max(box[0], 0), height), min(max(box[1], 0), width)
    return top, left, max(top, min(box[2], height)), max(left, min(box[3], width))


def union(first: Box | None, second: Box | None) -> Box | None:
    """Return the smallest box around both; an empty box or None counts for nothing."""
    boxes = [box for box in (first, second) if box is not None and not is_empty(box)]
    if not boxes:
        return None
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def window(box: Box) -> tuple[slice, slice]:
    """Return what cuts the box out of an array."""
    return slice(box[0], box[2]), slice(box[1], box[3])


def bounds(pixels: npt.NDArray[Any], top: int = 0, left: int = 0) -> Box | None:
    """Return the smallest box around the true pixels of an array that begins at ``top``, ``left``; None if none is."""
    rows = np.flatnonzero(pixels.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(pixels[rows[0] : rows[-1] + 1].any(axis=0))
    return top + int(rows[0]), left + int(columns[0]), top + int(rows[-1]) + 1, left + int(columns[-1]) + 1
