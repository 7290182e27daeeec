"""Grain: each material gets its own mixture of fine, streaked and blotched noise, and the paper its own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fbr_engine.scenes.canvas import Image
from fbr_engine.scenes.names import BACKGROUNDS, FIELD, GRASS, HILLS, HOUSES, OBJECT, RAILS, SAND, SKY, TREES, WATER

_CELLS = 160
_FINE, _STREAK, _BLOTCH = 0, 1, 2
_STRENGTH = np.zeros((256, 3), np.float32)
_STRENGTH[: len(BACKGROUNDS)] = (2.0, 0.0, 2.0)
_STRENGTH[SKY] = (1.2, 1.5, 2.5)
_STRENGTH[HILLS] = (2.0, 0.0, 4.0)
_STRENGTH[TREES] = (5.0, 0.0, 4.0)
_STRENGTH[HOUSES] = (2.0, 0.0, 1.5)
_STRENGTH[FIELD] = (4.0, 2.0, 4.0)
_STRENGTH[SAND] = (3.5, 2.0, 3.0)
_STRENGTH[GRASS] = (5.5, 0.0, 5.0)
_STRENGTH[WATER] = (1.5, 5.0, 3.0)
_STRENGTH[RAILS] = (8.0, 0.0, 3.0)
_STRENGTH[OBJECT] = (2.0, 0.0, 3.0)
_TONE = np.array((1.0, 1.0, 0.85), np.float32)


def add_texture(image: Image, background: Image, rng: np.random.Generator) -> Image:
    """Return the image (H, W, 3) with the grain of its materials (H, W), equal in composition at any size."""
    height, width = background.shape
    unit = min(height, width)
    cells = (round(_CELLS * height / unit), round(_CELLS * width / unit))
    fine = _noise(rng, cells, (height, width))
    streak = _noise(rng, (cells[0] // 2, cells[1] // 10), (height, width))
    blotch = _noise(rng, (cells[0] // 14, cells[1] // 14), (height, width))
    strength = _STRENGTH[background]
    grain = fine * strength[..., _FINE] + streak * strength[..., _STREAK] + blotch * strength[..., _BLOTCH]
    return np.asarray(np.clip(image + grain[..., None] * _TONE, 0, 255), np.uint8)


def _noise(rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int]) -> NDArray[np.float32]:
    small = rng.standard_normal((max(2, cells[0]), max(2, cells[1])), np.float32)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
