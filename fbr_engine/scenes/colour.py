"""Colours as RGB tuples of 0..255 floats, and the few things a painter does with them."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

Colour = tuple[float, float, float]

WHITE: Colour = (250.0, 248.0, 240.0)
INK: Colour = (44.0, 44.0, 54.0)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return ``one`` with ``share`` (0..1) of ``other`` stirred in."""
    r, g, b = (a + (z - a) * share for a, z in zip(one, other, strict=True))
    return (r, g, b)


def scaled(colour: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor below 1) or lighter, kept within 0..255."""
    r, g, b = (min(255.0, c * factor) for c in colour)
    return (r, g, b)


def times(colour: Colour, tint: Colour) -> Colour:
    """Return the colour under light of a tint (three factors around 1)."""
    r, g, b = (min(255.0, c * t) for c, t in zip(colour, tint, strict=True))
    return (r, g, b)


def jittered(rng: np.random.Generator, colour: Colour, hue: float = 0.02, value: float = 0.08) -> Colour:
    """Return a neighbour of the colour: hue turned by up to ``hue``, saturation and value by ``value``."""
    h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    dh, ds, dv = rng.uniform(-1, 1, 3)
    s = min(1.0, max(0.0, s * (1 + ds * value)))
    v = min(1.0, max(0.0, v * (1 + dv * value)))
    r, g, b = colorsys.hsv_to_rgb((h + dh * hue) % 1.0, s, v)
    return (r * 255, g * 255, b * 255)


def pick(rng: np.random.Generator, palette: Sequence[Colour], hue: float = 0.015) -> Colour:
    """Return a jittered colour of the palette."""
    return jittered(rng, palette[int(rng.integers(len(palette)))], hue)
