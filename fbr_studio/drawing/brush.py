"""Which pixels a round brush covers. A pixel is covered when its centre (at +0.5) is not farther than the radius."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, hypot

import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.boxes import Box, Mask, clip, is_empty, union

Point = tuple[float, float]
_Spans = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
# Up to this radius a disk may miss all pixel centres; the pixels under the line are painted as well.
_THIN = 0.75


def disk(radius: float) -> Mask:
    """Return the pixels of a brush held still over the centre of a pixel; odd height and width."""
    reach = floor(max(radius, 0.0))
    square = np.arange(-reach, reach + 1, dtype=np.float64) ** 2
    pixels: Mask = square[:, None] + square <= radius * radius
    pixels[reach, reach] = True
    return pixels


def stroke_pixels(points: Sequence[Point], radius: float, shape: tuple[int, int]) -> tuple[Box, Mask] | None:
    """Return box and pixels of a brush drawn along ``points`` (x, y in image pixels), or None if all lies outside.

    ``shape`` is the image's (height, width). A radius of 0.5 paints lines one pixel thin, and one pixel for a point.
    """
    if not points:
        return None
    segments = list(pairwise(points)) or [(points[0], points[0])]
    box: Box | None = None
    for segment in segments:
        box = union(box, clip(_box(segment, radius), *shape))
    if box is None:
        return None
    pixels = np.zeros((box[2] - box[0], box[3] - box[1]), np.bool_)
    for start, end in segments:
        if radius > 0.5:
            _capsule(start, end, radius, box, pixels)
        if radius <= _THIN:
            _line(start, end, box, pixels)
    return box, pixels


def _box(segment: tuple[Point, Point], radius: float) -> Box:
    (x0, y0), (x1, y1) = segment
    reach = max(radius, 0.0)
    top, left = floor(min(y0, y1) - reach), floor(min(x0, x1) - reach)
    return top, left, floor(max(y0, y1) + reach) + 1, floor(max(x0, x1) + reach) + 1


def _capsule(start: Point, end: Point, radius: float, box: Box, pixels: Mask) -> None:
    """Add one segment, row by row: a capsule cuts each row of pixel centres in one span."""
    part = clip(_box((start, end), radius), box[2], box[3])
    part = (max(part[0], box[0]), max(part[1], box[1]), part[2], part[3])
    if is_empty(part):
        return
    centres = np.arange(part[0], part[2], dtype=np.float64) + 0.5
    lows, highs = zip(_disk_span(start, radius, centres), _disk_span(end, radius, centres), strict=True)
    low, high = np.minimum(*lows), np.maximum(*highs)
    if start != end:
        sides = _side_span(start, end, radius, centres)
        inside = sides[0] <= sides[1]
        low = np.where(inside, np.minimum(low, sides[0]), low)
        high = np.where(inside, np.maximum(high, sides[1]), high)
    columns = np.arange(part[1], part[3], dtype=np.float64) + 0.5
    covered = columns >= low[:, None]
    covered &= columns <= high[:, None]
    pixels[part[0] - box[0] : part[2] - box[0], part[1] - box[1] : part[3] - box[1]] |= covered


def _disk_span(centre: Point, radius: float, rows: npt.NDArray[np.float64]) -> _Spans:
    rest = radius * radius - (rows - centre[1]) ** 2
    half = np.sqrt(np.maximum(rest, 0.0))
    return np.where(rest >= 0, centre[0] - half, np.inf), np.where(rest >= 0, centre[0] + half, -np.inf)


def _side_span(start: Point, end: Point, radius: float, rows: npt.NDArray[np.float64]) -> _Spans:
    """Return where each row lies in the rectangle along the segment: two pairs of parallel lines."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = hypot(dx, dy)
    dx, dy = dx / length, dy / length
    down = rows - start[1]
    along = _between(dx, down * dy, 0.0, length)
    across = _between(dy, -down * dx, -radius, radius)
    return start[0] + np.maximum(along[0], across[0]), start[0] + np.minimum(along[1], across[1])


def _between(slope: float, offset: npt.NDArray[np.float64], low: float, high: float) -> _Spans:
    """Return for which x ``low <= slope * x + offset <= high``, row by row; low > high where for none."""
    if abs(slope) < 1e-12:
        inside = (offset >= low) & (offset <= high)
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    first, second = (low - offset) / slope, (high - offset) / slope
    return np.minimum(first, second), np.maximum(first, second)


def _line(start: Point, end: Point, box: Box, pixels: Mask) -> None:
    """Add a line one pixel thin from the pixel under ``start`` to the pixel under ``end``."""
    x0, y0, x1, y1 = floor(start[0]), floor(start[1]), floor(end[0]), floor(end[1])
    count = max(abs(x1 - x0), abs(y1 - y0))
    steps = np.arange(count + 1) / max(count, 1)
    rows = np.floor(y0 + steps * (y1 - y0) + 0.5).astype(np.intp) - box[0]
    columns = np.floor(x0 + steps * (x1 - x0) + 0.5).astype(np.intp) - box[1]
    height, width = pixels.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    pixels[rows[inside], columns[inside]] = True


def pixels_across(radius: float) -> int:
    """Return the diameter in whole pixels, for display."""
    return max(1, ceil(2 * radius - 1e-9))
