"""Outlines: every function returns float64 points (N, 2) as x, y with y downwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Values = NDArray[np.float64]
Point = tuple[float, float]
Outlines = NDArray[np.float64]
"""Many polygons of equally many points: (N, points, 2)."""


def polygon(*corners: Point) -> Points:
    """Return the corners as an array."""
    return np.array(corners, np.float64)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Return an upright rectangle."""
    return polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1))


@cache
def _circle(count: int) -> Points:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, count: int = 28) -> Points:
    """Return an ellipse turned by ``turn`` radians."""
    flat = _circle(count) * (rx, ry)
    return (turned(flat, turn) if turn else flat) + (x, y)


def dot(count: int = 8) -> Points:
    """Return a unit circle of few corners, to be stamped."""
    return _circle(count)


def stamped(form: Points, xs: Values, ys: Values, wide: Values, high: Values | None = None) -> Outlines:
    """Return copies of a form at many places (N), each scaled by its width (N) and height (N, else the width)."""
    sizes = np.stack([wide, wide if high is None else high], 1)
    outlines: Outlines = form[None] * sizes[:, None] + np.stack([xs, ys], 1)[:, None]
    return outlines


def shifted(points: Points, dx: float, dy: float) -> Points:
    """Return the points moved."""
    return np.asarray(points + np.array((dx, dy)), np.float64)


def turned(points: Points, turn: float) -> Points:
    """Return the points turned about the origin by ``turn`` radians, clockwise on the screen."""
    c, s = math.cos(turn), math.sin(turn)
    return np.asarray(points @ np.array([[c, s], [-s, c]]), np.float64)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """Return a rectangle with round corners."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    arc = np.linspace(0, np.pi / 2, 5)
    quarter = np.stack([np.cos(arc), np.sin(arc)], 1) * radius
    left, right, top, bottom = x0 + radius, x1 - radius, y0 + radius, y1 - radius
    centres = ((right, bottom), (left, bottom), (left, top), (right, top))
    return np.concatenate([shifted(turned(quarter, k * np.pi / 2), *c) for k, c in enumerate(centres)])


def smooth(points: Points | Sequence[Point], closed: bool = True, steps: int = 6) -> Points:
    """Return a Catmull-Rom curve through the points, ``steps`` points for each of them."""
    p = np.asarray(points, np.float64)
    padded = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = a[:, None], b[:, None], c[:, None], d[:, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, p[-1:]])


def scallops(x: float, y: float, rx: float, ry: float, bumps: int, depth: float, turn: float = 0.0) -> Points:
    """Return an ellipse whose edge swells into ``bumps`` round lobes of relative ``depth``."""
    angles = np.linspace(0, 2 * np.pi, bumps * 7, endpoint=False)
    swell = 1 - depth + depth * np.abs(np.sin(angles * bumps / 2 + turn)) ** 0.7 * 1.6
    return np.stack([x + rx * swell * np.cos(angles), y + ry * swell * np.sin(angles)], 1)


def ribbon(points: Points | Sequence[Point], width: float, end_width: float | None = None) -> Points:
    """Return the outline of a line of the given width, which may taper to ``end_width``."""
    p = np.asarray(points, np.float64)
    along = np.gradient(p, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    half = np.linspace(width, width if end_width is None else end_width, len(p))[:, None] / 2
    normal = along[:, ::-1] * (-1, 1) * half
    return np.concatenate([p + normal, (p - normal)[::-1]])


def ridge(rng: np.random.Generator, width: float, y: float, height: float, knots: int = 6) -> Points:
    """Return a rolling skyline across ``width``: between ``y - height`` and ``y``, left to right."""
    x = np.linspace(-0.1, 1.1, knots) * width
    tops = y - height * rng.random(knots)
    return smooth(np.stack([x, tops], 1), closed=False, steps=8)


def under(line: Points, bottom: float) -> Points:
    """Return the area between a skyline and ``bottom``."""
    return np.concatenate([line, [(line[-1, 0], bottom), (line[0, 0], bottom)]])
