"""Training crops as pure functions of (seed, epoch, index): the same on every run and after every resume."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import Pixels


@dataclass(frozen=True, slots=True)
class Crop:
    """One training crop: ``image`` uint8 S x S x 3, ``valid`` bool S x S (False where padded), and ``box``.

    ``box`` is (x, y, width, height) of the crop in the upright original, in pixels, and may reach past its edges.
    """

    image: Pixels
    valid: npt.NDArray[np.bool_]
    box: tuple[float, float, float, float]
    flipped: bool


def training_side(crop: int) -> float:
    """Return the longer side, in px, of an image at zoom 1: 1.4 times the crop's, in training and in inference."""
    return 1.4 * crop


def epoch_order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return the order in which ``count`` images are seen in ``epoch``."""
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


def random_crop(image: Pixels, side: int, zoom: tuple[float, float], seed: int, epoch: int, index: int) -> Crop:
    """Zoom, mirror, jitter colours and cut a ``side`` x ``side`` crop out of ``image``.

    The zoom is drawn log-uniformly from the range ``zoom``, relative to the size at which the image's longer
    side is 1.4 times the crop's: folders of any resolution train alike. Padding is grey and marked invalid.
    """
    rng = np.random.default_rng([seed, epoch, index, 1])
    height, width = image.shape[:2]
    scale = training_side(side) / max(height, width) * float(np.exp(rng.uniform(*np.log(zoom))))
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = _offset(rng, new_w, side), _offset(rng, new_h, side)
    flipped = bool(rng.random() < 0.5)
    pixels, valid = _cut(_resize(image, new_w, new_h), side, x, y)
    pixels[valid] = _jitter(pixels[valid], rng)
    if flipped:
        pixels, valid = pixels[:, ::-1], valid[:, ::-1]
    # Sides are rounded to whole pixels, so the two axes differ a little in scale.
    unit_x, unit_y = width / new_w, height / new_h
    box = (x * unit_x, y * unit_y, side * unit_x, side * unit_y)
    return Crop(np.ascontiguousarray(pixels), np.ascontiguousarray(valid), box, flipped)


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
    top, left, bottom, right = max(y, 0), max(x, 0), min(y + side, height), min(x + side, width)
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
