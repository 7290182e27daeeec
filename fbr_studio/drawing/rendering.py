"""What a screen shows of an image, computed for the screen's own pixels.

Each function fills a `Frame`, a rectangle of device pixels, and nothing outside it: the cost follows the window, not
the image. Results are 32-bit pixels (blue green red alpha in memory), alpha multiplied in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, log2
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.boxes import Box
from fbr_studio.drawing.colours import Table
from fbr_studio.drawing.pyramid import Levels, Pixels

Argb = npt.NDArray[np.uint32]
Lookup = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
_Array = TypeVar("_Array", npt.NDArray[np.uint8], npt.NDArray[np.uint32])
_Indices = npt.NDArray[np.intp]

# From this zoom on, pixels of the photo are shown as squares.
NEAREST_ZOOM = 2.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Device pixels ``left`` to ``right`` and ``top`` to ``bottom`` of a view, and where the image lies under them.

    ``origin_x``, ``origin_y`` are the device coordinates of the image's upper left corner, ``zoom`` is in device
    pixels per image pixel.
    """

    left: int
    top: int
    right: int
    bottom: int
    origin_x: float
    origin_y: float
    zoom: float
    image_width: int
    image_height: int

    @property
    def empty(self) -> bool:
        """Whether there is no pixel to paint."""
        return self.right <= self.left or self.bottom <= self.top

    def within(self, left: float, top: float, right: float, bottom: float) -> Frame:
        """Return the part whose pixel centres lie inside these device coordinates."""
        return replace(
            self,
            left=max(self.left, ceil(left - 0.5)),
            top=max(self.top, ceil(top - 0.5)),
            right=min(self.right, ceil(right - 0.5)),
            bottom=min(self.bottom, ceil(bottom - 0.5)),
        )

    def on_image(self) -> Frame:
        """Return the part that shows the image."""
        right, bottom = self.origin_x + self.image_width * self.zoom, self.origin_y + self.image_height * self.zoom
        return self.within(self.origin_x, self.origin_y, right, bottom)

    def columns(self, pad: int = 0) -> Floats:
        """Return the image x of each pixel's centre, with ``pad`` more on both sides."""
        return _positions(self.left - pad, self.right + pad, self.origin_x, self.zoom)

    def rows(self, pad: int = 0) -> Floats:
        """Return the image y of each pixel's centre, with ``pad`` more on both sides."""
        return _positions(self.top - pad, self.bottom + pad, self.origin_y, self.zoom)


def lookup(table: Table) -> Lookup:
    """Return a table of 256 x 4 as 32-bit pixels with alpha multiplied in."""
    alpha = table[:, 3:].astype(np.uint32)
    red, green, blue = ((table[:, :3] * alpha + 127) // 255).T.astype(np.uint32)
    argb: Lookup = alpha[:, 0] << 24 | red << 16 | green << 8 | blue
    return argb


def level_and_box(source: Levels, frame: Frame) -> tuple[int, Box]:
    """Return the coarsest level that is not coarser than the screen, and the part of it that ``frame`` needs."""
    height, width = source.shape
    scale = frame.zoom * max(frame.image_width / width, frame.image_height / height)
    level = min(max(floor(-log2(scale) + 1e-9), 0), source.levels - 1)
    shape = source.level_shape(level)
    down = 2**level
    across, along = width / frame.image_width / down, height / frame.image_height / down
    columns, rows = frame.columns(2) * across, frame.rows(2) * along
    return level, (
        min(max(floor(rows[0]) - 1, 0), shape[0] - 1),
        min(max(floor(columns[0]) - 1, 0), shape[1] - 1),
        min(max(ceil(rows[-1]) + 1, 1), shape[0]),
        min(max(ceil(columns[-1]) + 1, 1), shape[1]),
    )


def photo(source: Levels, frame: Frame, seconds: float) -> tuple[Argb, bool]:
    """Return the photo: smooth below `NEAREST_ZOOM`, squares above.

    A level that cannot be made within ``seconds`` is replaced by rough pixels; the second value is then False.
    """
    level, box = level_and_box(source, frame)
    if not source.advance(level, box, seconds):
        return _rough(source, frame), False
    down = 2**level
    zoom_x = frame.zoom * frame.image_width / source.shape[1] * down
    zoom_y = frame.zoom * frame.image_height / source.shape[0] * down
    region = source.region(level, box)
    if max(zoom_x, zoom_y) > NEAREST_ZOOM:
        rows = _indices(frame.rows(), source.shape[0] / frame.image_height, source.shape[0]) - box[0]
        columns = _indices(frame.columns(), source.shape[1] / frame.image_width, source.shape[1]) - box[1]
        return _taken(_bgra(region), rows, columns), True
    shift_x = (frame.left + 0.5 - frame.origin_x) / zoom_x - 0.5 - box[1]
    shift_y = (frame.top + 0.5 - frame.origin_y) / zoom_y - 0.5 - box[0]
    width, height = frame.right - frame.left, frame.bottom - frame.top
    if zoom_x == zoom_y == 1.0 and shift_x == int(shift_x) >= 0 and shift_y == int(shift_y) >= 0:
        exact = region[int(shift_y) : int(shift_y) + height, int(shift_x) : int(shift_x) + width]
        if exact.shape[:2] == (height, width):
            return _bgra(exact), True
    bgra = _bgra(region).view(np.uint8).reshape((*region.shape[:2], 4))
    matrix = np.array([[1 / zoom_x, 0.0, shift_x], [0.0, 1 / zoom_y, shift_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(bgra, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return _packed(warped), True


def labels(
    source: Levels, frame: Frame, fill: Lookup, outline: Lookup | None, seconds: float
) -> tuple[Argb | None, bool]:
    """Return filled labels with an outline of one device pixel, or None where all of it is clear.

    The outline lies on the inner side of each label, in its own colour, and not along the image's border. The second
    value is False if a level could not be made within ``seconds`` and single labels were picked instead.
    """
    level, box = level_and_box(source, frame)
    complete = source.advance(level, box, seconds)
    if not complete:
        level, box = 0, (0, 0, *source.shape)
    shape, down = source.level_shape(level), 2**level
    rows = _indices(frame.rows(1), source.shape[0] / frame.image_height / down, shape[0]) - box[0]
    columns = _indices(frame.columns(1), source.shape[1] / frame.image_width / down, shape[1]) - box[1]
    shown = _taken(source.region(level, box), rows, columns)
    here = shown[1:-1, 1:-1]
    if not fill[0] and not here.any():
        return None, complete
    if outline is None:
        return fill[here], complete
    edge = here != shown[:-2, 1:-1]
    edge |= here != shown[2:, 1:-1]
    edge |= here != shown[1:-1, :-2]
    edge |= here != shown[1:-1, 2:]
    both = np.concatenate([fill, outline])
    index = edge.view(np.uint8).astype(np.uint16)
    index <<= 8
    index += here
    return both.take(index, mode="clip"), complete


def heat(values: Pixels, frame: Frame, colours: Lookup) -> Argb | None:
    """Return a small map stretched over the image, interpolated before it is coloured; None where all is clear.

    The outermost samples lie on the centres of the image's outermost pixels.
    """
    height, width = values.shape
    rows = _samples(frame.rows(), frame.image_height, height)
    columns = _samples(frame.columns(), frame.image_width, width)
    top, left = np.minimum(rows.astype(np.intp), max(height - 2, 0)), np.minimum(columns.astype(np.intp), width - 1)
    needed = values[top[0] : top[-1] + 2].astype(np.float32)
    if not colours[0] and not needed.any():
        return None
    part = (columns - left).astype(np.float32)
    line = needed[:, left] * (1 - part) + needed[:, np.minimum(left + 1, width - 1)] * part
    top -= top[0]
    result = line.take(top, axis=0)
    if line.shape[0] > 1:
        rise = np.diff(line, axis=0).take(top, axis=0)
        rise *= (rows - np.floor(np.minimum(rows, height - 2))).astype(np.float32)[:, None]
        result += rise
    result += 0.5
    coloured: Argb = colours.take(result.astype(np.uint8), mode="clip")
    return coloured


def _positions(first: int, last: int, origin: float, zoom: float) -> Floats:
    positions: Floats = (np.arange(first, last, dtype=np.float64) + (0.5 - origin)) / zoom
    return positions


def _samples(positions: Floats, extent: int, count: int) -> Floats:
    """Return where image coordinates lie on a row of samples that reaches from the first to the last pixel's centre."""
    samples: Floats = np.clip((positions - 0.5) * ((count - 1) / max(extent - 1, 1)), 0, count - 1)
    return samples


def _indices(positions: Floats, scale: float, count: int) -> _Indices:
    return np.clip(np.floor(positions * scale), 0, count - 1).astype(np.intp)


def _taken(pixels: _Array, rows: _Indices, columns: _Indices) -> _Array:
    """Return the pixels at rows x columns; the axis that leaves less to copy goes first."""
    first, last = int(rows[0]), int(rows[-1]) + 1
    if last - first <= rows.size:
        taken: _Array = pixels[first:last].take(columns, axis=1).take(rows - first, axis=0)
    else:
        strip = pixels[:, int(columns[0]) : int(columns[-1]) + 1]
        taken = strip.take(rows, axis=0).take(columns - columns[0], axis=1)
    return taken


def _rough(source: Levels, frame: Frame) -> Argb:
    """Return single pixels of the full size."""
    rows = _indices(frame.rows(), source.shape[0] / frame.image_height, source.shape[0])
    columns = _indices(frame.columns(), source.shape[1] / frame.image_width, source.shape[1])
    everything = source.region(0, (0, 0, *source.shape))
    return _bgra(np.ascontiguousarray(_taken(everything, rows, columns)))


def _bgra(pixels: Pixels) -> Argb:
    return _packed(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA))


def _packed(bgra: npt.NDArray[Any]) -> Argb:
    packed: Argb = np.ascontiguousarray(bgra).view(np.uint32)[..., 0]
    return packed
