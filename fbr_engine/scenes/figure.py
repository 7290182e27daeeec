"""Figures: objects as a few flat shapes, which can be measured, placed and painted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import Colour, scaled
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.shapes import Points, shifted, turned


@dataclass(frozen=True)
class Shape:
    """One polygon of one colour.

    ``fade`` is how much darker its lower end is, ``night`` the colour in which it shines after dark. With an
    ``alpha`` below 1 it is vapour: seen, but no part of the object.
    """

    points: Points
    colour: Colour
    fade: float = 0.0
    night: Colour | None = None
    alpha: float = 1.0


Figure = tuple[Shape, ...]
"""Shapes from back to front. The origin is where the figure touches the ground; up is negative y."""


def extent(figure: Figure) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom."""
    points = np.concatenate([shape.points for shape in figure if shape.alpha == 1])
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return float(left), float(top), float(right), float(bottom)


def area(figure: Figure) -> float:
    """Return the area that the shapes cover together, in square units."""
    left, top, right, bottom = extent(figure)
    scale = 96 / max(right - left, bottom - top)
    stencil = np.zeros((98, 98), np.uint8)
    for shape in figure:
        if shape.alpha < 1:
            continue
        fixed = np.rint((shape.points - (left, top)) * scale * 16).astype(np.int32)
        cv2.fillPoly(stencil, [fixed], 1, cv2.LINE_8, 4)
    return float(stencil.sum()) / scale**2


def placed(figure: Figure, x: float, y: float, scale: float, *, flip: bool = False, turn: float = 0.0) -> Figure:
    """Return the figure mirrored, turned (radians), scaled, and moved so that its origin lies at x, y."""
    mirror = (-scale, scale) if flip else (scale, scale)
    return tuple(replace(s, points=shifted(turned(s.points * mirror, turn), x, y)) for s in figure)


def paint(canvas: Canvas, figure: Figure, light: Light, value: int) -> None:
    """Paint the figure as an object of a mask value."""
    for shape in figure:
        colour = shape.night if shape.night and light.lamps else light.on(shape.colour)
        if shape.alpha < 1:
            canvas.stain([shape.points], colour, shape.alpha)
        elif shape.fade:
            canvas.shade(shape.points, colour, scaled(colour, 1 - shape.fade), object_=value)
        else:
            canvas.fill(shape.points, colour, object_=value)


def moved(figure: Iterable[Shape], dx: float, dy: float = 0.0) -> Figure:
    """Return the shapes moved."""
    return tuple(replace(shape, points=shifted(shape.points, dx, dy)) for shape in figure)
