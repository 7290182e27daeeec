"""What lies between ground and sky: hills, forests, villages and single trees."""

from __future__ import annotations

import numpy as np

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import WHITE, Colour, jittered, mix, pick, scaled
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import HILLS, HOUSES, TREES
from fbr_engine.scenes.shapes import Points, box, ellipse, polygon, ridge, scallops, under

_HILLS: tuple[Colour, ...] = (
    (112, 140, 118),
    (122, 132, 160),
    (134, 142, 110),
    (150, 126, 120),
    (96, 126, 140),
)
_LEAVES: tuple[Colour, ...] = ((58, 104, 66), (76, 118, 62), (44, 88, 74), (128, 130, 60), (178, 116, 52))
_WALLS: tuple[Colour, ...] = (
    (244, 234, 214),
    (230, 196, 150),
    (206, 122, 96),
    (220, 214, 204),
    (172, 192, 198),
)
_ROOFS: tuple[Colour, ...] = ((176, 78, 58), (140, 66, 58), (98, 90, 96), (190, 108, 66))


def paint_far(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float, room: float = 0.3) -> None:
    """Paint what stands on the horizon, at most about ``room`` high."""
    if rng.random() < 0.8:
        _paint_hills(canvas, light, rng, horizon, room)
    if rng.random() < 0.6:
        paint_forest(canvas, light, rng, horizon, room * rng.uniform(0.15, 0.42))
    if rng.random() < 0.42:
        _paint_village(canvas, light, rng, horizon, room * rng.uniform(0.24, 0.4))


def _paint_hills(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float, room: float) -> None:
    colour = pick(rng, _HILLS)
    layers = int(rng.integers(1, 4))
    peaks = rng.random() < 0.3
    for k in range(layers):
        haze = 0.68 - 0.48 * (k + 1) / layers
        height = room * (1.15 - 0.8 * k / layers)
        line = ridge(rng, canvas.width, horizon, height, int(rng.integers(5, 9)))
        if peaks and k == 0:
            _paint_peaks(canvas, light, rng, horizon, height, light.on(colour, haze))
        else:
            canvas.shade(
                under(line, horizon + 0.02),
                light.on(colour, haze),
                light.on(colour, min(1, haze + 0.2)),
                kind=HILLS,
            )


def _paint_peaks(
    canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float, height: float, colour: Colour
) -> None:
    """Paint a row of mountains with snow on their tops and a shaded flank."""
    for _ in range(int(rng.integers(3, 6))):
        x, top, half = (
            rng.uniform(0, canvas.width),
            height * rng.uniform(0.7, 1.25),
            height * rng.uniform(1.0, 1.6),
        )
        peak = (x, horizon - top)
        canvas.fill(polygon((x - half, horizon + 0.01), peak, (x + half, horizon + 0.01)), colour, kind=HILLS)
        canvas.fill(
            polygon(peak, (x + half, horizon + 0.01), (x + half * 0.12, horizon + 0.01)),
            scaled(colour, 0.9),
            kind=HILLS,
        )
        s = 0.3
        snow = polygon(
            peak,
            (x + half * s, horizon - top * (1 - s)),
            (x + half * 0.1, horizon - top * 0.78),
            (x - half * 0.06, horizon - top * 0.66),
            (x - half * s, horizon - top * (1 - s)),
        )
        canvas.fill(snow, mix(light.on(WHITE), colour, 0.2), kind=HILLS)


def paint_forest(canvas: Canvas, light: Light, rng: np.random.Generator, base: float, height: float) -> None:
    """Paint a line of trees whose feet stand at ``base``."""
    colour = pick(rng, _LEAVES[:4])
    spruce = rng.random() < 0.5
    step = height * (0.34 if spruce else 0.55)
    count = min(90, int(canvas.width / step) + 2)
    for row, haze in enumerate((0.34, 0.16)):
        tall = height * (1.0 - 0.3 * row)
        xs = (np.arange(count) + rng.uniform(-0.3, 0.3, count)) * canvas.width / (count - 1)
        tops = tall * rng.uniform(0.6, 1.0, count)
        shade = light.on(jittered(rng, colour, 0.01), haze)
        crowns = [_crown(x, base, top, step, spruce) for x, top in zip(xs, tops, strict=True)]
        canvas.fill_many(crowns, shade, kind=TREES)
        canvas.shade(box(0, base - tall * 0.36, canvas.width, base + 0.012), shade, scaled(shade, 0.88), kind=TREES)


def _crown(x: float, base: float, top: float, step: float, spruce: bool) -> Points:
    if spruce:
        return polygon((x - step * 0.8, base), (x, base - top), (x + step * 0.8, base))
    return ellipse(x, base - top * 0.6, step * 0.8, top * 0.42, count=14)


def paint_tree(canvas: Canvas, light: Light, rng: np.random.Generator, x: float, base: float, height: float) -> None:
    """Paint one tree or bush with its shadow."""
    colour = light.on(pick(rng, _LEAVES), 0.05)
    canvas.stain([ellipse(x + height * 0.1, base, height * 0.34, height * 0.045)], light.on((30, 40, 44)), light.shadow)
    canvas.fill(
        box(x - height * 0.03, base - height * 0.4, x + height * 0.03, base),
        light.on((104, 78, 60)),
        kind=TREES,
    )
    if rng.random() < 0.4:
        for k in range(3):
            y, half = base - height * (0.14 + 0.26 * k), height * (0.3 - 0.07 * k)
            canvas.shade(
                polygon((x - half, y), (x, y - height * 0.42), (x + half, y)),
                colour,
                scaled(colour, 0.8),
                kind=TREES,
            )
        return
    bumps, rx = int(rng.integers(7, 11)), height * rng.uniform(0.26, 0.36)
    canvas.shade(
        scallops(x, base - height * 0.62, rx, height * 0.36, bumps, 0.14),
        colour,
        scaled(colour, 0.74),
        kind=TREES,
    )
    lit = scallops(x - rx * 0.2, base - height * 0.72, rx * 0.62, height * 0.2, bumps, 0.14)
    canvas.stain([lit], scaled(colour, 1.25), 0.5)


def _paint_village(canvas: Canvas, light: Light, rng: np.random.Generator, base: float, size: float) -> None:
    x = canvas.width * rng.uniform(0.02, 0.6)
    if rng.random() < 0.4:
        _paint_church(canvas, light, rng, x + size * 1.6, base, size)
    for _ in range(int(rng.integers(2, 6))):
        _paint_house(canvas, light, rng, x, base + 0.008, size * rng.uniform(0.7, 1.1))
        x += size * rng.uniform(0.9, 1.7)


def _paint_house(canvas: Canvas, light: Light, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    wall, roof = light.on(pick(rng, _WALLS), 0.12), light.on(pick(rng, _ROOFS), 0.12)
    wide, top = size * rng.uniform(0.9, 1.3), base - size * 0.55
    canvas.shade(box(x, top, x + wide, base), wall, scaled(wall, 0.92), kind=HOUSES)
    gable = polygon(
        (x - size * 0.08, top),
        (x + wide * 0.18, top - size * 0.4),
        (x + wide * 0.82, top - size * 0.4),
        (x + wide + size * 0.08, top),
    )
    canvas.fill(
        box(x + wide * 0.62, top - size * 0.52, x + wide * 0.72, top - size * 0.2),
        scaled(wall, 0.8),
        kind=HOUSES,
    )
    canvas.shade(gable, roof, scaled(roof, 0.86), kind=HOUSES)
    pane: Colour = (255, 214, 124) if light.lamps else scaled(wall, 0.52)
    panes = [box(x + wide * f, top + size * 0.16, x + wide * (f + 0.16), top + size * 0.36) for f in (0.14, 0.42, 0.7)]
    canvas.fill_many(panes, pane, kind=HOUSES)


def _paint_church(canvas: Canvas, light: Light, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    wall, roof = light.on(_WALLS[0], 0.12), light.on(pick(rng, _ROOFS), 0.12)
    half = size * 0.24
    canvas.shade(box(x - half, base - size * 1.3, x + half, base), wall, scaled(wall, 0.9), kind=HOUSES)
    canvas.fill(
        polygon((x - half * 1.2, base - size * 1.3), (x, base - size * 2.2), (x + half * 1.2, base - size * 1.3)),
        roof,
        kind=HOUSES,
    )
    canvas.fill(
        box(x - half * 0.3, base - size * 1.15, x + half * 0.3, base - size * 0.9),
        scaled(wall, 0.55),
        kind=HOUSES,
    )
