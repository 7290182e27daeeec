"""Boats: a hull with a sail, a wheelhouse, oars or a row of cabins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fbr_engine.scenes.colour import INK, WHITE, Colour, mix, pick, scaled
from fbr_engine.scenes.figure import Figure, Shape, moved
from fbr_engine.scenes.shapes import Points, box, ellipse, polygon, ribbon, rounded, shifted, smooth

_HULLS: tuple[Colour, ...] = (
    (196, 62, 52),
    (38, 84, 124),
    (242, 238, 226),
    (40, 120, 112),
    (226, 150, 50),
    (120, 74, 48),
    (62, 64, 82),
    (236, 196, 72),
    (150, 60, 84),
)
_SAILS: tuple[Colour, ...] = ((252, 248, 236), (244, 228, 198), (224, 92, 66), (90, 150, 190), (246, 200, 90))
_WOOD: Colour = (170, 116, 70)
_GLASS: Colour = (86, 128, 150)
_LAMP: Colour = (255, 222, 140)


def boat(rng: np.random.Generator, afloat: bool) -> Figure:
    """Return a boat about 1 long; the origin is the middle of its water line, or of its keel on land."""
    design = _DESIGNS[int(rng.choice(len(_DESIGNS), p=(0.4, 0.28, 0.14, 0.18)))]
    figure = design(rng)
    if afloat:
        return figure
    keel = smooth([(-0.36, -0.02), (0.36, -0.02), (0.24, 0.07), (-0.24, 0.08)])
    on_land = (Shape(keel, (140, 62, 52), 0.3), *figure)
    return moved(on_land, 0, -0.08)


def _hull(colour: Colour, stripe: Colour, bow: float, depth: float, stern: float) -> list[Shape]:
    """Return a hull with its bow to the right: sides, water line, gunwale and a shadow below it."""
    deck = smooth([(-0.48, -depth), (-0.15, -depth * 0.86), (0.2, -depth), (0.54, -depth - bow)], False)
    bottom = [(0.40, 0.0), (-0.42 - stern, 0.0)]
    sides = np.concatenate([deck, bottom])
    line = np.concatenate([deck, shifted(deck, 0, 0.028)[::-1]])
    water = polygon((0.43, -0.035), (0.40, 0.0), (-0.42 - stern, 0.0), (-0.43 - stern, -0.035))
    under_rail = np.concatenate([shifted(deck, 0, 0.02), shifted(deck, -0.004, 0.052)[::-1]])
    return [
        Shape(sides, colour, 0.28),
        Shape(water, stripe),
        Shape(under_rail, scaled(colour, 0.8)),
        Shape(line, mix(stripe, WHITE, 0.35)),
    ]


def _sail(corners: list[tuple[float, float]], belly: float) -> Points:
    """Return a triangular sail whose after edge is blown out by ``belly``."""
    top, tack, clew = (np.array(c) for c in corners)
    leech = (top + clew) / 2 + (belly, 0.02)
    foot = (tack + clew) / 2 + (0, 0.025)
    return np.concatenate([smooth([tuple(clew), tuple(leech), tuple(top)], False), [tack, foot]])


def _sailing_boat(rng: np.random.Generator) -> Figure:
    hull, cloth = pick(rng, _HULLS), pick(rng, _SAILS)
    second = pick(rng, _SAILS) if rng.random() < 0.4 else cloth
    high, mast = rng.uniform(0.75, 1.15), rng.uniform(-0.02, 0.1)
    top = -0.16 - high
    main = _sail([(mast - 0.02, top + 0.05), (mast - 0.02, -0.22), (-0.46, -0.24)], -0.05)
    jib = _sail([(mast + 0.02, top + 0.16), (0.5, -0.26), (mast + 0.05, -0.22)], 0.07)
    shapes = [
        Shape(ribbon([(mast, -0.1), (mast, top)], 0.026), (110, 80, 58)),
        Shape(main, cloth, 0.16),
        Shape(jib, scaled(second, 0.94), 0.12),
        Shape(ribbon([(mast, -0.21), (-0.47, -0.225)], 0.022), (110, 80, 58)),
    ]
    shapes += _sail_marks(rng, mast, top, cloth)
    shapes += [Shape(rounded(-0.26, -0.21, 0.04, -0.11, 0.03), mix(hull, WHITE, 0.75), 0.1)]
    pennant = polygon((mast, top - 0.005), (mast - 0.11, top + 0.025), (mast, top + 0.05))
    shapes += [Shape(pennant, (214, 66, 56)), *_hull(hull, pick(rng, _HULLS), 0.06, 0.14, 0.02)]
    return tuple(shapes)


def _sail_marks(rng: np.random.Generator, mast: float, top: float, cloth: Colour) -> list[Shape]:
    """Return a stripe or a few seams on the main sail."""
    seam = scaled(cloth, 0.86)
    if rng.random() < 0.35:
        seam, width = pick(rng, _HULLS), 0.07
        levels = [0.62]
    else:
        width, levels = 0.009, [0.3, 0.5, 0.7, 0.86]
    ends = [(mast - 0.03, mast - 0.03 - (0.43 + mast) * f * 0.93, top + (-0.24 - top) * f) for f in levels]
    return [Shape(ribbon([(a, y), (b, y + 0.01)], width), seam) for a, b, y in ends]


def _fishing_boat(rng: np.random.Generator) -> Figure:
    hull, trim = pick(rng, _HULLS), pick(rng, _HULLS)
    cabin = mix(pick(rng, _SAILS), WHITE, 0.6)
    x, tall = rng.uniform(-0.3, -0.05), rng.uniform(0.22, 0.32)
    top = -0.19 - tall
    shapes = [
        Shape(ribbon([(x + 0.3, -0.15), (x + 0.3, top - 0.3)], 0.026), (110, 80, 58)),
        Shape(ribbon([(x + 0.3, top - 0.12), (x + 0.62, top - 0.2)], 0.018), (110, 80, 58)),
        Shape(ribbon([(x + 0.3, top - 0.28), (0.5, -0.3)], 0.007), INK),
        Shape(box(x - 0.1, top - 0.13, x - 0.01, -0.2), trim, 0.2),
        Shape(box(x - 0.1, top - 0.1, x - 0.01, top - 0.05), WHITE),
        Shape(polygon((x - 0.16, -0.12), (x - 0.14, top), (x + 0.2, top), (x + 0.24, -0.12)), cabin, 0.14),
        Shape(rounded(x - 0.19, top - 0.035, x + 0.25, top + 0.02, 0.02), trim),
    ]
    shapes += [_window(x + dx, top + 0.05, 0.08, 0.1) for dx in (-0.1, 0.01, 0.115)]
    shapes += _hull(hull, trim, 0.13, 0.2, 0.0)
    shapes += [Shape(ellipse(px, -0.085, 0.032, 0.032, count=14), INK) for px in (-0.3, -0.1, 0.1, 0.28)]
    return tuple(shapes)


def _window(x: float, y: float, wide: float, high: float) -> Shape:
    return Shape(rounded(x, y, x + wide, y + high, 0.015), _GLASS, night=_LAMP)


def _rowing_boat(rng: np.random.Generator) -> Figure:
    hull = pick(rng, (*_HULLS, _WOOD, _WOOD))
    inside = smooth([(-0.46, -0.24), (0, -0.28), (0.5, -0.31), (0.2, -0.16), (-0.3, -0.16)])
    shapes = [Shape(inside, scaled(_WOOD, 0.62))]
    shapes += [Shape(box(x, -0.25, x + 0.07, -0.16), _WOOD) for x in (-0.26, 0.0, 0.22)]
    shapes += _hull(hull, pick(rng, _HULLS), 0.08, 0.22, 0.0)
    planks = [smooth([(-0.45, -y), (0, -y * 0.85), (0.47, -y - 0.03)], False) for y in (0.12, 0.07)]
    shapes += [Shape(ribbon(plank, 0.009), scaled(hull, 0.68)) for plank in planks]
    tilt = rng.uniform(0.1, 0.3)
    shapes += [
        Shape(ribbon([(0.1, -0.36), (-0.3 - tilt, -0.02)], 0.022), (214, 176, 120)),
        Shape(ellipse(-0.34 - tilt, 0.0, 0.075, 0.026, -0.72), (214, 176, 120)),
    ]
    return tuple(shapes)


def _ferry(rng: np.random.Generator) -> Figure:
    hull, trim = pick(rng, _HULLS), pick(rng, _HULLS)
    decks = int(rng.integers(1, 3))
    shapes: list[Shape] = []
    for deck in range(decks, 0, -1):
        y, back, front = -0.16 - 0.14 * deck, -0.42 + 0.07 * deck, 0.36 - 0.12 * deck
        wall = polygon((back, y), (front - 0.05, y), (front + 0.03, y + 0.17), (back, y + 0.17))
        shapes += [
            Shape(wall, WHITE, 0.1),
            Shape(rounded(back - 0.03, y - 0.025, front, y + 0.01, 0.01), trim),
        ]
        shapes += [_window(wx, y + 0.045, 0.06, 0.055) for wx in np.arange(back + 0.04, front - 0.1, 0.1)]
    top = -0.16 - 0.14 * decks
    funnel = polygon((-0.2, top), (-0.17, top - 0.17), (-0.05, top - 0.17), (-0.04, top))
    band = polygon((-0.184, top - 0.09), (-0.175, top - 0.13), (-0.048, top - 0.13), (-0.046, top - 0.09))
    shapes = [Shape(funnel, trim, 0.15), Shape(band, WHITE), *shapes]
    shapes += _hull(hull, trim, 0.08, 0.17, 0.0)
    holes = [ellipse(x, -0.085, 0.02, 0.02, count=12) for x in (-0.32, -0.2, -0.08, 0.04, 0.16, 0.28)]
    shapes += [Shape(hole, _GLASS, night=_LAMP) for hole in holes]
    return tuple(shapes)


_DESIGNS: tuple[Callable[[np.random.Generator], Figure], ...] = (
    _sailing_boat,
    _fishing_boat,
    _rowing_boat,
    _ferry,
)
