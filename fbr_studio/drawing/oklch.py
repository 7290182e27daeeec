"""The perceptual colour space the studio's palettes are computed in: OKLab and its polar form OKLCH."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)


def lab_of_rgb(rgb: npt.ArrayLike) -> Floats:
    """Return OKLab of sRGB colours 0 to 255, along the last axis."""
    values = np.asarray(rgb, np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    lab: Floats = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def lab_of_lch(lightness: npt.ArrayLike, chroma: npt.ArrayLike, hue: npt.ArrayLike) -> Floats:
    """Return OKLab of lightness 0 to 1, chroma 0 to about 0.3 and hue in degrees."""
    angle = np.deg2rad(np.asarray(hue, np.float64))
    chroma = np.asarray(chroma, np.float64)
    parts = np.broadcast_arrays(np.asarray(lightness, np.float64), chroma * np.cos(angle), chroma * np.sin(angle))
    return np.stack(parts, axis=-1)


def rgb_of_lch(lightness: npt.ArrayLike, chroma: npt.ArrayLike, hue: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return sRGB uint8; chroma is lowered where the screen cannot show it, lightness and hue stay."""
    lightness, chroma, hue = np.broadcast_arrays(
        np.asarray(lightness, np.float64), np.asarray(chroma, np.float64), np.asarray(hue, np.float64)
    )
    low, high = np.zeros_like(chroma), chroma.copy()
    for _ in range(24):
        middle = np.where(_shown(lightness, high, hue), high, (low + high) / 2)
        fits = _shown(lightness, middle, hue)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    linear = _linear(lab_of_lch(lightness, low, hue)).clip(0, 1)
    values = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: npt.NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return rgb


def _linear(lab: Floats) -> Floats:
    linear: Floats = (lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T
    return linear


def _shown(lightness: Floats, chroma: Floats, hue: Floats) -> npt.NDArray[np.bool_]:
    linear = _linear(lab_of_lch(lightness, chroma, hue))
    return np.asarray(((linear >= -1e-4) & (linear <= 1 + 1e-4)).all(axis=-1), np.bool_)
