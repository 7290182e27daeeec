"""Railway lines: ballast, sleepers and rails, seen from the side or running towards the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import Colour, jittered, mix, scaled
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import OTHER, RAILS
from fbr_engine.scenes.shapes import Outlines, Values, box, dot, ellipse, polygon, ribbon, rounded, stamped

_BALLAST: Colour = (152, 142, 134)
_SLEEPER: Colour = (104, 82, 66)
_STEEL: Colour = (176, 178, 182)


@dataclass(frozen=True)
class Track:
    """A line that runs from the lower edge to a vanishing point; ``gauge`` is its width at the lower edge."""

    x: float
    bottom: float
    gauge: float
    vanishing: tuple[float, float]

    def at(self, nearness: Values) -> tuple[Values, Values, Values]:
        """Return x, y and gauge at a nearness: 0 on the horizon, 1 at the lower edge."""
        vx, vy = self.vanishing
        return vx + (self.x - vx) * nearness, vy + (self.bottom - vy) * nearness, self.gauge * nearness

    def point(self, nearness: float) -> tuple[float, float, float]:
        """Return x, y and gauge at one nearness."""
        x, y, gauge = self.at(np.array([nearness]))
        return float(x[0]), float(y[0]), float(gauge[0])


def paint_side_track(canvas: Canvas, light: Light, rng: np.random.Generator, y: float, size: float) -> None:
    """Paint a line across the picture whose near rail's top lies at ``y``; ``size`` is a wagon's height."""
    stone = light.on(jittered(rng, _BALLAST, 0.01))
    top, foot = y - size * 0.10, y + size * 0.36
    bed = polygon((0, top), (canvas.width, top), (canvas.width, foot), (0, foot))
    canvas.shade(bed, mix(stone, light.horizon, 0.12), scaled(stone, 0.82), kind=RAILS)
    _gravel(canvas, rng, top, foot, stone, size)
    wood = light.on(jittered(rng, _SLEEPER, 0.01))
    xs = np.arange(-rng.uniform(0, 0.2) * size, canvas.width, size * 0.26)
    canvas.fill_many(
        [
            polygon(
                (x + size * 0.03, top + size * 0.03),
                (x + size * 0.13, top + size * 0.03),
                (x + size * 0.12, y + size * 0.1),
                (x, y + size * 0.1),
            )
            for x in xs
        ],
        wood,
        kind=RAILS,
    )
    canvas.fill_many(
        [box(x, y + size * 0.1, x + size * 0.12, y + size * 0.14) for x in xs], scaled(wood, 0.7), kind=RAILS
    )
    steel = light.on(_STEEL)
    for level, thick in ((top + size * 0.05, 0.025), (y, 0.04)):
        canvas.fill(box(0, level, canvas.width, level + size * thick), steel, kind=RAILS)
        canvas.fill(
            box(0, level + size * thick, canvas.width, level + size * thick * 2),
            scaled(steel, 0.52),
            kind=RAILS,
        )


def _gravel(canvas: Canvas, rng: np.random.Generator, top: float, foot: float, stone: Colour, size: float) -> None:
    for factor in (0.76, 1.16):
        spots = rng.random((90, 3)) * (canvas.width, foot - top, 1) + (0, top, 0)
        radii = size * (0.008 + 0.014 * spots[:, 2])
        canvas.fill_many(stamped(dot(6), spots[:, 0], spots[:, 1], radii, radii * 0.7), scaled(stone, factor))


def paint_track(canvas: Canvas, light: Light, rng: np.random.Generator, track: Track) -> None:
    """Paint a line in one-point perspective."""
    stone = light.on(jittered(rng, _BALLAST, 0.01))
    low = 1.25
    x, y, g = track.point(low)
    vx, vy = track.vanishing
    bed = polygon((vx - 0.004, vy), (vx + 0.004, vy), (x + g * 1.15, y), (x - g * 1.15, y))
    canvas.shade(bed, mix(stone, light.horizon, 0.3), scaled(stone, 0.86), kind=RAILS)
    _stones(canvas, rng, track, stone)
    wood = light.on(jittered(rng, _SLEEPER, 0.01))
    depths = np.arange(9.5, 1 / low, -0.17)
    sleepers = _rungs(track, 1 / (depths + 0.075), 1 / depths)
    canvas.fill_many(sleepers, wood, kind=RAILS)
    canvas.fill_many(_faces(track, 1 / depths), scaled(wood, 0.66), kind=RAILS)
    steel = light.on(_STEEL)
    for side in (-0.5, 0.5):
        for shift, colour in ((0.035, scaled(steel, 0.5)), (0.0, mix(steel, light.horizon, 0.2))):
            rail = polygon((vx, vy), (x + g * (side + shift - 0.035), y), (x + g * (side + shift + 0.035), y))
            canvas.fill(rail, colour, kind=RAILS)


def _rungs(track: Track, far: Values, near: Values) -> Outlines:
    """Return the tops of sleepers that lie between two depths each."""
    (x0, y0, g0), (x1, y1, g1) = track.at(far), track.at(near)
    left, right = np.stack([x0 - g0 * 0.82, y0], 1), np.stack([x0 + g0 * 0.82, y0], 1)
    return np.stack([left, right, np.stack([x1 + g1 * 0.82, y1], 1), np.stack([x1 - g1 * 0.82, y1], 1)], 1)


def _faces(track: Track, near: Values) -> Outlines:
    """Return the sides of the sleepers that are turned towards us."""
    x, y, gauge = track.at(near)
    return stamped(box(-0.82, 0, 0.82, 0.05), x, y, gauge)


def _stones(canvas: Canvas, rng: np.random.Generator, track: Track, stone: Colour) -> None:
    for factor in (0.76, 1.16):
        depth, aside, size = rng.random((3, 160))
        x, y, gauge = track.at(0.06 + 1.1 * depth**1.2)
        radii = gauge * (0.015 + 0.025 * size)
        outlines = stamped(dot(6), x + gauge * (aside - 0.5) * 2.1, y, radii, radii * 0.7)
        canvas.fill_many(outlines, scaled(stone, factor))


def paint_masts(canvas: Canvas, light: Light, rng: np.random.Generator, y: float, size: float) -> None:
    """Paint the masts and wires of an electric line behind a side-on track."""
    metal = light.on((112, 118, 124), 0.2)
    step = size * 3.2
    xs = np.arange(rng.uniform(0, 1) * step, canvas.width, step)
    canvas.fill_many([box(x, y - size * 1.5, x + size * 0.05, y) for x in xs], metal, kind=OTHER)
    canvas.fill_many([box(x, y - size * 1.42, x + size * 0.4, y - size * 1.38) for x in xs], metal, kind=OTHER)
    for level in (1.32, 1.46):
        sag = np.linspace(0, canvas.width, 24)
        drop = 0.05 * size * np.sin(np.pi * ((sag - xs[0] if len(xs) else sag) % step) / step)
        canvas.line(np.stack([sag, y - size * level + drop], 1), metal, 0.006, kind=OTHER)


def paint_signal(canvas: Canvas, light: Light, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """Paint a light signal beside the line."""
    canvas.fill(ribbon([(x, base), (x, base - size)], size * 0.06), light.on((96, 98, 104)), kind=OTHER)
    canvas.fill(
        rounded(x - size * 0.11, base - size * 1.25, x + size * 0.11, base - size * 0.72, size * 0.08),
        light.on((46, 48, 54)),
        kind=OTHER,
    )
    lit = int(rng.integers(2))
    for k, colour in enumerate(((232, 74, 62), (92, 200, 118))):
        shown: Colour = colour if k == lit else (84, 78, 76)
        canvas.fill(
            ellipse(x, base - size * (1.12 - 0.25 * k), size * 0.075, size * 0.075, count=14),
            shown,
            kind=OTHER,
        )
