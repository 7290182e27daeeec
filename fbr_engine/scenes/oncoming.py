"""A train that comes towards us, drawn in one-point perspective."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from fbr_engine.scenes.colour import INK, WHITE, Colour, mix, pick, scaled
from fbr_engine.scenes.figure import Figure, Shape
from fbr_engine.scenes.shapes import Point, Points, box, ellipse, polygon, rounded, smooth
from fbr_engine.scenes.train import GLASS, LAMP, LIVERY


def oncoming_train(rng: np.random.Generator, vanishing: Point, length: float) -> Figure:
    """Return a train whose front is 1 wide, with its origin at the bottom of that front.

    ``vanishing`` is the vanishing point in the same units; ``length`` (0..1) is how far towards that
    point the train reaches.
    """
    colour, trim = pick(rng, LIVERY), pick(rng, LIVERY)
    high = rng.uniform(1.05, 1.25)
    shapes = [*_sides(vanishing, length, high, colour, trim), *_front(rng, high, colour, trim)]
    return tuple(shapes)


def _deeper(points: Points, vanishing: Point, depth: float) -> Points:
    """Return the points moved along the line of sight: 0 stays, 1 is the vanishing point."""
    target = np.array(vanishing)
    return points + (target - points) * depth


def _wall(edge: Points, vanishing: Point, near: float, far: float) -> Points:
    """Return the quadrilateral that an edge sweeps between two depths."""
    return np.concatenate([_deeper(edge, vanishing, near), _deeper(edge, vanishing, far)[::-1]])


def _sides(vanishing: Point, length: float, high: float, colour: Colour, trim: Colour) -> list[Shape]:
    """Return roof and the one side wall that can be seen."""
    side = 0.5 if vanishing[0] > 0 else -0.5
    roof = polygon((-0.42, -high), (0.42, -high))
    shapes = []
    if vanishing[1] < -high:
        shapes.append(Shape(_wall(roof, vanishing, 0, length), mix(colour, (120, 124, 130), 0.6)))
    if abs(vanishing[0]) < 0.5:
        return shapes
    wall = polygon((side, -0.12), (side, -high + 0.1))
    shapes += [
        Shape(_wall(polygon((side * 0.9, 0.0), (side, -0.14)), vanishing, 0, length), INK),
        Shape(_wall(wall, vanishing, 0, length), scaled(colour, 0.74), 0.12),
        Shape(
            _wall(polygon((side, -high + 0.1), (side * 0.84, -high)), vanishing, 0, length),
            scaled(colour, 0.86),
        ),
        Shape(_wall(polygon((side, -0.36), (side, -0.26)), vanishing, 0, length), scaled(trim, 0.8)),
    ]
    panes = polygon((side, -high * 0.5), (side, -high * 0.8))
    marks = 1 - (1 - length) ** np.linspace(0.08, 1, 9)
    shapes += [
        Shape(_wall(panes, vanishing, float(a), float(a + (b - a) * 0.7)), scaled(GLASS, 0.85))
        for a, b in pairwise(marks)
    ]
    return shapes


def _front(rng: np.random.Generator, high: float, colour: Colour, trim: Colour) -> list[Shape]:
    """Return the face: windscreen, lamps, bumper."""
    brow = rng.uniform(0.06, 0.16)
    face = smooth(
        [(-0.5, -0.14), (-0.5, -high + brow), (-0.4, -high), (0.4, -high), (0.5, -high + brow), (0.5, -0.14)],
        True,
        4,
    )
    glass = rounded(-0.41, -high * 0.86, 0.41, -high * 0.52, 0.07)
    shapes = [
        Shape(box(-0.4, -0.2, 0.4, 0.0), INK),
        Shape(box(-0.5, -high * 0.55, 0.5, -0.1), colour),
        Shape(face, colour, 0.16),
        Shape(glass, GLASS, 0.2),
        Shape(
            polygon((-0.3, -high * 0.53), (-0.12, -high * 0.85), (-0.02, -high * 0.85), (-0.2, -high * 0.53)),
            mix(GLASS, WHITE, 0.3),
        ),
        Shape(box(-0.5, -0.42, 0.5, -0.24), mix(trim, WHITE, 0.2)),
        Shape(rounded(-0.52, -0.2, 0.52, -0.1, 0.03), (66, 66, 74)),
    ]
    if rng.random() < 0.5:
        shapes.append(Shape(box(-0.012, -high * 0.86, 0.012, -high * 0.52), colour))
    shapes += [Shape(ellipse(s * 0.34, -0.33, 0.085, 0.075), mix(INK, colour, 0.3)) for s in (-1, 1)]
    shapes += [Shape(ellipse(s * 0.34, -0.33, 0.06, 0.054), LAMP, night=LAMP) for s in (-1, 1)]
    shapes += [Shape(ellipse(s * 0.3, -0.15, 0.06, 0.045), (120, 122, 128)) for s in (-1, 1)]
    return [
        *shapes,
        Shape(rounded(-0.16, -high * 0.95, 0.16, -high * 0.885, 0.02), mix(LAMP, INK, 0.1), night=LAMP),
    ]
