"""Birds: flapping, gliding or standing, in the plumage of a few familiar kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.colour import INK, WHITE, Colour, jittered, mix, scaled
from fbr_engine.scenes.figure import Figure, Shape
from fbr_engine.scenes.shapes import Points, ellipse, polygon, ribbon, shifted, smooth


@dataclass(frozen=True)
class Plumage:
    """Colours of one kind of bird."""

    back: Colour
    belly: Colour
    wing: Colour
    tips: Colour
    beak: Colour


_KINDS: tuple[Plumage, ...] = (
    Plumage((244, 244, 240), (252, 250, 246), (186, 196, 206), (60, 62, 70), (238, 168, 52)),
    Plumage((58, 60, 72), (82, 84, 96), (46, 48, 60), (34, 36, 46), (88, 86, 86)),
    Plumage((122, 92, 70), (222, 108, 62), (104, 80, 64), (70, 56, 50), (92, 80, 70)),
    Plumage((58, 108, 172), (242, 214, 178), (48, 92, 156), (34, 58, 104), (70, 70, 80)),
    Plumage((238, 200, 70), (250, 226, 130), (206, 160, 54), (86, 76, 60), (226, 120, 60)),
    Plumage((206, 72, 62), (226, 112, 92), (170, 54, 54), (84, 40, 46), (240, 180, 80)),
    Plumage((150, 126, 98), (236, 222, 196), (126, 102, 78), (74, 60, 50), (232, 178, 70)),
    Plumage((76, 142, 120), (232, 226, 190), (60, 118, 106), (38, 72, 70), (230, 150, 60)),
)


def bird(rng: np.random.Generator, flying: bool) -> Figure:
    """Return a bird about 1 wide, facing right; the origin is its body, or its feet when it stands."""
    kind = _KINDS[int(rng.integers(len(_KINDS)))]
    plumage = Plumage(*(jittered(rng, c, 0.015) for c in (kind.back, kind.belly, kind.wing, kind.tips, kind.beak)))
    if not flying:
        return _standing(rng, plumage)
    return _FLIGHTS[int(rng.choice(len(_FLIGHTS), p=(0.45, 0.25, 0.3)))](rng, plumage)


def _wing(root: float, y: float, reach: tuple[float, float], chord: float, fingers: int) -> tuple[Points, Points]:
    """Return outline and dark tip of a wing from its root to the tip at ``reach``; feathers on its after edge."""
    front = np.array(
        [
            (root + 0.11, y),
            (root + 0.10 + reach[0] * 0.5, y + reach[1] * 0.62),
            (root + reach[0], y + reach[1]),
        ]
    )
    lead = smooth(front, False)
    tip, heel = front[2], np.array((root - chord * 0.75, y + 0.015))
    share = np.linspace(0, 1, fingers * 2 + 1)[1:, None]
    trail = tip + (heel - tip) * share + np.array((-chord * 0.55, 0)) * np.sin(share * np.pi)
    trail[::2] += np.array((-0.035, 0.03 * np.sign(-reach[1])))
    outline = np.concatenate([lead, trail])
    cut = max(2, fingers // 2)
    dark = np.concatenate([lead[-5:], trail[: cut * 2]])
    return outline, dark


def _wing_shapes(plumage: Plumage, wing: tuple[Points, Points], factor: float) -> list[Shape]:
    outline, dark = wing
    middle = outline.mean(0)
    coverts = middle + (outline - middle) * 0.62 + (0.03, 0)
    return [
        Shape(outline, scaled(plumage.wing, factor)),
        Shape(dark, scaled(plumage.tips, factor)),
        Shape(smooth(coverts[::3]), scaled(mix(plumage.wing, plumage.back, 0.55), factor * 1.04)),
    ]


def _body(plumage: Plumage) -> list[Shape]:
    """Return tail, body, breast, head, beak and eye in profile."""
    tail = polygon((-0.2, -0.03), (-0.47, -0.08), (-0.44, -0.03), (-0.48, 0.01), (-0.43, 0.04), (-0.2, 0.05))
    trunk = smooth([(-0.27, 0.0), (-0.08, -0.09), (0.13, -0.11), (0.25, -0.03), (0.18, 0.09), (-0.04, 0.11)])
    breast = smooth([(-0.18, 0.045), (0.02, 0.035), (0.2, 0.0), (0.21, 0.06), (0.1, 0.105), (-0.06, 0.1)])
    return [
        Shape(tail, plumage.tips),
        Shape(trunk, plumage.back, 0.1),
        Shape(breast, plumage.belly, 0.08),
        *_head(plumage, 0.26, -0.07, 0.095),
    ]


def _head(plumage: Plumage, x: float, y: float, r: float) -> list[Shape]:
    beak = polygon((x + r * 0.8, y - r * 0.3), (x + r * 2.05, y + r * 0.2), (x + r * 0.75, y + r * 0.45))
    return [
        Shape(beak, plumage.beak, 0.15),
        Shape(ellipse(x, y, r, r * 0.94), plumage.back),
        Shape(ellipse(x + r * 0.18, y + r * 0.45, r * 0.66, r * 0.46, 0.2), plumage.belly),
        Shape(ellipse(x + r * 0.4, y - r * 0.18, r * 0.23, r * 0.23, count=12), WHITE),
        Shape(ellipse(x + r * 0.46, y - r * 0.16, r * 0.15, r * 0.17, count=10), INK),
    ]


def _flapping(rng: np.random.Generator, plumage: Plumage) -> Figure:
    side = -1.0 if rng.random() < 0.65 else 1.0
    reach = (rng.uniform(-0.26, 0.02), side * rng.uniform(0.42, 0.58))
    far = _wing(0.06, side * 0.04, (reach[0] + 0.22, reach[1] * 0.9), 0.24, 5)
    near = _wing(0.02, side * 0.02, reach, 0.28, 6)
    return (*_wing_shapes(plumage, far, 0.8), *_body(plumage), *_wing_shapes(plumage, near, 1.0))


def _gliding(rng: np.random.Generator, plumage: Plumage) -> Figure:
    """Return a bird with one wing up behind it and the other stretched towards us."""
    lift = rng.uniform(0.3, 0.42)
    far = _wing(0.1, -0.04, (-0.02, -lift), 0.22, 5)
    near = _wing(0.02, 0.02, (-0.3, lift * 1.15), 0.26, 6)
    return (*_wing_shapes(plumage, far, 0.82), *_body(plumage), *_wing_shapes(plumage, near, 1.0))


def _from_below(rng: np.random.Generator, plumage: Plumage) -> Figure:
    """Return a bird seen from below, both wings spread."""
    sweep, span = rng.uniform(-0.12, 0.08), rng.uniform(0.5, 0.62)
    shapes: list[Shape] = []
    for side in (-1.0, 1.0):
        lead = smooth(
            [
                (side * 0.05, -0.12),
                (side * span * 0.5, -0.2 + sweep * 0.4),
                (side * span, -0.06 + sweep * -1),
            ],
            False,
        )
        share = np.linspace(0, 1, 11)[1:, None]
        heel, tip = np.array((side * 0.05, 0.12)), lead[-1]
        trail = tip + (heel - tip) * share + np.array((0, 0.05)) * np.sin(share * np.pi)
        trail[::2] += (side * 0.012, 0.04)
        outline = np.concatenate([lead, trail])
        shapes += [Shape(outline, plumage.wing), Shape(np.concatenate([lead[-4:], trail[:4]]), plumage.tips)]
        lining = np.concatenate([shifted(lead[:-3], 0, 0.012), shifted(lead[:-3], 0, 0.1)[::-1]])
        shapes.append(Shape(lining, mix(plumage.wing, plumage.belly, 0.6)))
    fan = polygon((-0.05, 0.16), (-0.12, 0.36), (-0.04, 0.33), (0, 0.38), (0.04, 0.33), (0.12, 0.36), (0.05, 0.16))
    trunk = smooth([(0, -0.22), (0.09, -0.06), (0.07, 0.14), (0, 0.24), (-0.07, 0.14), (-0.09, -0.06)])
    beak = polygon((-0.03, -0.29), (0, -0.4), (0.03, -0.29))
    return (
        *shapes,
        Shape(fan, plumage.tips),
        Shape(trunk, plumage.belly, 0.12),
        Shape(beak, plumage.beak),
        Shape(ellipse(0, -0.25, 0.065, 0.075), plumage.back),
    )


def _standing(rng: np.random.Generator, plumage: Plumage) -> Figure:
    """Return a bird on its feet with its wing folded."""
    tilt = rng.uniform(-0.06, 0.04)
    tail = polygon((-0.24, -0.36), (-0.56, -0.3 + tilt), (-0.54, -0.22 + tilt), (-0.22, -0.24))
    trunk = smooth(
        [
            (-0.34, -0.3),
            (-0.16, -0.46),
            (0.1, -0.56),
            (0.28, -0.46),
            (0.24, -0.26),
            (0.02, -0.15),
            (-0.2, -0.2),
        ]
    )
    breast = smooth([(-0.12, -0.2), (0.1, -0.3), (0.26, -0.46), (0.26, -0.28), (0.12, -0.17), (0.0, -0.15)])
    wing = smooth([(0.1, -0.46), (0.08, -0.32), (-0.12, -0.24), (-0.42, -0.24 + tilt), (-0.2, -0.4), (0, -0.49)])
    quill = smooth([(-0.38, -0.25 + tilt), (-0.12, -0.26), (0.02, -0.33), (-0.16, -0.31)])
    legs = [ribbon([(x, -0.2), (x + 0.02, -0.01)], 0.026) for x in (-0.04, 0.07)]
    toes = [ribbon([(x - 0.04, -0.012), (x + 0.09, -0.012)], 0.024) for x in (-0.02, 0.09)]
    return (
        *(Shape(p, scaled(plumage.beak, 0.85)) for p in (*legs, *toes)),
        Shape(tail, plumage.tips),
        Shape(trunk, plumage.back, 0.1),
        Shape(breast, plumage.belly, 0.08),
        Shape(wing, plumage.wing, 0.12),
        Shape(quill, plumage.tips),
        *_head(plumage, 0.24, -0.62 + rng.uniform(-0.02, 0.05), 0.14),
    )


_FLIGHTS: tuple[Callable[[np.random.Generator, Plumage], Figure], ...] = (_flapping, _gliding, _from_below)
