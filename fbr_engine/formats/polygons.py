"""Objects as polygons along the edges of their pixels, and polygons back as pixels.

Coordinates are those of COCO: x to the right and y down from the image's top left corner, so that pixel
(row, column) covers x from column to column + 1 and y from row to row + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mask_to_polygon(component: NDArray[np.bool_], *, top: int = 0, left: int = 0) -> list[float] | None:
    """Return the outline of one 8-connected object, bool (H, W), as its corners ``[x0, y0, x1, y1, ...]``.

    The outline runs along pixel edges, clockwise from the top left corner, without points on straight lines;
    where pixels meet only at a corner it touches itself. Rasterised by COCO's rule it gives back exactly the
    object's pixels. ``top`` and ``left`` say where in the image the array's first pixel lies.

    None if one outline cannot be the object: it has holes, more than one part, or no pixel.
    """
    rows, columns, pinched = _corners(component)
    if not len(rows):
        return None
    order = _walk(_other_ends_of_rows(len(rows)), _other_ends_of_columns(rows, columns, pinched))
    if len(order) < len(rows):
        return None
    points = np.stack((columns[order] + left, rows[order] + top), axis=1)
    return points.astype(np.float64).ravel().tolist()


def polygon_to_mask(polygon: Sequence[float], height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels, bool (H, W), whose centre is inside ``[x0, y0, x1, y1, ...]`` by the even-odd rule.

    It gives back exactly what `mask_to_polygon` was given. COCO's own tool first rounds coordinates to fifths
    of a pixel, so at slanted borders single pixels may differ from it.
    Raises ValueError unless there are three finite points or more.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 1 or len(points) < 6 or len(points) % 2 or not np.isfinite(points).all():
        raise ValueError("a polygon is at least three points x, y of finite numbers")
    mask = np.zeros((height, width), np.bool_)
    x, y = np.clip(points[::2], -1e6, 1e6), np.clip(points[1::2], -1e6, 1e6)
    first, last = (int(np.clip(edge, 0, width)) for edge in (np.floor(x.min()), np.ceil(x.max())))
    upper, lower = (int(np.clip(edge, 0, height)) for edge in (np.floor(y.min()), np.ceil(y.max())))
    if first < last and upper < lower:
        row, column = _crossings(x - first, y - upper, lower - upper, last - first)
        shape = (lower - upper + 1, last - first)
        toggles = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1]).reshape(shape)
        mask[upper:lower, first:last] = np.cumsum(toggles[:-1] & 1, axis=0) & 1
    return mask


def _corners(
    component: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]:
    """Return row, column and kind of the outline's corners in reading order.

    Of the four pixels around a corner one or three are the object's (kind 0). Where two that touch only there
    are, the corner comes twice: once for the background pixel to its left, once for that to its right; kind 1
    if the left one is the lower one, kind -1 if it is the upper one.
    """
    padded = np.pad(component, 1).astype(np.int8)
    upper_left, upper_right = padded[:-1, :-1], padded[:-1, 1:]
    lower_left, lower_right = padded[1:, :-1], padded[1:, 1:]
    # +1 or -1 at plain corners, +2 or -2 where two pixels touch only there, 0 elsewhere
    kinds = upper_left + lower_right - upper_right - lower_left
    rows, columns = np.nonzero(kinds)
    kind = kinds[rows, columns]
    twice = np.abs(kind)
    return np.repeat(rows, twice), np.repeat(columns, twice), np.repeat(kind // 2 * (twice == 2), twice)


def _other_ends_of_rows(count: int) -> NDArray[np.int64]:
    """Return for each corner the other end of its horizontal edge: in reading order they come in pairs."""
    return np.arange(count) ^ 1


def _other_ends_of_columns(
    rows: NDArray[np.int64], columns: NDArray[np.int64], pinched: NDArray[np.int8]
) -> NDArray[np.int64]:
    """Return for each corner the other end of its vertical edge: down the columns they come in pairs.

    At a doubled corner the outline goes around the background pixels, so that object pixels which touch only
    there stay joined: the copy that belongs to the upper background pixel comes first.
    """
    right_copy = np.zeros(len(rows), np.int8)
    doubled = np.flatnonzero(pinched)
    right_copy[doubled[1::2]] = 1
    order = np.lexsort((np.where(pinched > 0, 1 - right_copy, right_copy), rows, columns))
    other = np.empty_like(order)
    other[order] = order[np.arange(len(order)) ^ 1]
    return other


def _walk(along_row: NDArray[np.int64], along_column: NDArray[np.int64]) -> list[int]:
    """Return the corners of the outline through corner 0, in turn."""
    after_row, after_column = along_row.tolist(), along_column.tolist()
    order, corner = [], 0
    while True:
        order.append(corner)
        corner = after_row[corner]
        order.append(corner)
        corner = after_column[corner]
        if corner == 0:
            return order


def _crossings(
    x: NDArray[np.float64], y: NDArray[np.float64], height: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (row, column) of the first pixel below each crossing of an edge with a column's centre line."""
    x_end, y_end = np.roll(x, -1), np.roll(y, -1)
    low, high = np.minimum(x, x_end), np.maximum(x, x_end)
    first = np.clip(np.ceil(low - 0.5), 0, width).astype(np.int64)
    count = np.clip(np.ceil(high - 0.5), 0, width).astype(np.int64) - first
    edge = np.repeat(np.arange(len(x)), count)
    column = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    slope = (y_end - y)[edge] / (x_end - x)[edge]
    crossing = y[edge] + slope * (column + 0.5 - x[edge])
    return np.clip(np.ceil(crossing - 0.5), 0, height).astype(np.int64), column
