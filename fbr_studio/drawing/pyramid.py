"""The image and its labels at half, quarter, eighth ... size, made tile by tile when they are first looked at."""

from __future__ import annotations

import time
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.boxes import Box, clip, is_empty, window

TILE = 512
Pixels = npt.NDArray[np.uint8]


class Levels(Protocol):
    """What a layer needs of any pyramid."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the full size."""

    @property
    def levels(self) -> int:
        """How many levels there are."""

    def level_shape(self, level: int) -> tuple[int, int]:
        """Return (height, width) of a level."""

    def advance(self, level: int, box: Box, seconds: float) -> bool:
        """Make what is missing in ``box`` for at most about ``seconds``; return whether it is all there."""

    def region(self, level: int, box: Box) -> Pixels:
        """Return the pixels of ``box`` of a level."""


def level_count(height: int, width: int) -> int:
    """Return how many levels there are until the image fits one tile; the full size is level 0."""
    longer, levels = max(height, width), 1
    while longer > TILE:
        longer, levels = (longer + 1) // 2, levels + 1
    return levels


def level_size(height: int, width: int, level: int) -> tuple[int, int]:
    """Return height and width at a level: halves, rounded up."""
    return -(-height >> level), -(-width >> level)


class _Pyramid:
    """Levels in memory. Level 0 is the caller's array; others are made lazily, tile by tile.

    `build` may run in another thread while tiles are read: both write the same values.
    """

    def __init__(self, pixels: Pixels) -> None:
        if pixels.dtype != np.uint8 or 0 in pixels.shape:
            raise ValueError(f"pixels are uint8 and not empty, not {pixels.dtype} {pixels.shape}")
        self.shape: tuple[int, int] = (pixels.shape[0], pixels.shape[1])
        self.levels = level_count(*self.shape)
        self._arrays = [pixels]
        self._made: list[npt.NDArray[np.bool_]] = [np.ones((0, 0), np.bool_)]
        for level in range(1, self.levels):
            size = self.level_shape(level)
            self._arrays.append(np.empty(size + pixels.shape[2:], np.uint8))
            self._made.append(np.zeros((-(-size[0] // TILE), -(-size[1] // TILE)), np.bool_))

    def level_shape(self, level: int) -> tuple[int, int]:
        """Return (height, width) of a level."""
        return level_size(*self.shape, level)

    def tile(self, level: int, row: int, column: int) -> Pixels:
        """Return one tile, smaller than `TILE` at the right and lower edge. Shared, not copied: do not write to it."""
        return self.region(level, clip(_tile_box(row, column), *self.level_shape(level)))

    def region(self, level: int, box: Box) -> Pixels:
        """Return the pixels of ``box`` (in pixels of that level), making what is missing. Shared, not copied."""
        self.advance(level, box, float("inf"))
        return self._arrays[level][window(box)]

    def build(self) -> None:
        """Make all levels at once; for a background thread."""
        for level in range(1, self.levels):
            self.region(level, (0, 0, *self.level_shape(level)))

    def advance(self, level: int, box: Box, seconds: float) -> bool:
        """Make what is missing in ``box`` for at most about ``seconds``; return whether it is all there."""
        if level == 0 or is_empty(box):
            return True
        until = time.perf_counter() + seconds
        made = self._made[level]
        for row in range(box[0] // TILE, -(-box[2] // TILE)):
            for column in range(box[1] // TILE, -(-box[3] // TILE)):
                if made[row, column]:
                    continue
                here = clip(_tile_box(row, column), *self.level_shape(level))
                below = clip(_doubled(here), *self.level_shape(level - 1))
                if time.perf_counter() >= until or not self.advance(level - 1, below, until - time.perf_counter()):
                    return False
                self._halve_into(level, here)
                made[row, column] = True
        return True

    def _halve_into(self, level: int, box: Box) -> None:
        below = clip(_doubled(box), *self.level_shape(level - 1))
        self._arrays[level][window(box)] = self._halved(self._arrays[level - 1][window(below)])

    def _halved(self, pixels: Pixels) -> Pixels:
        raise NotImplementedError


class PixelPyramid(_Pyramid):
    """Levels of an RGB image (uint8 H x W x 3): each pixel is the mean of the four below it."""

    def __init__(self, pixels: Pixels) -> None:
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"pixels are H x W x 3, not {pixels.shape}")
        super().__init__(pixels)

    def _halved(self, pixels: Pixels) -> Pixels:
        return halved_pixels(pixels)


class LabelPyramid(_Pyramid):
    """Levels of labels (uint8 H x W): each pixel is the label most of the four below it have.

    0 wins only over one other label, so that thin strokes stay in sight; other ties go to the upper left.
    """

    def __init__(self, labels: Pixels) -> None:
        if labels.ndim != 2:
            raise ValueError(f"labels are H x W, not {labels.shape}")
        super().__init__(labels)

    def update(self, box: Box) -> None:
        """Follow a change of the labels in ``box`` through all levels that are made."""
        box = clip(box, *self.shape)
        for level in range(1, self.levels):
            if is_empty(box):
                return
            box = (box[0] // 2, box[1] // 2, -(-box[2] // 2), -(-box[3] // 2))
            made = self._made[level]
            for row in range(box[0] // TILE, -(-box[2] // TILE)):
                for column in range(box[1] // TILE, -(-box[3] // TILE)):
                    if made[row, column]:
                        tile = _tile_box(row, column)
                        part = (max(box[0], tile[0]), max(box[1], tile[1]), min(box[2], tile[2]), min(box[3], tile[3]))
                        self._halve_into(level, part)

    def _halved(self, pixels: Pixels) -> Pixels:
        return halved_labels(pixels)


def halved_pixels(pixels: Pixels) -> Pixels:
    """Return the image at half size, rounded up; an odd last row or column counts twice."""
    even = _even(pixels)
    size = (even.shape[1] // 2, even.shape[0] // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)


def halved_labels(labels: Pixels) -> Pixels:
    """Return the labels at half size, rounded up, as `LabelPyramid` says."""
    height, width = -(-labels.shape[0] // 2), -(-labels.shape[1] // 2)
    if not labels.any():
        return np.zeros((height, width), np.uint8)
    even = _even(labels)
    a, b, c, d = (even[row::2, column::2].copy() for row in (0, 1) for column in (0, 1))
    pair = np.where((a == b) | (a == c) | (a == d), a, np.where((b == c) | (b == d), b, np.where(c == d, c, 0)))
    if pair.all():
        return np.asarray(pair, np.uint8)
    count = np.sum([quarter != 0 for quarter in (a, b, c, d)], axis=0, dtype=np.uint8)
    return np.asarray(np.where((pair == 0) & (count >= 2), _first(a, b, c, d), pair), np.uint8)


def _first(a: Pixels, b: Pixels, c: Pixels, d: Pixels) -> Pixels:
    """Return the first label that is not 0."""
    return np.asarray(np.where(a != 0, a, np.where(b != 0, b, np.where(c != 0, c, d))), np.uint8)


def _even(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array with its last row and column repeated where their number is odd."""
    rows, columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if not rows and not columns:
        return pixels
    return np.pad(pixels, ((0, rows), (0, columns)) + ((0, 0),) * (pixels.ndim - 2), mode="edge")


def _tile_box(row: int, column: int) -> Box:
    return row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE


def _doubled(box: Box) -> Box:
    return box[0] * 2, box[1] * 2, box[2] * 2, box[3] * 2
