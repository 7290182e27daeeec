"""The connected objects of a mask, each as COCO describes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fbr_engine.formats.polygons import mask_to_polygon
from fbr_engine.formats.rle import Rle, encode_rle


@dataclass(frozen=True, slots=True)
class MaskObject:
    """One object of an image of ``size`` (height, width).

    ``area`` is its pixel count, ``box`` is (x, y, width, height) in pixels, and ``pixels``, bool, are those
    inside the box.
    """

    area: int
    box: tuple[int, int, int, int]
    pixels: NDArray[np.bool_]
    size: tuple[int, int]

    def segmentation(self) -> list[list[float]] | Rle:
        """Return ``[polygon]`` if one outline is exactly the object, else its run-length encoding."""
        left, top, _, _ = self.box
        polygon = mask_to_polygon(self.pixels, top=top, left=left)
        return encode_rle(self.pixels, top=top, left=left, size=self.size) if polygon is None else [polygon]


def find_objects(pixels: NDArray[np.bool_]) -> Iterator[MaskObject]:
    """Yield the 8-connected objects of ``pixels``, bool (H, W), from top to bottom, then left to right."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(pixels).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    size = (pixels.shape[0], pixels.shape[1])
    # OpenCV's numbering changes with its version and the processor
    order = np.lexsort((stats[1:, cv2.CC_STAT_LEFT], stats[1:, cv2.CC_STAT_TOP])) + 1
    for label in order.tolist():
        left, top, width, height, area = stats[label].tolist()
        window = labels[top : top + height, left : left + width] == label
        yield MaskObject(area, (left, top, width, height), window, size)
