"""Open ground: water, grass, sand and fields, with their small marks in perspective."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import Colour, jittered, mix, pick, scaled
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import FIELD, GRASS, OTHER, SAND, WATER
from fbr_engine.scenes.shapes import box, dot, ellipse, polygon, ridge, shifted, smooth, stamped, under

_WATER: tuple[Colour, ...] = ((44, 112, 150), (36, 128, 138), (58, 104, 136), (70, 140, 168))
_GRASS: tuple[Colour, ...] = ((112, 158, 66), (98, 148, 76), (138, 166, 72), (122, 150, 58))
_SAND: tuple[Colour, ...] = ((230, 204, 156), (222, 190, 140), (236, 214, 172))
_FIELD: tuple[Colour, ...] = ((206, 176, 96), (186, 160, 104), (170, 138, 98), (196, 184, 120))
_FLOWERS: tuple[Colour, ...] = (
    (250, 248, 238),
    (250, 212, 72),
    (226, 86, 78),
    (172, 122, 196),
    (246, 170, 190),
)

_WAVE = polygon((-1, 0), (-0.3, -1), (0.4, -0.6), (1, 0), (0, 0.5))
TUFT = polygon((-0.5, 0), (-0.8, -0.9), (-0.2, -0.3), (0, -1.35), (0.22, -0.3), (0.85, -0.8), (0.5, 0))
"""Three blades of grass whose foot is the origin, to be stamped."""


def spread(rng: np.random.Generator, count: int, width: float, top: float, bottom: float) -> NDArray[np.float64]:
    """Return ``count`` spots (x, y, nearness 0..1), thinner towards the viewer as perspective has it, far first."""
    near = np.sort(rng.random(count) ** 0.9)
    return np.stack([rng.uniform(-0.02, 1.02, count) * width, top + (bottom - top) * near**1.5, near], 1)


def paint_water(canvas: Canvas, light: Light, rng: np.random.Generator, top: float) -> None:
    """Paint water from ``top`` to the lower edge, with waves and a glittering path."""
    body = pick(rng, _WATER)
    far = mix(light.on(body), light.horizon, 0.55)
    near = mix(light.on(body), light.zenith, 0.12)
    canvas.shade(box(0, top, canvas.width, canvas.height), far, scaled(near, 0.88), kind=WATER)
    canvas.stain([box(0, top, canvas.width, top + 0.035)], scaled(far, 0.72), 0.45)
    for _ in range(int(rng.integers(2, 5))):
        y = top + (canvas.height - top) * rng.uniform(0.1, 1)
        sheet = ellipse(rng.uniform(0, canvas.width), y, rng.uniform(0.3, 0.7), rng.uniform(0.01, 0.035))
        canvas.stain([sheet], mix(near, light.horizon, 0.5), 0.22)
    _waves(canvas, rng, top, mix(far, (255, 255, 255), 0.35), 46)
    _waves(canvas, rng, top, scaled(near, 0.78), 46)
    if light.sun_height < 0.6:
        _glitter(canvas, light, rng, top)


def _waves(canvas: Canvas, rng: np.random.Generator, top: float, colour: Colour, count: int) -> None:
    spots = spread(rng, count, canvas.width, top + 0.02, canvas.height)
    x, y, near = spots.T
    canvas.fill_many(stamped(_WAVE, x, y, 0.012 + 0.05 * near, 0.0022 + 0.0055 * near), colour)


def _glitter(canvas: Canvas, light: Light, rng: np.random.Generator, top: float) -> None:
    x0 = canvas.width * rng.uniform(0.15, 0.85)
    spots = spread(rng, 40, 1.0, top, canvas.height)
    x, y, near = spots.T
    x = x0 + (x - 0.5) * (0.08 + 0.3 * near)
    canvas.fill_many(
        stamped(_WAVE, x, y, 0.008 + 0.035 * near, 0.002 + 0.005 * near), mix(light.sun, light.horizon, 0.25)
    )


def paint_grass(
    canvas: Canvas, light: Light, rng: np.random.Generator, top: float, bottom: float | None = None
) -> None:
    """Paint a meadow from ``top`` to ``bottom`` (the lower edge), rolling at its upper edge, with tufts and flowers."""
    colour = pick(rng, _GRASS)
    end = canvas.height if bottom is None else bottom
    far, near = light.on(mix(colour, (206, 210, 120), 0.3), 0.14), light.on(scaled(colour, 0.86))
    edge = ridge(rng, canvas.width, top + 0.005, 0.02, 5)
    canvas.shade(under(edge, end), far, near, kind=GRASS)
    _swells(canvas, rng, top, end, far, near)
    _tufts(canvas, rng, top, end, scaled(near, 0.8), 70)
    _tufts(canvas, rng, top, end, mix(near, light.on((226, 226, 120)), 0.4), 60)
    if rng.random() < 0.6 and end - top > 0.2:
        _flowers(canvas, light, rng, top + 0.06, end)


def _swells(canvas: Canvas, rng: np.random.Generator, top: float, end: float, far: Colour, near: Colour) -> None:
    """Paint broad folds of the ground."""
    for k in range(int(rng.integers(1, 4))):
        y = top + (end - top) * rng.uniform(0.15, 0.75)
        line = ridge(rng, canvas.width, y + 0.04, 0.09, 5)
        line[:, 1] = np.clip(line[:, 1], top + 0.01, end)
        tone = mix(far, near, (y - top) / max(end - top, 0.01))
        canvas.stain([under(line, end)], scaled(tone, 1.08 if k % 2 else 0.93), 0.3)


def _tufts(canvas: Canvas, rng: np.random.Generator, top: float, end: float, colour: Colour, count: int) -> None:
    spots = spread(rng, count, canvas.width, top + 0.015, end)
    x, y, near = spots.T
    canvas.fill_many(stamped(TUFT, x, y, 0.006 + 0.02 * near), colour)


def _flowers(canvas: Canvas, light: Light, rng: np.random.Generator, top: float, end: float) -> None:
    for _ in range(int(rng.integers(1, 4))):
        colour = light.on(pick(rng, _FLOWERS))
        centre = rng.uniform(0.1, 0.9)
        spots = spread(rng, int(rng.integers(12, 30)), 1.0, top, end)
        x, y, near = spots.T
        x = (centre + (x - 0.5) * rng.uniform(0.4, 1.4)) * canvas.width
        canvas.fill_many(stamped(dot(), x, y, 0.002 + 0.007 * near, 0.002 + 0.0055 * near), colour, kind=GRASS)


def paint_sand(canvas: Canvas, light: Light, rng: np.random.Generator, top: float, *, bank: bool = False) -> None:
    """Paint sand from ``top`` down: dunes, ripples and pebbles; a ``bank`` has a slanting wet edge."""
    colour = pick(rng, _SAND)
    far, near = light.on(colour, 0.12), light.on(scaled(colour, 0.93))
    slope = rng.uniform(-0.08, 0.08) if bank else 0.0
    edge = ridge(rng, canvas.width, top + 0.01, 0.03, 5) + 0.0
    edge[:, 1] += slope * (edge[:, 0] / canvas.width - 0.5)
    if bank:
        canvas.fill(
            under(edge - (0, 0.012), canvas.height),
            mix(light.on((244, 246, 240)), light.horizon, 0.2),
            kind=WATER,
        )
        canvas.fill(under(edge, canvas.height), scaled(near, 0.82), kind=SAND)
        edge = shifted(edge, 0, 0.025)
    canvas.shade(under(edge, canvas.height), far, near, kind=SAND)
    for k in range(0 if bank else 3):
        line = ridge(rng, canvas.width, top + (canvas.height - top) * (0.25 + 0.25 * k), 0.1, 5)
        line[:, 1] = np.maximum(line[:, 1], top + 0.02)
        canvas.shade(under(line, canvas.height), scaled(far, 1.04), scaled(near, 0.95), kind=SAND)
    low = float(edge[:, 1].max())
    x, y, n = spread(rng, 40, canvas.width, low + 0.02, canvas.height).T
    canvas.fill_many(stamped(_WAVE, x, y, 0.01 + 0.035 * n, 0.002 + 0.003 * n), scaled(near, 0.9))
    x, y, n = spread(rng, 14, canvas.width, low + 0.03, canvas.height).T
    canvas.fill_many(stamped(dot(), x, y, 0.003 + 0.007 * n, 0.002 + 0.005 * n), light.on((150, 138, 124)))


def paint_field(canvas: Canvas, light: Light, rng: np.random.Generator, top: float) -> None:
    """Paint tilled or ripe fields, with furrows that run to a point on the horizon."""
    colour = pick(rng, _FIELD)
    canvas.shade(
        box(0, top, canvas.width, canvas.height),
        light.on(colour, 0.18),
        light.on(scaled(colour, 0.88)),
        kind=FIELD,
    )
    point = (canvas.width * rng.uniform(-0.2, 1.2), top - 0.02)
    furrow = light.on(scaled(colour, 0.8))
    feet = np.linspace(-2.0, 3.0, 34) * canvas.width
    low, wide = canvas.height, 0.05 * canvas.width
    canvas.stain([polygon(point, (x, low), (x + wide, low)) for x in feet], furrow, 0.4)
    _tufts(canvas, rng, top + 0.02, canvas.height, light.on(mix(colour, (250, 226, 150), 0.2)), 45)
    if rng.random() < 0.6:
        strip = top + (canvas.height - top) * rng.uniform(0.06, 0.2)
        other = light.on(jittered(rng, pick(rng, _FIELD)), 0.16)
        canvas.fill(box(0, top, canvas.width, strip), other, kind=FIELD)


def paint_fence(canvas: Canvas, light: Light, rng: np.random.Generator, y: float, height: float) -> None:
    """Paint a wooden fence across the picture."""
    wood = light.on(jittered(rng, (150, 116, 84)), 0.06)
    posts = np.arange(rng.uniform(0, 0.1), canvas.width, height * 1.9)
    canvas.fill_many([box(x, y - height, x + height * 0.13, y) for x in posts], wood, kind=OTHER)
    for level in (0.35, 0.75):
        canvas.fill(
            box(0, y - height * level - height * 0.05, canvas.width, y - height * level + height * 0.05),
            scaled(wood, 0.92),
            kind=OTHER,
        )


def paint_path(canvas: Canvas, light: Light, rng: np.random.Generator, top: float) -> None:
    """Paint a winding path of trodden earth across a meadow."""
    x0, bend = canvas.width * rng.uniform(0.2, 0.8), rng.uniform(-0.3, 0.3)
    y = np.array([0.0, 0.12, 0.35, 1.02])
    middle = x0 + bend * np.sin(y * 5) * (0.25 + y)
    half = 0.006 + 0.13 * y**1.4
    ys = top + (canvas.height - top) * y
    left = smooth(np.stack([middle - half, ys], 1), False)
    right = smooth(np.stack([middle + half, ys], 1), False)
    earth = light.on((206, 180, 136))
    canvas.shade(np.concatenate([left, right[::-1]]), mix(earth, light.horizon, 0.2), scaled(earth, 0.92), kind=FIELD)
