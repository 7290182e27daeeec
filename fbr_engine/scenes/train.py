"""Trains seen from the side: an engine of one of four kinds, and what it pulls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fbr_engine.scenes.colour import INK, WHITE, Colour, mix, pick, scaled
from fbr_engine.scenes.figure import Figure, Shape, moved
from fbr_engine.scenes.shapes import Points, box, ellipse, polygon, ribbon, rounded, scallops, smooth

LIVERY: tuple[Colour, ...] = (
    (198, 52, 46),
    (34, 92, 140),
    (46, 116, 82),
    (232, 168, 44),
    (236, 232, 222),
    (98, 66, 120),
    (222, 106, 52),
    (72, 84, 100),
)
GLASS: Colour = (66, 92, 112)
LAMP: Colour = (255, 224, 146)
_IRON: Colour = (56, 56, 64)
_STEEL: Colour = (132, 136, 142)


def train(rng: np.random.Generator) -> Figure:
    """Return a train cars about 1 long and 0.5 high; the origin is the middle of its wheels' line."""
    head, car = _MAKES[int(rng.choice(len(_MAKES), p=(0.3, 0.27, 0.28, 0.15)))]
    colour, trim = pick(rng, LIVERY), pick(rng, LIVERY)
    shapes: list[Shape] = []
    cars = int(rng.choice(3, p=(0.25, 0.45, 0.3)))
    for k in range(cars):
        shapes += moved(car(rng, colour, trim), -1.04 * (k + 1))
        shapes.append(Shape(box(-1.04 * k - 0.56, -0.12, -1.04 * k - 0.46, -0.08), _IRON))
    shapes += head(rng, colour, trim)
    return moved(shapes, 0.52 * cars)


def _wheel(x: float, r: float, rim: Colour = _IRON) -> list[Shape]:
    return [
        Shape(ellipse(x, -r, r, r, count=22), rim),
        Shape(ellipse(x, -r, r * 0.62, r * 0.62, count=16), _STEEL),
        Shape(ellipse(x, -r, r * 0.24, r * 0.24, count=10), rim),
    ]


def _bogies(*centres: float) -> list[Shape]:
    shapes: list[Shape] = []
    for x in centres:
        shapes += [*_wheel(x - 0.085, 0.052), *_wheel(x + 0.085, 0.052)]
        shapes.append(Shape(rounded(x - 0.15, -0.095, x + 0.15, -0.055, 0.015), _IRON))
    return shapes


def _windows(x0: float, x1: float, y: float, high: float, count: int) -> list[Shape]:
    step = (x1 - x0) / count
    panes = [rounded(x0 + step * k, y, x0 + step * (k + 0.74), y + high, 0.014) for k in range(count)]
    shine = mix(GLASS, WHITE, 0.28)
    glints = [_glint(x0 + step * k, y, step * 0.74, high) for k in range(count)]
    return [*(Shape(p, GLASS, night=LAMP) for p in panes), *(Shape(g, shine, night=LAMP) for g in glints)]


def _glint(x: float, y: float, wide: float, high: float) -> Points:
    """Return the slanting shine on a pane."""
    return polygon(
        (x + wide * 0.1, y + high * 0.7), (x + wide * 0.7, y), (x + wide * 0.9, y), (x + wide * 0.3, y + high)
    )


def _smoke(rng: np.random.Generator, x: float, y: float) -> list[Shape]:
    """Return a plume that drifts backwards from a chimney."""
    puffs = []
    for k in range(6):
        r = 0.06 + 0.035 * k
        centre = (
            x - 0.06 - 0.15 * k + rng.uniform(-0.03, 0.03),
            y - 0.05 - 0.05 * k + rng.uniform(-0.03, 0.03),
        )
        puffs.append(Shape(scallops(*centre, r * 1.25, r, 7, 0.12), (238, 236, 232), alpha=0.62 - 0.08 * k))
    return puffs[::-1]


def _coach(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    band = mix(trim, WHITE, 0.6)
    return [
        Shape(box(-0.46, -0.14, 0.46, -0.08), _IRON),
        *_bogies(-0.3, 0.3),
        Shape(rounded(-0.48, -0.52, 0.48, -0.43, 0.05), mix(_STEEL, WHITE, 0.25)),
        Shape(rounded(-0.49, -0.49, 0.49, -0.1, 0.025), colour, 0.16),
        Shape(box(-0.49, -0.43, 0.49, -0.25), band),
        *_windows(-0.37, 0.39, -0.41, 0.14, 6),
        *(Shape(rounded(x, -0.42, x + 0.065, -0.12, 0.01), scaled(colour, 0.8)) for x in (-0.46, 0.395)),
        Shape(box(-0.49, -0.17, 0.49, -0.15), scaled(band, 0.95)),
    ]


def _wagon(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    """Return a freight wagon: a box, a tank or an open one with a load."""
    paint = pick(rng, LIVERY)
    shapes = [Shape(box(-0.47, -0.15, 0.47, -0.1), _IRON), *_bogies(-0.3, 0.3)]
    kind = int(rng.integers(3))
    if kind == 0:
        shapes.append(Shape(rounded(-0.46, -0.5, 0.46, -0.14, 0.02), paint, 0.16))
        shapes += [Shape(box(x, -0.48, x + 0.012, -0.15), scaled(paint, 0.78)) for x in np.linspace(-0.42, 0.41, 9)]
        return [*shapes, Shape(box(-0.12, -0.46, 0.12, -0.16), scaled(paint, 0.86))]
    if kind == 1:
        shapes.append(Shape(rounded(-0.45, -0.46, 0.45, -0.15, 0.15), mix(paint, WHITE, 0.2), 0.35))
        shapes.append(Shape(rounded(-0.06, -0.5, 0.06, -0.44, 0.02), _IRON))
        return [*shapes, Shape(rounded(-0.36, -0.42, 0.34, -0.385, 0.015), mix(paint, WHITE, 0.55))]
    heap = smooth([(-0.42, -0.36), (-0.25, -0.46), (-0.02, -0.43), (0.2, -0.48), (0.42, -0.36), (0, -0.3)])
    shapes += [Shape(heap, pick(rng, ((64, 62, 66), (190, 154, 104), (130, 92, 60))), 0.2)]
    body = polygon((-0.46, -0.38), (0.46, -0.38), (0.42, -0.14), (-0.42, -0.14))
    shapes.append(Shape(body, paint, 0.2))
    return [
        *shapes,
        *(Shape(box(x, -0.37, x + 0.02, -0.15), scaled(paint, 0.78)) for x in (-0.3, -0.1, 0.1, 0.29)),
    ]


def _steam(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    """Return a steam engine with cab, boiler, dome, chimney and coupled wheels."""
    boiler = mix(colour, INK, 0.55) if rng.random() < 0.5 else colour
    chimney = polygon((0.3, -0.42), (0.285, -0.62), (0.255, -0.66), (0.425, -0.66), (0.395, -0.62), (0.38, -0.42))
    cowcatcher = polygon((0.44, -0.14), (0.5, -0.14), (0.6, -0.015), (0.42, -0.015))
    return [
        *_smoke(rng, 0.34, -0.66),
        Shape(chimney, INK),
        Shape(smooth([(0.0, -0.42), (0.02, -0.52), (0.07, -0.54), (0.12, -0.52), (0.14, -0.42)]), (214, 168, 74)),
        Shape(rounded(-0.14, -0.47, 0.46, -0.18, 0.05), boiler, 0.34),
        *(Shape(box(x, -0.47, x + 0.018, -0.18), (206, 164, 80)) for x in (-0.06, 0.12, 0.28)),
        Shape(rounded(0.40, -0.455, 0.475, -0.195, 0.03), scaled(boiler, 0.7)),
        Shape(ellipse(0.485, -0.42, 0.035, 0.04), LAMP, night=LAMP),
        Shape(box(-0.48, -0.2, 0.5, -0.13), mix(colour, (190, 50, 44), 0.5)),
        Shape(cowcatcher, (176, 52, 46)),
        Shape(box(-0.46, -0.6, -0.12, -0.13), colour, 0.14),
        Shape(rounded(-0.4, -0.54, -0.19, -0.36, 0.03), GLASS),
        Shape(rounded(-0.51, -0.65, -0.07, -0.59, 0.03), mix(INK, colour, 0.2)),
        Shape(box(-0.44, -0.31, -0.14, -0.28), (224, 186, 92)),
        *_wheel(-0.32, 0.1, (150, 46, 42)),
        *_wheel(-0.08, 0.1, (150, 46, 42)),
        *_wheel(0.14, 0.1, (150, 46, 42)),
        *_wheel(0.36, 0.062),
        Shape(ribbon([(-0.34, -0.085), (0.16, -0.085)], 0.026), (186, 186, 184)),
    ]


def _diesel(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    """Return a diesel engine with a cab behind its nose."""
    band = mix(trim, WHITE, 0.35)
    cab = polygon((0.1, -0.54), (0.36, -0.54), (0.41, -0.36), (0.41, -0.12), (0.1, -0.12))
    return [
        Shape(box(-0.48, -0.15, 0.52, -0.09), _IRON),
        *_bogies(-0.3, 0.32),
        Shape(rounded(-0.48, -0.46, 0.16, -0.12, 0.03), colour, 0.18),
        *(Shape(box(x, -0.42, x + 0.018, -0.3), scaled(colour, 0.68)) for x in np.arange(-0.42, -0.05, 0.036)),
        Shape(rounded(-0.3, -0.5, -0.14, -0.455, 0.01), _IRON),
        Shape(cab, colour, 0.14),
        Shape(rounded(0.34, -0.34, 0.54, -0.12, 0.04), colour, 0.18),
        Shape(polygon((0.29, -0.5), (0.345, -0.5), (0.39, -0.36), (0.29, -0.36)), GLASS),
        Shape(rounded(0.14, -0.5, 0.255, -0.36, 0.015), GLASS),
        Shape(rounded(0.07, -0.57, 0.38, -0.53, 0.015), scaled(colour, 0.6)),
        Shape(box(-0.48, -0.24, 0.54, -0.19), band),
        Shape(ellipse(0.525, -0.28, 0.022, 0.03), LAMP, night=LAMP),
    ]


def _railcar(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    """Return the head of a modern train with a sloping nose."""
    nose = [(-0.5, -0.1), (-0.5, -0.49), (0.2, -0.49), (0.42, -0.38), (0.6, -0.2), (0.6, -0.1)]
    body = np.concatenate(
        [
            np.array(nose[:2]),
            smooth(nose[2:], False),
        ]
    )
    screen = smooth([(0.24, -0.455), (0.4, -0.365), (0.49, -0.285), (0.3, -0.285)], True, 4)
    sweep = polygon((-0.5, -0.22), (0.25, -0.22), (0.585, -0.2), (0.6, -0.14), (-0.5, -0.14))
    return [
        Shape(box(-0.46, -0.14, 0.5, -0.07), _IRON),
        *_bogies(-0.3, 0.26),
        Shape(rounded(-0.49, -0.52, 0.16, -0.46, 0.02), _STEEL),
        Shape(body, mix(colour, WHITE, 0.12), 0.14),
        Shape(sweep, mix(trim, WHITE, 0.15)),
        *_windows(-0.44, 0.2, -0.42, 0.145, 5),
        Shape(screen, scaled(GLASS, 0.75)),
        Shape(ellipse(0.545, -0.21, 0.035, 0.02, 0.5), LAMP, night=LAMP),
    ]


def _tram_coach(rng: np.random.Generator, colour: Colour, trim: Colour) -> list[Shape]:
    return [
        Shape(box(-0.46, -0.14, 0.46, -0.07), _IRON),
        *_bogies(-0.3, 0.3),
        Shape(rounded(-0.46, -0.52, 0.46, -0.46, 0.02), _STEEL),
        Shape(box(-0.53, -0.46, 0.53, -0.12), scaled(_IRON, 0.8)),
        Shape(rounded(-0.5, -0.49, 0.5, -0.1, 0.02), mix(colour, WHITE, 0.12), 0.14),
        Shape(box(-0.5, -0.22, 0.5, -0.14), mix(trim, WHITE, 0.15)),
        *_windows(-0.44, 0.47, -0.42, 0.145, 7),
    ]


_Maker = Callable[[np.random.Generator, Colour, Colour], list[Shape]]
_MAKES: tuple[tuple[_Maker, _Maker], ...] = (
    (_steam, _coach),
    (_diesel, _coach),
    (_railcar, _tram_coach),
    (_diesel, _wagon),
)
