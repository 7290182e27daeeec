"""The sky: gradient, sun or moon, clouds, stars."""

from __future__ import annotations

import numpy as np

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import WHITE, mix, scaled
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import SKY
from fbr_engine.scenes.shapes import box, dot, ellipse, ribbon, stamped


def paint_sky(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float, clouds: int) -> None:
    """Fill the picture with sky down to ``horizon``; ``clouds`` is how many heaps of cloud there may be."""
    middle = horizon * 0.62
    canvas.shade(box(0, 0, canvas.width, middle + 0.01), light.zenith, mix(light.zenith, light.horizon, 0.72), kind=SKY)
    canvas.shade(
        box(0, middle, canvas.width, canvas.height),
        mix(light.zenith, light.horizon, 0.72),
        light.horizon,
        kind=SKY,
    )
    _sun(canvas, light, rng, horizon)
    if light.lamps and light.zenith[0] < 40:
        _stars(canvas, rng, horizon)
    _veils(canvas, light, rng, horizon)
    for _ in range(clouds):
        size = rng.uniform(0.10, 0.24)
        x, y = rng.uniform(0, canvas.width), horizon * rng.uniform(0.1, 0.75)
        _cloud(canvas, light, rng, x, y, size)


def _sun(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float) -> None:
    x = canvas.width * rng.uniform(0.08, 0.92)
    y = horizon * (1 - light.sun_height * rng.uniform(0.85, 1.05))
    shown = rng.random() < 0.6
    canvas.glow(x, y, 0.75, light.sun, 0.65)
    if shown and light.shadow > 0.15:
        canvas.glow(x, y, 0.16, light.sun, 0.7)
        canvas.fill(ellipse(x, y, 0.05, 0.05, count=40), mix(light.sun, WHITE, 0.4), kind=SKY)


def _veils(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float) -> None:
    """Lay thin streaks of high cloud."""
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(0, canvas.width), horizon * rng.uniform(0.15, 0.9)
        canvas.stain([ellipse(x, y, rng.uniform(0.2, 0.6), rng.uniform(0.006, 0.02))], light.clouds, 0.28)


def _cloud(canvas: Canvas, light: Light, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """Paint a heap cloud: puffs over a flat base, shaded below."""
    count = int(rng.integers(4, 7))
    offsets = np.linspace(-0.9, 0.9, count) + rng.uniform(-0.12, 0.12, count)
    radii = (0.5 - 0.28 * np.abs(offsets)) * rng.uniform(0.75, 1.15, count)
    shadow = mix(light.clouds, light.zenith, 0.28)
    for dx, r in zip(offsets, radii, strict=True):
        puff = ellipse(x + dx * size, y - r * size * 0.62, r * size, r * size * 0.86)
        puff[:, 1] = np.minimum(puff[:, 1], y)
        canvas.shade(puff, light.clouds, mix(light.clouds, shadow, 0.85), kind=SKY)
    base = ribbon([(x - 0.95 * size, y - 0.01), (x + 0.95 * size, y - 0.01)], 0.02, 0.012)
    canvas.stain([base], shadow, 0.6)
    tops = [
        ellipse(x + (dx - 0.05) * size, y - r * size * 0.78, r * size * 0.72, r * size * 0.58)
        for dx, r in zip(offsets, radii, strict=True)
    ]
    canvas.stain(tops, scaled(light.clouds, 1.08), 0.5)


def _stars(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    spots = rng.random((60, 3)) * (canvas.width, horizon * 0.8, 1)
    sizes = 0.0025 + 0.003 * spots[:, 2]
    canvas.fill_many(stamped(dot(6), spots[:, 0], spots[:, 1], sizes), (226, 230, 240))
