"""Specks and pinholes out of a mask: a dataset counts every one of them as an object."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]


def without_specks(mask: Mask, smallest: int) -> Mask:
    """Return ``mask`` (H x W pixel ids) without connected regions of fewer than ``smallest`` pixels.

    First the specks of each class (8-connected) become background, then pinholes of the background (4-connected) take
    the id that is most common around them.
    """
    if smallest <= 1 or not mask.any():
        return mask
    result = mask.copy()
    for value in np.unique(mask[mask > 0]):
        for region, _ in _small_regions(mask == value, smallest, connectivity=8):
            result[region] = 0
    for region, box in _small_regions(result == 0, smallest, connectivity=4):
        result[region] = _around(result, region, box)
    return result


def _small_regions(
    pixels: npt.NDArray[np.bool_], smallest: int, connectivity: int
) -> Iterator[tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], tuple[slice, slice]]]:
    """Yield the indices and the box, one pixel wider on all sides, of each small region."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=connectivity)
    for label in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[label])
        if area < smallest:
            box = (slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1))
            rows, columns = np.nonzero(labels[box] == label)
            yield (rows + box[0].start, columns + box[1].start), box


def _around(mask: Mask, region: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], box: tuple[slice, slice]) -> int:
    """Return the most common id of the pixels in the box that are not the region's own."""
    inside = np.zeros(mask[box].shape, dtype=bool)
    inside[region[0] - box[0].start, region[1] - box[1].start] = True
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~inside
    neighbours = mask[box][ring]
    return int(np.bincount(neighbours).argmax()) if len(neighbours) else 0
