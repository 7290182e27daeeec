"""Training crops as pure functions of (seed, epoch, index): the same on every run and after every resume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import Pixels
from fbr_engine.data.judged_plane import JudgedPlane, shares

NO_LABEL = 255


@dataclass(frozen=True, slots=True)
class Crop:
    """One training crop: ``image`` uint8 S x S x 3, ``valid`` bool S x S (False where padded), and ``box``.

    ``box`` is (x, y, width, height) of the crop in the upright original, in pixels, and may reach past its edges.
    ``labels``: uint8 S x S, 255 outside. ``saliency``: float32 S x S in [0, 1], NaN outside. ``judged``: on a lattice
    of the crop. Each is None where the image has none.
    """

    image: Pixels
    valid: npt.NDArray[np.bool_]
    box: tuple[float, float, float, float]
    flipped: bool
    labels: npt.NDArray[np.uint8] | None = None
    saliency: npt.NDArray[np.float32] | None = None
    judged: JudgedPlane | None = None


@dataclass(frozen=True, slots=True)
class Planes:
    """What else is known of an image's pixels, of any size: ``labels``, ``saliency``, both uint8 H x W, ``judged``."""

    labels: npt.NDArray[np.uint8] | None = None
    saliency: npt.NDArray[np.uint8] | None = None
    judged: JudgedPlane | None = None


NO_PLANES = Planes()


def training_side(crop: int) -> float:
    """Return the longer side, in px, of an image at zoom 1: 1.4 times the crop's, in training and in inference."""
    return 1.4 * crop


def epoch_order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return the order in which ``count`` images are seen in ``epoch``."""
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


def random_crop(
    image: Pixels,
    side: int,
    zoom: tuple[float, float],
    seed: int,
    epoch: int,
    index: int,
    planes: Planes = NO_PLANES,
) -> Crop:
    """Zoom, mirror, jitter colours and cut a ``side`` x ``side`` crop out of ``image``.

    The zoom is drawn log-uniformly from the range ``zoom``, relative to the size at which the image's longer
    side is 1.4 times the crop's: folders of any resolution train alike. Padding is grey and marked invalid.
    ``planes`` are stretched over the image, zoomed, mirrored and cut like it.
    """
    rng = np.random.default_rng([seed, epoch, index, 1])
    height, width = image.shape[:2]
    scale = training_side(side) / max(height, width) * float(np.exp(rng.uniform(*np.log(zoom))))
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = _offset(rng, new_w, side), _offset(rng, new_h, side)
    flipped = bool(rng.random() < 0.5)
    place = _Place(new_w, new_h, x, y, side, flipped)
    pixels, valid = _cut(_resize(image, new_w, new_h), side, x, y)
    pixels[valid] = _jitter(pixels[valid], rng)
    if flipped:
        pixels, valid = pixels[:, ::-1], valid[:, ::-1]
    # Sides are rounded to whole pixels, so the two axes differ a little in scale.
    unit_x, unit_y = width / new_w, height / new_h
    box = (x * unit_x, y * unit_y, side * unit_x, side * unit_y)
    labels, saliency = _cut_labels(planes.labels, place), _cut_saliency(planes.saliency, place)
    judged = None if planes.judged is None else place.lattice_of(planes.judged)
    return Crop(np.ascontiguousarray(pixels), np.ascontiguousarray(valid), box, flipped, labels, saliency, judged)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a crop lies: the size the whole image is resized to, the crop's corner there, its side, mirrored or not."""

    width: int
    height: int
    x: int
    y: int
    side: int
    flipped: bool

    def cut(self, plane: npt.NDArray[Any], padding: float) -> npt.NDArray[Any]:
        """Cut a resized plane, height x width."""
        top, left, bottom, right = _inside(self.height, self.width, self.side, self.x, self.y)
        out = np.full((self.side, self.side), padding, dtype=plane.dtype)
        out[top - self.y : bottom - self.y, left - self.x : right - self.x] = plane[top:bottom, left:right]
        return np.ascontiguousarray(out[:, ::-1]) if self.flipped else out

    def lattice_of(self, plane: JudgedPlane) -> JudgedPlane:
        """Return what ``plane`` says at the points of the crop's lattice."""
        rows = shares(self.y, self.height, self.side, mirrored=False)
        return plane.at(rows, shares(self.x, self.width, self.side, self.flipped))


def _cut_labels(labels: npt.NDArray[np.uint8] | None, place: _Place) -> npt.NDArray[np.uint8] | None:
    if labels is None:
        return None
    resized = cv2.resize(labels, (place.width, place.height), interpolation=cv2.INTER_NEAREST_EXACT)
    return place.cut(np.asarray(resized), NO_LABEL)


def _cut_saliency(saliency: npt.NDArray[np.uint8] | None, place: _Place) -> npt.NDArray[np.float32] | None:
    if saliency is None:
        return None
    resized = _resize(saliency, place.width, place.height)
    return place.cut(resized.astype(np.float32) / np.float32(255), np.nan)


def _inside(height: int, width: int, side: int, x: int, y: int) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the part of the box at (x, y) that lies in the image."""
    return max(y, 0), max(x, 0), min(y + side, height), min(x + side, width)


def _offset(rng: np.random.Generator, length: int, side: int) -> int:
    low, high = sorted((0, length - side))
    return int(rng.integers(low, high + 1))


def _resize(image: Pixels, width: int, height: int) -> Pixels:
    shrinks = width < image.shape[1]
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def _cut(image: Pixels, side: int, x: int, y: int) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """Cut the box at (x, y), which may lie partly outside."""
    height, width = image.shape[:2]
    pixels = np.full((side, side, 3), (124, 116, 104), dtype=np.uint8)  # the ImageNet mean: zero to the network
    valid = np.zeros((side, side), dtype=bool)
    top, left, bottom, right = _inside(height, width, side, x, y)
    target = (slice(top - y, bottom - y), slice(left - x, right - x))
    pixels[target] = image[top:bottom, left:right]
    valid[target] = True
    return pixels, valid


def _jitter(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Vary brightness, contrast and saturation of N x 3 pixels by up to 30 %."""
    brightness, contrast, saturation = rng.uniform(0.7, 1.3, 3)
    pixels = image.astype(np.float32)
    grey = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    pixels = grey[..., None] + (pixels - grey[..., None]) * np.float32(saturation)
    pixels = (pixels - grey.mean()) * np.float32(contrast) + grey.mean() * np.float32(brightness)
    jittered: Pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return jittered
