"""The canvas: colour and exact labels painted together, nine samples to a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fbr_engine.scenes.colour import Colour
from fbr_engine.scenes.names import CLASSES, OBJECT
from fbr_engine.scenes.shapes import Outlines, Points, ribbon

Image = NDArray[np.uint8]
Window = tuple[int, int, int, int]
SAMPLES = 3
_SHIFT = 4


class Canvas:
    """Paints polygons in scene units: the shorter side of the picture is 1 long, y points down.

    Opaque paint writes the same samples of colour and label, so that the mask follows from the drawing
    itself: a pixel belongs to an object where at least half of its samples do.
    """

    def __init__(self, height: int, width: int) -> None:
        self.unit = float(min(height, width))
        self.width = width / self.unit
        self.height = height / self.unit
        rows, columns = height * SAMPLES, width * SAMPLES
        self.pixels: Image = np.zeros((rows, columns, 3), np.uint8)
        self.kinds: Image = np.zeros((rows, columns), np.uint8)
        self.objects: Image = np.zeros((rows, columns), np.uint8)

    def fill(self, points: Points, colour: Colour, *, kind: int | None = None, object_: int | None = None) -> None:
        """Paint a polygon. ``kind`` makes it background (in front of what was there), ``object_`` an object
        of that mask value; with neither it is a mark on whatever lies below.
        """
        fixed = self._fixed(points)
        cv2.fillPoly(self.pixels, [fixed], colour, cv2.LINE_8, _SHIFT)
        self._label(fixed, kind, object_)

    def fill_many(
        self,
        outlines: Sequence[Points] | Outlines,
        colour: Colour,
        *,
        kind: int | None = None,
    ) -> None:
        """Paint many polygons (N, points, 2) of one colour, one after another."""
        for fixed in self._fixed(np.asarray(outlines, np.float64)) if len(outlines) else ():
            cv2.fillPoly(self.pixels, [fixed], colour, cv2.LINE_8, _SHIFT)
            self._label(fixed, kind, None)

    def line(self, points: Points, colour: Colour, width: float, *, kind: int | None = None) -> None:
        """Paint a line of a width in scene units."""
        self.fill(ribbon(points, width), colour, kind=kind)

    def shade(
        self,
        points: Points,
        top: Colour,
        bottom: Colour,
        *,
        kind: int | None = None,
        object_: int | None = None,
        alpha: float = 1.0,
    ) -> None:
        """Paint a polygon whose colour runs from ``top`` to ``bottom``; translucent where alpha is below 1."""
        fixed = self._fixed(points)
        x0, y0, x1, y1 = window = self._bounds(fixed)
        if x1 > x0 and y1 > y0:
            self._blend(window, [fixed], self._gradient((y0, y1), fixed, top, bottom), alpha)
            self._label(fixed, kind, object_)

    def stain(self, outlines: Sequence[Points] | Outlines, colour: Colour, alpha: float) -> None:
        """Lay translucent polygons over the picture as one sheet: shadows, haze, shine."""
        fixed = [self._fixed(points) for points in outlines]
        x0, y0, x1, y1 = window = self._bounds(np.concatenate(fixed))
        if x1 > x0 and y1 > y0:
            self._blend(window, fixed, _flat(colour), alpha)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Lay a soft round light over a smooth part of the picture: it is computed coarsely."""
        x0, y0, x1, y1 = self._bounds(self._fixed(np.array([(x - radius, y - radius), (x + radius, y + radius)])))
        if x1 <= x0 or y1 <= y0:
            return
        region = self.pixels[y0:y1, x0:x1]
        coarse = cv2.resize(region, (72, 72), interpolation=cv2.INTER_AREA).astype(np.float32)
        middle = (np.arange(72, dtype=np.float32) + 0.5) / (72 * self.unit * SAMPLES)
        across = (x0 / (self.unit * SAMPLES) + (x1 - x0) * middle - x) / radius
        down = (y0 / (self.unit * SAMPLES) + (y1 - y0) * middle - y) / radius
        weight = np.clip(1 - np.hypot(across[None], down[:, None]), 0, 1) ** 2 * strength
        coarse += (np.asarray(colour, np.float32) - coarse) * weight[..., None]
        region[:] = cv2.resize(np.asarray(coarse, np.uint8), region.shape[1::-1])

    def finish(self) -> tuple[Image, Image, Image]:
        """Return image (H, W, 3), mask (H, W) and background map (H, W)."""
        rows, columns = self.kinds.shape
        size = (columns // SAMPLES, rows // SAMPLES)
        image = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        mask = self._mask(size)
        background = np.ascontiguousarray(self.kinds[SAMPLES // 2 :: SAMPLES, SAMPLES // 2 :: SAMPLES])
        background[mask > 0] = OBJECT
        return np.asarray(image, np.uint8), mask, background

    def _mask(self, size: tuple[int, int]) -> Image:
        present = [v for v in range(1, len(CLASSES) + 1) if (self.objects == v).any()]
        mask = np.zeros(size[::-1], np.uint8)
        best = np.zeros(size[::-1], np.float32)
        total = np.zeros(size[::-1], np.float32)
        for value in present:
            samples = (self.objects == value).astype(np.float32)
            coverage = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
            total += coverage
            mask[coverage > best] = value
            best = np.maximum(best, coverage)
        mask[total < 0.5] = 0
        return mask

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        scale = self.unit * SAMPLES * (1 << _SHIFT)
        return np.rint(points * scale - (1 << (_SHIFT - 1))).astype(np.int32)

    def _bounds(self, fixed: NDArray[np.int32]) -> Window:
        low, high = fixed.min(0) >> _SHIFT, (fixed.max(0) >> _SHIFT) + 2
        rows, columns = self.kinds.shape
        return max(0, int(low[0])), max(0, int(low[1])), min(columns, int(high[0])), min(rows, int(high[1]))

    def _label(self, fixed: NDArray[np.int32], kind: int | None, object_: int | None) -> None:
        if kind is not None:
            cv2.fillPoly(self.kinds, [fixed], kind, cv2.LINE_8, _SHIFT)
            cv2.fillPoly(self.objects, [fixed], 0, cv2.LINE_8, _SHIFT)
        if object_ is not None:
            cv2.fillPoly(self.objects, [fixed], object_, cv2.LINE_8, _SHIFT)

    def _gradient(self, span: tuple[int, int], fixed: NDArray[np.int32], top: Colour, bottom: Colour) -> Image:
        """Return the colours of the sample rows of a span (rows, 1, 3) for a polygon shaded downwards."""
        first, extent = fixed[:, 1].min() / 16, max(1.0, np.ptp(fixed[:, 1]) / 16)
        share = (np.arange(*span)[:, None] - first) / extent
        rows = np.asarray(top) + (np.asarray(bottom) - np.asarray(top)) * np.clip(share, 0, 1)
        return np.asarray(np.rint(np.clip(rows, 0, 255)), np.uint8)[:, None]

    def _blend(self, window: Window, fixed: list[NDArray[np.int32]], rows: Image, alpha: float) -> None:
        x0, y0, x1, y1 = window
        stencil = np.zeros((y1 - y0, x1 - x0), np.uint8)
        corner = np.array((x0 << _SHIFT, y0 << _SHIFT), np.int32)
        for outline in fixed:
            cv2.fillPoly(stencil, [outline - corner], 255, cv2.LINE_8, _SHIFT)
        region = self.pixels[y0:y1, x0:x1]
        paint = _widened(rows, region.shape[:2])
        if alpha < 1:
            paint = np.asarray(cv2.addWeighted(region, 1 - alpha, paint, alpha, 0), np.uint8)
        cv2.copyTo(paint, stencil, region)


def _flat(colour: Colour) -> Image:
    return np.array([[np.rint(colour)]], np.uint8)


def _widened(paint: Image, size: tuple[int, ...]) -> Image:
    """Return paint (rows or 1, 1, 3) drawn out to a size (rows, columns); faster than numpy's broadcasting."""
    return np.asarray(cv2.resize(paint, (size[1], size[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
