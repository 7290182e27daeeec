"""A concept in one photo as a small square: its pixels outlined, what lies around them dimmed. No Qt."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.bool_]
Rgb = npt.NDArray[np.uint8]
Square = tuple[int, int, int]  # left, top and side, in px of the photo

MARGIN = 0.2  # on each side, of what the concept's pixels take
LEAST_SHARE = 0.4  # of the photo's shorter side: smaller crops show nothing a person would know
DIMMED = 0.6
_LIGHT, _DARK = 255, 24
_SMOOTH = 0.4  # sigma, in cells of the plane: its steps are not the object's
_LEVEL = 0.45


def crop_square(plane: Plane, size: tuple[int, int]) -> Square:
    """Return the square of a photo of ``size`` (height, width) px around the largest piece of ``plane`` (h x w)."""
    height, width = size
    longest = min(height, width)
    if not plane.any():
        return (width - longest) // 2, (height - longest) // 2, longest
    _, _, stats, centres = cv2.connectedComponentsWithStats(plane.astype(np.uint8), connectivity=8)
    piece = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    step_x, step_y = _step(width, plane.shape[1]), _step(height, plane.shape[0])
    wide = stats[piece, cv2.CC_STAT_WIDTH] * step_x
    high = stats[piece, cv2.CC_STAT_HEIGHT] * step_y
    side = max(round((1 + 2 * MARGIN) * max(wide, high)), round(LEAST_SHARE * longest))
    if side >= longest:
        side, (x, y) = longest, centres[piece]
    else:
        x = stats[piece, cv2.CC_STAT_LEFT] + (stats[piece, cv2.CC_STAT_WIDTH] - 1) / 2
        y = stats[piece, cv2.CC_STAT_TOP] + (stats[piece, cv2.CC_STAT_HEIGHT] - 1) / 2
    left = min(max(round(x * step_x - side / 2), 0), width - side)
    top = min(max(round(y * step_y - side / 2), 0), height - side)
    return left, top, side


def crop_picture(photo: Rgb, size: tuple[int, int], plane: Plane, square: Square, side: int) -> Rgb:
    """Return ``side`` x ``side`` px of a photo with the pixels of ``plane`` outlined.

    ``photo``: the photo of ``size`` (height, width) px, or a smaller picture of it.
    """
    picture = _cut(photo, size, square, side)
    inside = stretched(plane, size, (*square, square[2]), (side, side))
    return outlined(picture, inside)


def outlined(picture: Rgb, inside: Plane) -> Rgb:
    """Return the picture (H x W x 3), dimmed outside of ``inside`` (H x W), with a light and a dark line between."""
    dimmed = np.where(inside[..., None], picture, (picture * np.float32(DIMMED)).astype(np.uint8))
    if inside.all() or not inside.any():
        return dimmed if inside.any() else picture
    kernel = np.ones((3, 3), np.uint8)
    mask = inside.astype(np.uint8)
    dimmed[(cv2.dilate(mask, kernel) - mask).astype(bool)] = _DARK
    dimmed[(mask - cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)).astype(bool)] = _LIGHT
    return dimmed


def needed_side(size: tuple[int, int], square: Square, side: int) -> int:
    """Return how long the longer side of the decoded photo must be, in px, for a crop of ``side`` px."""
    return min(max(size), math.ceil(side * max(size) / max(square[2], 1)))


def _cut(photo: Rgb, size: tuple[int, int], square: Square, side: int) -> Rgb:
    scale_y, scale_x = photo.shape[0] / size[0], photo.shape[1] / size[1]
    left, top = round(square[0] * scale_x), round(square[1] * scale_y)
    right = max(left + 1, round((square[0] + square[2]) * scale_x))
    bottom = max(top + 1, round((square[1] + square[2]) * scale_y))
    part = photo[top:bottom, left:right]
    way = cv2.INTER_AREA if part.shape[0] > side else cv2.INTER_CUBIC
    return cv2.resize(part, (side, side), interpolation=way).astype(np.uint8, copy=False)


def stretched(plane: Plane, size: tuple[int, int], part: tuple[int, int, int, int], shape: tuple[int, int]) -> Plane:
    """Return ``plane`` over a part of a photo of ``size`` (height, width) px, its steps smoothed, as ``shape`` pixels.

    The corners of the plane lie on the photo's corner pixels. ``part``: left, top, width and height in px.
    """
    left, top, width, height = part
    columns = _places(left, width, shape[1]) / np.float32(_step(size[1], plane.shape[1]))
    rows = _places(top, height, shape[0]) / np.float32(_step(size[0], plane.shape[0]))
    soft = cv2.GaussianBlur(plane.astype(np.float32), (3, 3), _SMOOTH, borderType=cv2.BORDER_REPLICATE)
    grid_x, grid_y = np.meshgrid(columns, rows)
    values = cv2.remap(soft, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values > _LEVEL, dtype=np.bool_)


def _places(first: int, length: int, count: int) -> npt.NDArray[np.float32]:
    """Return where the middles of ``count`` pixels over a stretch of the photo lie, in its pixels."""
    steps = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(length / count)
    return np.asarray(first + steps - np.float32(0.5), dtype=np.float32)


def _step(pixels: int, cells: int) -> float:
    """Return how many pixels lie from the middle of one cell to that of the next."""
    return max(pixels - 1, 1) / (cells - 1) if cells > 1 else float(pixels)
