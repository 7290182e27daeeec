"""Colours of classes, CAMs and NROIs: computed, stable, and told apart by colour-blind people as far as can be.

Tables are 256 x 4 uint8, red green blue alpha, one row per value; alpha is not multiplied in.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fbr_studio.drawing.oklch import lab_of_lch, lab_of_rgb, rgb_of_lch

Rgb = tuple[int, int, int]
Table = npt.NDArray[np.uint8]

# Okabe and Ito's colours but black and yellow, ordered so that neighbours differ most in OKLab.
_FIRST: tuple[Rgb, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
)
_IGNORE: Rgb = (138, 138, 138)
_BLACK: Rgb = (0, 0, 0)
_WHITE: Rgb = (255, 255, 255)
_FILL = 0.45
_CAM_PEAK = 0.85
_CAM_RISE = 0.8


def class_colour(class_id: int) -> Rgb:
    """Return the colour of a class, the same for ever; black for 0 (background), grey for 255 (ignore)."""
    red, green, blue = (int(part) for part in _class_colours()[class_id])
    return red, green, blue


def class_table(alpha: float = _FILL, highlight: int | None = None) -> Table:
    """Return the fill of masks: background clear, ignore grey. ``highlight`` makes one class stand out."""
    table = _table(_class_colours(), alpha)
    table[0, 3] = 0
    if highlight is not None:
        table[:, 3] = table[:, 3] * 0.4
        table[highlight, 3] = round(min(1.0, alpha * 1.5) * 255) if highlight else 0
    return table


def outline_table() -> Table:
    """Return the outline of masks: the classes' colours, opaque; background clear."""
    table = _table(_class_colours(), 1.0)
    table[0, 3] = 0
    return table


def cam_table() -> Table:
    """Return the map of one class' CAM: dark violet to warm yellow, even steps, clear at 0."""
    return np.column_stack([_cam_colours(), _rising_alpha()])


def cam_tint_table(rgb: Rgb) -> Table:
    """Return the map of a CAM shown with others: one colour, clear at 0."""
    colours = np.broadcast_to(np.array(rgb, np.uint8), (256, 3))
    return np.column_stack([colours, _rising_alpha()])


def nroi_table(count: int, alpha: float = 0.5) -> Table:
    """Return quiet colours for NROIs 1 to ``count``; all other values are clear."""
    if not 0 <= count <= 255:
        raise ValueError(f"{count} NROIs have no table; there are 255 values")
    table = np.zeros((256, 4), np.uint8)
    numbers = np.arange(count)
    hues = 20 + 360 * _spread(count) / max(count, 1)
    table[1 : count + 1, :3] = rgb_of_lch(np.where(numbers % 2, 0.66, 0.8), 0.075, hues)
    table[1 : count + 1, 3] = round(alpha * 255)
    return table


def contrast_text(rgb: Rgb) -> Rgb:
    """Return black or white, whichever reads better on the colour; one of them always reaches 4.5 to 1 (WCAG AA)."""
    return max((_BLACK, _WHITE), key=lambda text: contrast(text, rgb))


def contrast(first: Rgb, second: Rgb) -> float:
    """Return WCAG's contrast of two colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: Rgb) -> float:
    values = np.array(rgb) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def _table(colours: npt.NDArray[np.uint8], alpha: float) -> Table:
    table = np.empty((256, 4), np.uint8)
    table[:, :3] = colours
    table[:, 3] = round(alpha * 255)
    return table


@lru_cache(maxsize=1)
def _class_colours() -> npt.NDArray[np.uint8]:
    """Return all 256: the first by name, then from evenly spaced hues always the one farthest from those before."""
    light, hue = np.meshgrid([0.5, 0.6, 0.7, 0.8], np.arange(0, 360, 10), indexing="ij")
    parts = [rgb_of_lch(light + 0.02 * step, chroma, hue + 5 * step) for step, chroma in enumerate((0.16, 0.09))]
    offered = np.concatenate([part.reshape(-1, 3) for part in parts])
    offered_lab = lab_of_rgb(offered)
    colours = np.zeros((256, 3), np.uint8)
    colours[1 : len(_FIRST) + 1] = _FIRST
    colours[255] = _IGNORE
    known = lab_of_rgb([*_FIRST, _IGNORE])
    nearest = np.linalg.norm(offered_lab[:, None] - known, axis=-1).min(axis=1)
    for class_id in range(len(_FIRST) + 1, 255):
        best = int(nearest.argmax())
        colours[class_id] = offered[best]
        nearest = np.minimum(nearest, np.linalg.norm(offered_lab - offered_lab[best], axis=-1))
    return colours


@lru_cache(maxsize=1)
def _cam_colours() -> npt.NDArray[np.uint8]:
    """Return 256 colours at equal distances along a path from dark violet over red to warm yellow."""
    way = np.linspace(0, 1, 2049)
    lightness = 0.24 + 0.66 * way
    hue = 295 + 155 * way
    chroma = 0.13 + 0.04 * np.sin(np.pi * way)
    lab = lab_of_lch(lightness, chroma, hue)
    walked = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    at = np.interp(np.linspace(0, walked[-1], 256), walked, way)
    return rgb_of_lch(0.24 + 0.66 * at, 0.13 + 0.04 * np.sin(np.pi * at), 295 + 155 * at)


def _rising_alpha() -> npt.NDArray[np.uint8]:
    return np.rint(255 * _CAM_PEAK * np.linspace(0, 1, 256) ** _CAM_RISE).astype(np.uint8)


def _spread(count: int) -> npt.NDArray[np.int64]:
    """Return 0 to count - 1 in an order in which neighbours lie far apart."""
    numbers = np.arange(count, dtype=np.int64)
    step = next((s for s in range(max(1, round(count * 0.382)), count) if np.gcd(s, count) == 1), 1)
    return numbers * step % max(count, 1)
