"""Sheep: a woolly cloud on four legs, standing, grazing, lying or looking at you."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fbr_engine.scenes.colour import INK, WHITE, Colour, mix, pick, scaled
from fbr_engine.scenes.figure import Figure, Shape
from fbr_engine.scenes.shapes import ellipse, polygon, ribbon, scallops, smooth

_WOOL: tuple[Colour, ...] = (
    (246, 240, 226),
    (250, 246, 238),
    (236, 224, 200),
    (240, 234, 222),
    (186, 178, 170),
    (142, 110, 84),
    (92, 84, 82),
)
_FACES: tuple[Colour, ...] = ((58, 54, 58), (70, 62, 60), (238, 222, 200), (150, 120, 96), (204, 178, 154))


def sheep(rng: np.random.Generator) -> Figure:
    """Return a sheep about 1 long, facing right; the origin lies between its feet."""
    wool, face = pick(rng, _WOOL, 0.01), pick(rng, _FACES, 0.01)
    pose = _POSES[int(rng.choice(len(_POSES), p=(0.36, 0.3, 0.16, 0.18)))]
    return pose(rng, wool, face)


def _fleece(rng: np.random.Generator, x: float, y: float, rx: float, ry: float, wool: Colour) -> list[Shape]:
    """Return body wool: a scalloped outline, a lit upper part and a few curls."""
    bumps, turn = int(rng.integers(11, 15)), rng.uniform(0, 3)
    shapes = [
        Shape(scallops(x, y, rx, ry, bumps, 0.12, turn), scaled(wool, 0.86), 0.14),
        Shape(scallops(x + 0.01, y - ry * 0.16, rx * 0.86, ry * 0.74, bumps, 0.11, turn), wool),
    ]
    arc = np.linspace(0.2, 3.6, 7)
    for _ in range(7):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.62)
        centre = (x + rx * far * np.cos(angle), y + ry * (far * np.sin(angle) - 0.1))
        r = rng.uniform(0.028, 0.05)
        curl = np.stack([centre[0] + r * np.cos(arc), centre[1] + r * np.sin(arc)], 1)
        shapes.append(Shape(ribbon(curl, 0.012), scaled(wool, 0.84)))
    return shapes


def _legs(spots: tuple[float, ...], face: Colour, top: float) -> list[Shape]:
    return [
        Shape(polygon((x - 0.04, top), (x + 0.04, top), (x + 0.032, 0), (x - 0.032, 0)), colour)
        for x, colour in zip(spots, (scaled(face, 0.75), face) * 2, strict=True)
    ]


def _head(x: float, y: float, tilt: float, wool: Colour, face: Colour) -> list[Shape]:
    """Return a head in profile; ``tilt`` turns its nose down."""
    nose = (x + 0.13 * np.cos(tilt), y + 0.13 * np.sin(tilt))
    ear = (x - 0.05, y - 0.03)
    eye = (x + 0.035 * np.cos(tilt) + 0.03 * np.sin(tilt), y + 0.035 * np.sin(tilt) - 0.03 * np.cos(tilt))
    return [
        Shape(ellipse(x + 0.04 * np.cos(tilt), y + 0.04 * np.sin(tilt), 0.155, 0.1, tilt), face, 0.12),
        Shape(ellipse(nose[0], nose[1], 0.055, 0.062, tilt), mix(face, (214, 160, 150), 0.25)),
        Shape(scallops(x - 0.05, y - 0.075, 0.1, 0.07, 6, 0.15), wool),
        Shape(ellipse(ear[0] - 0.02, ear[1] + 0.03, 0.085, 0.034, 2.6 + tilt * 0.4), scaled(face, 0.82)),
        Shape(ellipse(eye[0], eye[1], 0.024, 0.024, count=12), WHITE),
        Shape(ellipse(eye[0] + 0.006, eye[1], 0.014, 0.016, count=10), INK),
    ]


def _tail(x: float, y: float, wool: Colour) -> Shape:
    return Shape(scallops(x, y, 0.065, 0.1, 5, 0.15), scaled(wool, 0.82))


def _standing(rng: np.random.Generator, wool: Colour, face: Colour) -> Figure:
    spots = (-0.26, -0.17, 0.17, 0.25)
    rise = rng.uniform(-0.72, -0.62)
    return (
        *_legs(spots, face, -0.32),
        _tail(-0.4, -0.42, wool),
        *_fleece(rng, 0.0, -0.44, 0.4, 0.27, wool),
        Shape(scallops(0.31, rise + 0.16, 0.14, 0.17, 7, 0.12), scaled(wool, 0.95)),
        *_head(0.4, rise, rng.uniform(0.15, 0.6), wool, face),
    )


def _grazing(rng: np.random.Generator, wool: Colour, face: Colour) -> Figure:
    neck = smooth([(0.22, -0.58), (0.42, -0.44), (0.5, -0.2), (0.36, -0.14), (0.2, -0.26)])
    return (
        *_legs((-0.26, -0.17, 0.15, 0.24), face, -0.32),
        _tail(-0.4, -0.42, wool),
        Shape(neck, scaled(wool, 0.84), 0.1),
        *_fleece(rng, 0.0, -0.44, 0.4, 0.27, wool),
        *_head(0.44, -0.18, rng.uniform(0.85, 1.2), wool, face),
    )


def _lying(rng: np.random.Generator, wool: Colour, face: Colour) -> Figure:
    foot = ellipse(0.2, -0.03, 0.12, 0.035)
    return (
        _tail(-0.42, -0.2, wool),
        Shape(foot, face),
        *_fleece(rng, 0.0, -0.225, 0.42, 0.23, wool),
        Shape(scallops(0.31, -0.36, 0.14, 0.15, 7, 0.12), scaled(wool, 0.95)),
        *_head(0.39, -0.46, rng.uniform(0.1, 0.5), wool, face),
    )


def _facing(rng: np.random.Generator, wool: Colour, face: Colour) -> Figure:
    """Return a sheep that looks out of the picture."""
    y = rng.uniform(-0.6, -0.5)
    ears = [Shape(ellipse(s * 0.16, y - 0.05, 0.09, 0.04, s * 0.35), scaled(face, 0.85)) for s in (-1, 1)]
    eyes = [Shape(ellipse(s * 0.055, y - 0.03, 0.026, 0.028, count=12), WHITE) for s in (-1, 1)]
    pupils = [Shape(ellipse(s * 0.052, y - 0.026, 0.014, 0.017, count=10), INK) for s in (-1, 1)]
    return (
        *_legs((-0.19, -0.11, 0.19, 0.11), face, -0.3),
        *_fleece(rng, 0.0, -0.44, 0.33, 0.31, wool),
        *ears,
        Shape(
            smooth([(-0.11, y - 0.12), (0.11, y - 0.12), (0.09, y + 0.1), (0, y + 0.18), (-0.09, y + 0.1)]),
            face,
        ),
        Shape(scallops(0, y - 0.13, 0.15, 0.085, 7, 0.15), wool),
        *eyes,
        *pupils,
        Shape(ellipse(0, y + 0.12, 0.045, 0.028), mix(face, (224, 150, 140), 0.45)),
    )


_POSES: tuple[Callable[[np.random.Generator, Colour, Colour], Figure], ...] = (
    _standing,
    _grazing,
    _lying,
    _facing,
)
